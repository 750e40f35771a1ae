/**
 * Reads one shard from its checkpoint to its end and hands the records to its lanes. It owns the checkpoint of the shard, which
 * moves only past records that were delivered, filtered out, or taken by the failure destination. It reads ahead a little and no
 * more.
 */
import type { Log } from '../local-aws.ts';
import type { BatchTarget } from './batch-target.ts';
import type { BatchLimits } from './batch-window.ts';
import type { Clock } from './clock.ts';
import type { FailureDestination } from './failure-destination.ts';
import { pauseAfterRead } from './poll-pause.ts';
import type { RecordFilter } from './record-filter.ts';
import { backoffMs, type Discard, type RetryPolicy } from './retry-decision.ts';
import type { ShardCheckpoints } from './shard-checkpoint.ts';
import { ShardLane } from './shard-lane.ts';
import { ShardProgress } from './shard-progress.ts';
import {
  compareSequenceNumbers,
  PositionUnavailable,
  type ShardCursor,
  type StartingPoint,
  type StreamRecord,
  type StreamSource,
} from './stream-source.ts';
import { Wakeup } from './wakeup.ts';

/** Asked for at once, whatever the batch size: a read costs much more than the records in it. */
const READ_RECORDS_MIN = 100;
const READ_RECORDS_MAX = 1_000;
/** A checkpoint that moves only over filtered records is stored at most this often. */
const QUIET_CHECKPOINT_MS = 1_000;

export interface ReaderSettings {
  readonly source: StreamSource;
  readonly target: BatchTarget;
  readonly limits: BatchLimits;
  readonly policy: RetryPolicy;
  readonly parallelizationFactor: number;
  readonly filter: RecordFilter;
  readonly checkpoints: ShardCheckpoints;
  readonly clock: Clock;
  /** `log(source, …)`'s source, and the reader's name in messages. */
  readonly name: string;
  readonly log: Log;
  /** Without one, given-up records are dropped with a loud log line, as AWS drops them. */
  readonly failureDestination?: FailureDestination;
}

/** What a reader has done so far; shared by the pollers of all its shards. */
export interface ReaderCounts {
  batches: number;
  records: number;
  filtered: number;
  discarded: number;
  /** Of the trouble that lasts; a success ends it. */
  lastError: string | undefined;
}

export class ShardPoller {
  readonly shardId: string;
  readonly #settings: ReaderSettings;
  readonly #counts: ReaderCounts;
  readonly #start: StartingPoint;
  readonly #lanes: readonly ShardLane[];
  readonly #progress: ShardProgress;
  readonly #space = new Wakeup();
  #saved: string | undefined;
  #savedAtMs = 0;
  #saving: Promise<void> = Promise.resolve();
  /** Last record read in this run; everything up to it is in a lane or finished. */
  #lastRead: string | undefined;
  /** Set after falling back to the oldest record, until the first record shows whether something was lost. */
  #resumedFrom: PositionUnavailable | undefined;
  #behindMs = 0;

