/**
 * The durable checkpoint of a replication. It lags on purpose, as that of DMS does: a restart sends again what came last. Records sent again
 * because of it are duplicates, which the consumers must bear anyway; a hole would be for ever, so it never passes what is not accepted.
 */
import type { CheckpointStore } from '../local-aws.ts';

/** Places that are accepted close together are remembered as one. */
const TOGETHER_MS = 200;

interface Accepted {
  readonly value: unknown;
  readonly firstAt: number;
  readonly lastAt: number;
}

export class LaggingCheckpoint {
  readonly #store: CheckpointStore;
  readonly #key: string;
  readonly #lagMs: number;
  readonly #now: () => number;
  readonly #accepted: Accepted[] = [];

  /** @param lagMs a place is recorded when it was accepted this long ago. */
  constructor(store: CheckpointStore, key: string, lagMs: number, now: () => number = Date.now) {
    this.#store = store;
    this.#key = key;
    this.#lagMs = lagMs;
    this.#now = now;
  }

  /** Notes that everything up to this place has been accepted by Kinesis. */
  accepted(value: unknown): void {
    const now = this.#now();
    const last = this.#accepted.at(-1);
    if (last !== undefined && now - last.firstAt < TOGETHER_MS) {
      this.#accepted[this.#accepted.length - 1] = { value, firstAt: last.firstAt, lastAt: now };
    } else {
      this.#accepted.push({ value, firstAt: now, lastAt: now });
    }
  }

  /** Records the newest place that is old enough; to be called now and then. */
  async advance(): Promise<void> {
    const limit = this.#now() - this.#lagMs;
    let old = 0;
    while ((this.#accepted[old]?.lastAt ?? Number.POSITIVE_INFINITY) <= limit) old++;
    const newest = this.#accepted.splice(0, old).at(-1);
    if (newest !== undefined) await this.#store.set(this.#key, newest.value);
  }

  /** Forgets what is not recorded yet: after a restart it is accepted anew. */
  forget(): void {
    this.#accepted.length = 0;
  }
}
