/**
 * The change archive in the form of the change log, so that a replay reads it through the very same path as the stream. A shard ends where
 * the window ends. Places are the number of the record before; between two reads of one shard the opened objects are kept, and a
 * place from elsewhere (another process, an earlier slice) is found again by the names of the objects.
 */
import { type ChangeLog, type LogAnswer, PlaceExpired, type ReadFrom } from '../replay/change-log.ts';
import { ReplayRefused } from '../replay/replay-run.ts';
import { ARRIVAL_SLACK_MS, type ReplayWindow } from '../replay/replay-window.ts';
import type { ShardFacts } from '../replay/shard-generations.ts';
import { type ArchivedRecord, ArchiveObjectDamaged } from './archive-object.ts';
import { type ArchiveStore, type ArchiveWindow, archivedShards, readArchivedShard } from './read-archive.ts';

/** As in an answer of Kinesis there is a bound to the memory that one takes, whatever the size of the records. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024;

interface Cursor {
  place: string;
  readonly records: AsyncGenerator<ArchivedRecord>;
}

/** What a replay of a window reads: records are chosen by their own time, and those of one shard need not ascend. */
export const archiveLogOf = (store: ArchiveStore, { fromMs, toMs }: ReplayWindow, keptDays: number): ArchiveChangeLog =>
  new ArchiveChangeLog(store, { fromMs: fromMs - ARRIVAL_SLACK_MS, toMs: toMs + ARRIVAL_SLACK_MS }, keptDays);

export class ArchiveChangeLog implements ChangeLog {
  readonly #store: ArchiveStore;
  readonly #window: ArchiveWindow;
  readonly #keptDays: number;
  readonly #cursors = new Map<string, Cursor>();

  /** @param window what may be read, with the slack that the reader wants around it. @param keptDays of the bucket's lifecycle rule. */
  constructor(store: ArchiveStore, window: ArchiveWindow, keptDays: number) {
    this.#store = store;
    this.#window = window;
    this.#keptDays = keptDays;
  }

  async retentionHours(): Promise<number> {
    return this.#keptDays * 24;
  }

  /** Which shard came of which is not archived; the core needs no order between shards. All are closed: the window ends. */
  async shards(fromMs: number): Promise<readonly ShardFacts[]> {
    const found = await archivedShards(this.#store, { ...this.#window, fromMs: Math.max(fromMs, this.#window.fromMs) });
    return found.map(({ shardId }) => ({ shardId, parents: [], closed: true }));
  }

  async open(shardId: string, from: ReadFrom): Promise<string> {
    const place = from.kind === 'after' ? `after ${from.sequenceNumber}` : `from ${from.ms}`;
    await this.#cursors.get(shardId)?.records.return(undefined);
    this.#cursors.set(shardId, { place, records: this.#recordsFrom(shardId, from) });
    return place;
  }

  /** @throws PlaceExpired for a place that is not where this shard is being read; ReplayRefused when an object is damaged. */
  async read(shardId: string, place: string, recordsMax: number): Promise<LogAnswer> {
    const cursor = this.#cursors.get(shardId);
    if (cursor?.place !== place) throw new PlaceExpired(`shard ${shardId} of the archive is not open at ${place}`);
    const records: ArchivedRecord[] = [];
    for (let bytes = 0; records.length < recordsMax && bytes < ANSWER_BYTES_MAX; ) {
      const { value, done } = await this.#next(shardId, cursor);
      if (done === true) {
        this.#cursors.delete(shardId);
        return { records, next: undefined, behindMs: 0 };
      }
      records.push(value);
      bytes += value.bytes.byteLength;
    }
    cursor.place = `after ${records.at(-1)?.sequenceNumber}`;
    const behindMs = Math.max(1, this.#window.toMs - (records.at(-1)?.arrivedAtMs ?? 0));
    return { records, next: cursor.place, behindMs };
  }

  /** A shard whose reading failed has to be opened again: what was read and not answered would be passed over. */
  async #next(shardId: string, { records }: Cursor): Promise<IteratorResult<ArchivedRecord>> {
    try {
      return await records.next();
    } catch (error) {
      this.#cursors.delete(shardId);
      if (error instanceof ArchiveObjectDamaged) throw new ReplayRefused(error.message, { cause: error });
      throw error;
    }
  }

  #recordsFrom(shardId: string, from: ReadFrom): AsyncGenerator<ArchivedRecord> {
    if (from.kind === 'after') return readArchivedShard(this.#store, shardId, this.#window, from.sequenceNumber);
    return readArchivedShard(this.#store, shardId, { ...this.#window, fromMs: Math.max(from.ms, this.#window.fromMs) });
  }
}