  constructor(shardId: string, start: StartingPoint, settings: ReaderSettings, counts: ReaderCounts) {
    this.shardId = shardId;
    this.#settings = settings;
    this.#counts = counts;
    const stored = settings.checkpoints.read(shardId).sequenceNumber;
    this.#start = stored === undefined ? start : { kind: 'after', sequenceNumber: stored };
    this.#saved = stored;
    this.#progress = new ShardProgress(stored);
    const { limits, policy, target, clock } = settings;
    const events = {
      finished: (records: readonly StreamRecord[]) => this.#finish(records),
      discard: (discard: Discard, last: { message: string; functionError?: string }) => this.#discard(discard, last),
      delivered: (records: readonly StreamRecord[]) => {
        counts.batches += 1;
        counts.records += records.length;
        counts.lastError = undefined;
      },
      failed: (message: string) => this.#failed(message),
    };
    this.#lanes = Array.from(
      { length: settings.parallelizationFactor },
      () => new ShardLane(limits, policy, target, events, clock),
    );
  }

  /** True when the shard is finished, false when the signal came first. A delivery under way is waited for. */
  async run(signal: AbortSignal): Promise<boolean> {
    // If one part breaks, all must be still before the shard is started again from its checkpoint.
    const broken = new AbortController();
    const either = AbortSignal.any([signal, broken.signal]);
    const parts = [this.#readAll(either), ...this.#lanes.map((lane) => lane.run(either))];
    const ends = await Promise.allSettled(
      parts.map((part) =>
        part.catch((error: unknown) => {
          broken.abort();
          throw error;
        }),
      ),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    await this.#save(0);
    if (signal.aborted || this.#progress.unfinishedCount > 0) return false;
    const sequenceNumber = this.#progress.checkpoint;
    await this.#settings.checkpoints.write(this.shardId, {
      finished: true,
      ...(sequenceNumber === undefined ? {} : { sequenceNumber }),
    });
    return true;
  }

  /** Age of the oldest record that is not finished; 0 when caught up. */
  get lagMs(): number {
    const oldest = this.#progress.oldestArrivalMs;
    return oldest === undefined ? this.#behindMs : Math.max(0, this.#settings.clock.nowMs() - oldest);
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    const { clock, limits, parallelizationFactor } = this.#settings;
    const wanted = Math.max(READ_RECORDS_MIN, limits.batchSize * parallelizationFactor);
    const recordsMax = Math.min(READ_RECORDS_MAX, wanted);
    let cursor: ShardCursor | undefined;
    let pauseMs = 0;
    let failures = 0;
    while (!signal.aborted) {
      if (this.#progress.unfinishedCount >= recordsMax * 2) {
        await this.#space.wait(clock, signal);
        continue;
      }
      try {
        cursor ??= await this.#open();
        const askedAtMs = clock.nowMs();
        const read = await cursor.read(recordsMax);
        const tookMs = clock.nowMs() - askedAtMs;
        if (failures > 0) this.#counts.lastError = undefined;
        failures = 0;
        for (const record of read.records) this.#accept(record);
        this.#behindMs = read.records.length === 0 ? (read.behindMs ?? 0) : this.#behindMs;
        await this.#save(QUIET_CHECKPOINT_MS);
        if (read.atEnd) break;
        const records = read.records.length;
        pauseMs = pauseAfterRead({ records, tookMs, full: records >= recordsMax }, pauseMs);
        if (pauseMs > 0) await clock.sleep(pauseMs, signal);
      } catch (error) {
        cursor = undefined;
        failures += 1;
        if (signal.aborted) return;
        this.#failed(`read: ${error instanceof Error ? error.message : String(error)}`);
        await clock.sleep(backoffMs(failures), signal);
      }
    }
    for (const lane of this.#lanes) lane.endInput();
  }

  async #open(): Promise<ShardCursor> {
    const { source, log, name } = this.#settings;
    const from: StartingPoint =
      this.#lastRead === undefined ? this.#start : { kind: 'after', sequenceNumber: this.#lastRead };
    try {
      return await source.open(this.shardId, from);
    } catch (error) {
      if (!(error instanceof PositionUnavailable)) throw error;
      const cursor = await source.open(this.shardId, { kind: 'trim-horizon' });
      this.#resumedFrom = error;
      log(name, `${error.message}; reading the shard again from its oldest record`, { shardId: this.shardId });
      return cursor;
    }
  }

  #accept(record: StreamRecord): void {
    if (this.#resumedFrom !== undefined) this.#reportLoss(record, this.#resumedFrom);
    // Only what this very run has read may be skipped: what an earlier run did is applied again, which is harmless.
    if (this.#lastRead !== undefined && compareSequenceNumbers(record.sequenceNumber, this.#lastRead) <= 0) return;
    this.#lastRead = record.sequenceNumber;
    this.#progress.readRecord(record.sequenceNumber, record.arrivedAtMs);
    if (this.#settings.filter(record)) {
      this.#lanes[laneOf(record.orderingKey, this.#lanes.length)]?.push(record);
    } else {
      this.#counts.filtered += 1;
      this.#progress.finishRecord(record.sequenceNumber);
    }
  }

  #reportLoss(first: StreamRecord, unavailable: PositionUnavailable): void {
    this.#resumedFrom = undefined;
    const position = this.#lastRead ?? (this.#start.kind === 'after' ? this.#start.sequenceNumber : undefined);
    if (position === undefined) return;
    if (!unavailable.trimmed && compareSequenceNumbers(first.sequenceNumber, position) <= 0) return;
    this.#failed(`records were lost between ${position} and ${first.sequenceNumber}: the stream no longer has them`);
  }

  async #finish(records: readonly StreamRecord[]): Promise<void> {
    for (const record of records) this.#progress.finishRecord(record.sequenceNumber);
    this.#space.notify();
    await this.#save(0);
  }

  async #discard(discard: Discard, last: { message: string; functionError?: string }): Promise<void> {
    const { failureDestination, log, name, source } = this.#settings;
    const range = {
      shardId: this.shardId,
      condition: discard.condition,
      records: discard.records.length,
      firstSequenceNumber: discard.records[0]?.sequenceNumber,
      lastSequenceNumber: discard.records.at(-1)?.sequenceNumber,
      lastMessage: last.message,
    };
    await failureDestination?.take({
      ...discard,
      shardId: this.shardId,
      streamArn: source.streamArn,
      lastMessage: last.message,
      ...(last.functionError === undefined ? {} : { functionError: last.functionError }),
    });
    this.#counts.discarded += discard.records.length;
    const where =
      failureDestination === undefined ? 'DROPPED, there is no failure destination' : 'sent to the failure destination';
    log(name, `records given up: ${where}`, range);
  }

  #failed(message: string): void {
    // The same failure repeats for as long as its cause lasts; one line is enough to act on.
    if (this.#counts.lastError !== message) this.#settings.log(this.#settings.name, message, { shardId: this.shardId });
    this.#counts.lastError = message;
  }

  /** Stores the checkpoint if it moved and the last store is at least this old. Stores happen one after another. */
  async #save(minimumAgeMs: number): Promise<void> {
    const { checkpoints, clock } = this.#settings;
    if (this.#progress.checkpoint === this.#saved || clock.nowMs() - this.#savedAtMs < minimumAgeMs) return;
    const store = async (): Promise<void> => {
      const sequenceNumber = this.#progress.checkpoint;
      if (sequenceNumber === undefined || sequenceNumber === this.#saved) return;
      await checkpoints.write(this.shardId, { sequenceNumber, finished: false });
      this.#saved = sequenceNumber;
      this.#savedAtMs = clock.nowMs();
    };
    this.#saving = this.#saving.then(store, store);
    await this.#saving;
  }
}

/** Any stable spread will do; only the same key must always give the same lane. */
function laneOf(orderingKey: string, lanes: number): number {
  if (lanes === 1) return 0;
  let hash = 0;
  for (let index = 0; index < orderingKey.length; index += 1) hash = (hash * 31 + orderingKey.charCodeAt(index)) >>> 0;
  return hash % lanes;
}
