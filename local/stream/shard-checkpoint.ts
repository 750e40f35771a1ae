/**
 * The stored position of one reader (a mapping or a pipe) in each shard. Only the shard poller writes it, and only after the
 * records up to it are finished. A stored value that cannot be understood is an error: starting over silently would replay a stream.
 */
import type { CheckpointStore } from '../local-aws.ts';

export interface ShardPosition {
  /** Every record up to this one is finished; absent when none is. */
  readonly sequenceNumber?: string;
  /** The shard is closed and everything in it is finished. */
  readonly finished: boolean;
}

export class ShardCheckpoints {
  readonly #store: CheckpointStore;
  readonly #reader: string;

  /** `reader` must name the mapping or pipe and its stream, so that a new stream starts afresh. */
  constructor(store: CheckpointStore, reader: string) {
    this.#store = store;
    this.#reader = reader;
  }

  read(shardId: string): ShardPosition {
    const key = this.#key(shardId);
    const value = this.#store.get(key);
    if (value === undefined || value === null) return { finished: false };
    if (typeof value === 'object' && 'finished' in value && typeof value.finished === 'boolean') {
      const { finished } = value;
      if (!('sequenceNumber' in value) || value.sequenceNumber === undefined) return { finished };
      if (typeof value.sequenceNumber === 'string' && /^\d+$/.test(value.sequenceNumber)) {
        return { finished, sequenceNumber: value.sequenceNumber };
      }
    }
    throw new Error(
      `checkpoint ${key} is ${JSON.stringify(value)}; expected {"sequenceNumber":"<digits>","finished":<boolean>}. ` +
        'Restore the checkpoint file or start with a new data directory.',
    );
  }

  async write(shardId: string, position: ShardPosition): Promise<void> {
    await this.#store.set(this.#key(shardId), position);
  }

  /**
   * When a reader with starting position LATEST first started. It is remembered, so that what arrives while the reader is
   * down is read after a restart.
   */
  async firstStartMs(nowMs: number): Promise<number> {
    const key = `${this.#reader}/first-start`;
    const stored = this.#store.get(key);
    if (typeof stored === 'number') return stored;
    await this.#store.set(key, nowMs);
    return nowMs;
  }

  #key(shardId: string): string {
    return `${this.#reader}/${shardId}`;
  }
}
