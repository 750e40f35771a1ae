/**
 * Knows which records of a shard are read but not finished, and so how far the checkpoint may move: to the last record before
 * the oldest unfinished one. Lanes finish records out of order; the checkpoint never jumps over one that is not finished. Pure
 * bookkeeping: it stores nothing.
 */

interface Tracked {
  readonly sequenceNumber: string;
  readonly arrivedAtMs: number;
  finished: boolean;
}

export class ShardProgress {
  readonly #bySequenceNumber = new Map<string, Tracked>();
  #checkpoint: string | undefined;

  constructor(checkpoint: string | undefined) {
    this.#checkpoint = checkpoint;
  }

  /** Must be called in the order of the shard. */
  readRecord(sequenceNumber: string, arrivedAtMs: number): void {
    this.#bySequenceNumber.set(sequenceNumber, { sequenceNumber, arrivedAtMs, finished: false });
  }

  /** The record was delivered, filtered out, or taken by the failure destination. */
  finishRecord(sequenceNumber: string): void {
    const tracked = this.#bySequenceNumber.get(sequenceNumber);
    if (tracked === undefined) return;
    tracked.finished = true;
    for (const [key, oldest] of this.#bySequenceNumber) {
      if (!oldest.finished) break;
      this.#bySequenceNumber.delete(key);
      this.#checkpoint = key;
    }
  }

  /** Every record up to this sequence number is finished. */
  get checkpoint(): string | undefined {
    return this.#checkpoint;
  }

  get unfinishedCount(): number {
    return this.#bySequenceNumber.size;
  }

  /** Arrival of the oldest unfinished record. */
  get oldestArrivalMs(): number | undefined {
    for (const tracked of this.#bySequenceNumber.values()) return tracked.arrivedAtMs;
    return undefined;
  }
}
