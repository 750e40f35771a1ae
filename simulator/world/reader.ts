/**
 * An event source mapping or a pipe of the world: the real pollers with the world's clock. `restart` is the loss of the process that polls:
 * what it had in hand is delivered to nobody it would hear of, and another one begins at the checkpoints.
 */
import type { BatchTarget } from '#local/stream/batch-target.ts';
import { ShardCheckpoints } from '#local/stream/shard-checkpoint.ts';
import { ShardCoordinator } from '#local/stream/shard-coordinator.ts';
import type { ReaderSettings } from '#local/stream/shard-poller.ts';
import { compareSequenceNumbers, type ShardCursor, type StreamSource } from '#local/stream/stream-source.ts';
import { never } from './never.ts';

type Settings = Omit<ReaderSettings, 'checkpoints'>;

export class SimulatedReader {
  readonly #settings: Settings;
  /** What survives a restart. */
  readonly #stored = new Map<string, unknown>();
  #present: { isAlive: boolean } | undefined;
  /** Of every life. */
  readonly #coordinators: ShardCoordinator[] = [];
  restarts = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  start(): void {
    const life = { isAlive: true };
    const checkpoints = new ShardCheckpoints(
      {
        get: (key) => this.#stored.get(key),
        set: async (key, value) => {
          if (life.isAlive) this.#stored.set(key, value);
          else await never();
        },
      },
      this.#settings.name,
    );
    const coordinator = new ShardCoordinator(
      {
        ...this.#settings,
        checkpoints,
        source: whileAlive(this.#settings.source, life),
        target: heardWhileAlive(this.#settings.target, life),
      },
      { kind: 'TRIM_HORIZON' },
    );
    this.#present = life;
    this.#coordinators.push(coordinator);
    coordinator.start();
  }

  /** The world is over: nobody waits any more, and nothing keeps it in memory. */
  end(): void {
    if (this.#present) this.#present.isAlive = false;
    for (const coordinator of this.#coordinators) void coordinator.stop();
  }

  restart(): void {
    if (this.#present) this.#present.isAlive = false;
    this.restarts += 1;
    this.start();
  }

  /** Shards whose last record, given by shard, is not finished. */
  behind(latest: ReadonlyMap<string, string>): readonly string[] {
    const waiting: string[] = [];
    for (const [shardId, sequenceNumber] of latest) {
      const position = this.#position(shardId);
      if (position?.sequenceNumber !== sequenceNumber)
        waiting.push(`${shardId} at ${position?.sequenceNumber ?? 'nothing'} of ${sequenceNumber}`);
    }
    return waiting;
  }

  /** Arrival of the oldest record that is not finished: what came before may be trimmed without loss. */
  oldestUnfinishedMs(
    records: readonly { shardId: string; sequenceNumber: string; arrivedAtMs: number }[],
  ): number | undefined {
    let oldest: number | undefined;
    for (const { shardId, sequenceNumber, arrivedAtMs } of records) {
      const done = this.#position(shardId)?.sequenceNumber;
      const isDone = done !== undefined && compareSequenceNumbers(sequenceNumber, done) <= 0;
      if (!isDone && (oldest === undefined || arrivedAtMs < oldest)) oldest = arrivedAtMs;
    }
    return oldest;
  }

  #position(shardId: string): { readonly sequenceNumber?: string } | undefined {
    return this.#stored.get(`${this.#settings.name}/${shardId}`) as { sequenceNumber?: string } | undefined;
  }

  get lastError(): string | undefined {
    return this.#coordinators.at(-1)?.status().lastError;
  }
}

interface Life {
  readonly isAlive: boolean;
}

function whileAlive(source: StreamSource, life: Life): StreamSource {
  const alive = async <T>(answer: Promise<T>): Promise<T> => {
    const value = await answer;
    return life.isAlive ? value : never();
  };
  const cursor = (real: ShardCursor): ShardCursor => ({ read: (recordsMax) => alive(real.read(recordsMax)) });
  return {
    streamArn: source.streamArn,
    listShards: () => alive(source.listShards()),
    open: async (shardId, from) => cursor(await alive(source.open(shardId, from))),
    close: () => {},
  };
}

function heardWhileAlive(target: BatchTarget, life: Life): BatchTarget {
  return {
    deliver: async (records) => {
      if (!life.isAlive) return never();
      const delivery = await target.deliver(records);
      return life.isAlive ? delivery : never();
    },
  };
}
