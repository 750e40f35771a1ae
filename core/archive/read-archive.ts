/**
 * Reads the change archive: every record of a shard that arrived in a window, once, in the order of the shard. Batches that were
 * delivered more than once, also cut otherwise, overlap in the archive; equal sequence numbers are one record. It holds the names of
 * two days and the objects that overlap at one place, never a whole window. It writes nothing.
 */
import {
  type ArchivedRecord,
  type ArchiveObject,
  ArchiveObjectDamaged,
  compareSequenceNumbers,
  DAY_MS,
  dayOf,
  dayPrefix,
  decodeRecords,
  parseObjectKey,
} from './archive-object.ts';

/** The port to the bucket. */
export interface ArchiveStore {
  /** Keys that begin with the prefix, in any order. */
  list(prefix: string): AsyncIterable<string>;
  /** The least key that begins with the prefix, byte by byte. */
  first(prefix: string): Promise<string | undefined>;
  get(key: string): Promise<Uint8Array>;
}

/** `[fromMs, toMs)` in arrival times, epoch milliseconds. */
export interface ArchiveWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What the archive has of a shard in a window, by the names of its objects alone. */
export interface ArchivedShard {
  readonly shardId: string;
  readonly objects: number;
  readonly firstArrivedAtMs: number;
  readonly lastArrivedAtMs: number;
}

interface Listed extends ArchiveObject {
  readonly key: string;
  readonly dayMs: number;
}

interface Opened {
  readonly dayMs: number;
  readonly records: readonly ArchivedRecord[];
  place: number;
}

/** The shards that have objects in the window, by id. One whose records are all outside may be among them. */
export const archivedShards = async (store: ArchiveStore, window: ArchiveWindow): Promise<readonly ArchivedShard[]> =>
  shardsOf(await objectsIn(store, window));

/** The names of all objects that touch the window, of every shard. */
export async function objectsIn(store: ArchiveStore, window: ArchiveWindow): Promise<readonly ArchiveObject[]> {
  const found: ArchiveObject[] = [];
  for (let dayMs = dayOf(window.fromMs); dayMs < window.toMs; dayMs += DAY_MS)
    for (const object of await objectsOfDay(store, dayMs, window)) found.push(object);
  return found;
}

export function shardsOf(objects: readonly ArchiveObject[]): readonly ArchivedShard[] {
  const shards = new Map<string, ArchivedShard>();
  for (const { shardId, firstArrivedAtMs, lastArrivedAtMs } of objects) {
    const known = shards.get(shardId);
    shards.set(shardId, {
      shardId,
      objects: (known?.objects ?? 0) + 1,
      firstArrivedAtMs: Math.min(known?.firstArrivedAtMs ?? Infinity, firstArrivedAtMs),
      lastArrivedAtMs: Math.max(known?.lastArrivedAtMs ?? 0, lastArrivedAtMs),
    });
  }
  return [...shards.values()].sort((left, right) => (left.shardId < right.shardId ? -1 : 1));
}

/**
 * @param after goes on behind this record: objects that end before it are not opened.
 * @throws ArchiveObjectDamaged for an object which cannot be read; no record of it was given then.
 */
export async function* readArchivedShard(
  store: ArchiveStore,
  shardId: string,
  window: ArchiveWindow,
  after?: string,
): AsyncGenerator<ArchivedRecord> {
  let waiting: Listed[] = [];
  let open: Opened[] = [];
  let last = after;
  const isBehind = (sequenceNumber: string): boolean =>
    last !== undefined && compareSequenceNumbers(sequenceNumber, last) <= 0;

  let listedMs = dayOf(window.fromMs);
  const listDay = async (): Promise<void> => {
    const found = listedMs < window.toMs ? await objectsOfDay(store, listedMs, window, shardId) : [];
    waiting = [...waiting, ...found].sort((left, right) =>
      compareSequenceNumbers(left.firstSequenceNumber, right.firstSequenceNumber),
    );
    listedMs += DAY_MS;
  };

  await listDay();
  for (let dayMs = dayOf(window.fromMs); dayMs < window.toMs; dayMs += DAY_MS) {
    // Arrival times may go back around midnight: what is behind in the shard may have been filed a day later, never two.
    await listDay();
    const isLeft = (one: { readonly dayMs: number }): boolean => one.dayMs <= dayMs;
    let unopened = waiting.filter(isLeft).length;
    while (unopened > 0 || open.some(isLeft)) {
      const head = least(open);
      const next = waiting[0];
      if (next !== undefined && (head === undefined || compareSequenceNumbers(next.firstSequenceNumber, head) <= 0)) {
        waiting.shift();
        if (isLeft(next)) unopened -= 1;
        if (isBehind(next.lastSequenceNumber)) continue;
        open.push({ dayMs: next.dayMs, records: await recordsOf(store, next), place: 0 });
        continue;
      }
      if (head === undefined) break;
      const record = take(open, head);
      open = open.filter(({ place, records }) => place < records.length);
      if (record === undefined || isBehind(head)) continue;
      last = head;
      if (record.arrivedAtMs >= window.fromMs && record.arrivedAtMs < window.toMs) yield record;
    }
  }
}

/** An object that was cut off or written over cleanly is found out by its name, which says what was in it. */
async function recordsOf(store: ArchiveStore, object: Listed): Promise<readonly ArchivedRecord[]> {
  const { key, shardId, firstSequenceNumber, lastSequenceNumber } = object;
  const records = decodeRecords(key, await store.get(key), shardId);
  const [first, last] = [records[0]?.sequenceNumber, records.at(-1)?.sequenceNumber];
  if (first === undefined || last === undefined) throw new ArchiveObjectDamaged(key, 'it holds no record');
  if (
    compareSequenceNumbers(first, firstSequenceNumber) !== 0 ||
    compareSequenceNumbers(last, lastSequenceNumber) !== 0
  )
    throw new ArchiveObjectDamaged(key, `it holds the records ${first} to ${last}, not those that its name says`);
  return records;
}

/** Of every shard, or of one. */
async function objectsOfDay(
  store: ArchiveStore,
  dayMs: number,
  window: ArchiveWindow,
  shardId?: string,
): Promise<Listed[]> {
  const found: Listed[] = [];
  for await (const key of store.list(dayPrefix(dayMs, shardId))) {
    const object = parseObjectKey(key);
    if (object !== undefined && touches(object, window)) found.push({ ...object, key, dayMs });
  }
  return found;
}

const touches = ({ firstArrivedAtMs, lastArrivedAtMs }: ArchiveObject, { fromMs, toMs }: ArchiveWindow): boolean =>
  lastArrivedAtMs >= fromMs && firstArrivedAtMs < toMs;

/** Lowest sequence number that any opened object has next. */
function least(open: readonly Opened[]): string | undefined {
  return open
    .flatMap(({ records, place }) => records[place]?.sequenceNumber ?? [])
    .reduce<string | undefined>(
      (lowest, number) => (lowest === undefined || compareSequenceNumbers(number, lowest) < 0 ? number : lowest),
      undefined,
    );
}

/** The record of this number, taken from every object that has it next. */
function take(open: readonly Opened[], sequenceNumber: string): ArchivedRecord | undefined {
  let taken: ArchivedRecord | undefined;
  for (const one of open) {
    const record = one.records[one.place];
    if (record?.sequenceNumber !== sequenceNumber) continue;
    taken = record;
    one.place += 1;
  }
  return taken;
}
