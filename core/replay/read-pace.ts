/**
 * Keeps a replay to its share of what a shard can be read: 2 MB and 5 GetRecords a second, for all readers together
 * (https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html). Pure arithmetic on a clock that is handed in; it never waits itself.
 */
import type { ReplayRequest } from './replay-run.ts';

export const SHARD_READ_BYTES_PER_SECOND = 2 * 1024 * 1024;
export const SHARD_READ_CALLS_PER_SECOND = 5;
/** https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html */
const ANSWER_RECORDS_MAX = 10_000;
/** Two fifths of a second's bytes: so long, at most, does one answer keep all other readers waiting. */
const ANSWER_BYTES = (2 * SHARD_READ_BYTES_PER_SECOND) / SHARD_READ_CALLS_PER_SECOND;

export class ReadPace {
  readonly #callMs: number;
  readonly #bytesPerMs: number;
  #freeAtMs = 0;

  /** `share` of the shard's limits, above 0 and at most 1; Infinity where nothing limits the reading. */
  constructor(share: number) {
    if (!(share > 0 && (share <= 1 || share === Infinity)))
      throw new Error(`a share of the read limit is above 0 and at most 1, not ${share}`);
    this.#callMs = 1000 / (SHARD_READ_CALLS_PER_SECOND * share);
    this.#bytesPerMs = (SHARD_READ_BYTES_PER_SECOND * share) / 1000;
  }

  /** Milliseconds until the next call may be made. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#freeAtMs - nowMs);
  }

  /** Records to ask for at a time, from their mean size. */
  recordsFor(meanBytes: number): number {
    if (this.#callMs === 0) return ANSWER_RECORDS_MAX;
    return Math.min(ANSWER_RECORDS_MAX, Math.max(1, Math.floor(ANSWER_BYTES / meanBytes)));
  }

  /** A call was made at this time and brought so many bytes. */
  spent(calledAtMs: number, bytes: number): void {
    this.#freeAtMs = calledAtMs + Math.max(this.#callMs, bytes / this.#bytesPerMs);
  }
}

/** Nobody else reads the archive, so nobody has to be spared. */
export const paceOf = ({ source, readShare }: ReplayRequest): ReadPace =>
  new ReadPace(source === 'archive' ? Infinity : readShare);
