/**
 * What the archive has of a window, by the names of its objects alone: the shards, and the times from which nothing is there. Nothing there
 * is no proof of a gap, because an hour in which nobody changed anything leaves no object either; so every long silence is named, and those that
 * no quiet source explains are called missing. It opens no object.
 */
import { type ArchiveObject, DAY_MS, dayOf, dayPrefix, parseObjectKey, YEARS_PREFIX } from './archive-object.ts';
import { type ArchivedShard, type ArchiveStore, type ArchiveWindow, objectsIn, shardsOf } from './read-archive.ts';

/** A part of a window, both ends in arrival times, in which no record of any shard is archived. */
export interface Silence extends ArchiveWindow {
  /** It lies before the first record of the archive, or lasts a day. */
  readonly missing: boolean;
}

export interface ArchiveCoverage {
  readonly shards: readonly ArchivedShard[];
  /** In the order of time; each of an hour at least. */
  readonly silences: readonly Silence[];
  /** Arrival of the first record that the archive has of anything; undefined when it is empty. */
  readonly beginsMs: number | undefined;
}

/** Shorter pauses are the ordinary course of a source that people change by hand. */
const SILENCE_MS = 3_600_000;

export async function archiveCoverage(store: ArchiveStore, window: ArchiveWindow): Promise<ArchiveCoverage> {
  const beginsMs = await archiveBegins(store);
  const objects = await objectsIn(store, window);
  const silences: Silence[] = [];
  let silentFromMs = window.fromMs;
  for (const { fromMs, toMs } of [...heldTimes(objects, window), { fromMs: window.toMs, toMs: window.toMs }]) {
    const lengthMs = fromMs - silentFromMs;
    const missing = lengthMs >= DAY_MS || beginsMs === undefined || fromMs <= beginsMs;
    if (lengthMs >= SILENCE_MS) silences.push({ fromMs: silentFromMs, toMs: fromMs, missing });
    silentFromMs = Math.max(silentFromMs, toMs);
  }
  return { shards: shardsOf(objects), silences, beginsMs };
}

/** The times of the objects of all shards, cut to the window, by their begin. */
const heldTimes = (objects: readonly ArchiveObject[], { fromMs, toMs }: ArchiveWindow): readonly ArchiveWindow[] =>
  objects
    .map(({ firstArrivedAtMs, lastArrivedAtMs }) => ({
      fromMs: Math.max(fromMs, firstArrivedAtMs),
      toMs: Math.min(toMs, lastArrivedAtMs),
    }))
    .sort((left, right) => left.fromMs - right.fromMs);

async function archiveBegins(store: ArchiveStore): Promise<number | undefined> {
  const key = await store.first(YEARS_PREFIX);
  const oldest = key === undefined ? undefined : parseObjectKey(key);
  if (oldest === undefined) return undefined;
  // The least name is of the first day, but of any of its shards.
  let beginsMs = oldest.firstArrivedAtMs;
  for await (const other of store.list(dayPrefix(dayOf(beginsMs))))
    beginsMs = Math.min(beginsMs, parseObjectKey(other)?.firstArrivedAtMs ?? beginsMs);
  return beginsMs;
}
