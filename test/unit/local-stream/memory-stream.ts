/** A stream in memory, a checkpoint store in memory and a target that answers as told, to run the real poller without a server. */
import type { CheckpointStore } from '#local/local-aws.ts';
import type { BatchTarget, Delivery } from '#local/stream/batch-target.ts';
import type { DiscardedBatch, FailureDestination } from '#local/stream/failure-destination.ts';
import { compileRecordFilter } from '#local/stream/record-filter.ts';
import type { RetryPolicy } from '#local/stream/retry-decision.ts';
import { ShardCheckpoints } from '#local/stream/shard-checkpoint.ts';
import type { ReaderSettings } from '#local/stream/shard-poller.ts';
import {
  PositionUnavailable,
  type Shard,
  type SourceRecord,
  type StreamRecord,
  type StreamSource,
} from '#local/stream/stream-source.ts';
import { ManualClock } from './manual-clock.ts';

export function record(sequenceNumber: string, orderingKey = 'k', arrivedAtMs = 1_700_000_000_000): StreamRecord {
  const body = { sequenceNumber, orderingKey };
  return {
    identifier: sequenceNumber,
    sequenceNumber,
    orderingKey,
    arrivedAtMs,
    json: JSON.stringify(body),
    filterable: () => body,
  };
}

export class MemoryStream implements StreamSource {
  readonly streamArn = 'arn:aws:kinesis:us-east-1:000000000000:stream/memory';
  readonly shards: Shard[] = [];
  readonly records = new Map<string, StreamRecord[]>();
  readonly closed = new Set<string>();
  /** Sequence numbers from which reading cannot go on: number → trimmed. */
  readonly unavailable = new Map<string, boolean>();
  readonly reads: string[] = [];

  addShard(shardId: string, parents: readonly string[] = []): void {
    this.shards.push({ shardId, parents });
    this.records.set(shardId, []);
  }

  put(shardId: string, ...records: readonly StreamRecord[]): void {
    this.records.get(shardId)?.push(...records);
  }

  async listShards(): Promise<readonly Shard[]> {
    return [...this.shards];
  }

  async open(shardId: string, from: Parameters<StreamSource['open']>[1]) {
    const all = this.records.get(shardId) ?? [];
    let next = 0;
    if (from.kind === 'after') {
      const trimmed = this.unavailable.get(from.sequenceNumber);
      if (trimmed !== undefined) throw new PositionUnavailable(shardId, from.sequenceNumber, trimmed, undefined);
      next = all.findIndex((one) => one.sequenceNumber === from.sequenceNumber) + 1;
    }
    if (from.kind === 'at-timestamp') next = all.filter((one) => one.arrivedAtMs < from.timestampMs).length;
    return {
      read: async (recordsMax: number) => {
        this.reads.push(shardId);
        const records = all.slice(next, next + recordsMax);
        next += records.length;
        return { records, atEnd: this.closed.has(shardId) && next === all.length };
      },
    };
  }

  close(): void {}
}

export class MemoryStore implements CheckpointStore {
  readonly values = new Map<string, unknown>();
  get(key: string): unknown {
    return this.values.get(key);
  }
  async set(key: string, value: unknown): Promise<void> {
    this.values.set(key, value);
  }
}

/** Answers each delivery with the next scripted answer, then with success. */
export class ScriptedTarget implements BatchTarget {
  readonly batches: string[][] = [];
  readonly script: (Delivery | Promise<Delivery>)[] = [];
  async deliver(records: readonly SourceRecord[]): Promise<Delivery> {
    this.batches.push(records.map((one) => one.identifier));
    return (await this.script.shift()) ?? { kind: 'delivered' };
  }
}

export class MemoryDestination implements FailureDestination {
  readonly taken: DiscardedBatch[] = [];
  refusals = 0;
  async take(batch: DiscardedBatch): Promise<void> {
    if (this.refusals > 0) {
      this.refusals -= 1;
      throw new Error('refused');
    }
    this.taken.push(batch);
  }
}

export interface Rig {
  readonly clock: ManualClock;
  readonly stream: MemoryStream;
  readonly store: MemoryStore;
  readonly target: ScriptedTarget;
  readonly destination: MemoryDestination;
  readonly log: string[];
  readonly settings: ReaderSettings;
  checkpoint(shardId: string): unknown;
}

export function rig(
  options: {
    readonly batchSize?: number;
    readonly windowMs?: number;
    readonly payloadBytesMax?: number;
    readonly lanes?: number;
    readonly policy?: Partial<RetryPolicy>;
    readonly patterns?: readonly string[];
    readonly withDestination?: boolean;
  } = {},
): Rig {
  const clock = new ManualClock();
  const stream = new MemoryStream();
  const store = new MemoryStore();
  const target = new ScriptedTarget();
  const destination = new MemoryDestination();
  const log: string[] = [];
  const settings: ReaderSettings = {
    source: stream,
    target,
    limits: {
      batchSize: options.batchSize ?? 10,
      windowMs: options.windowMs ?? 0,
      payloadBytesMax: options.payloadBytesMax ?? 6 * 1024 * 1024,
    },
    policy: {
      retryAttemptsMax: -1,
      recordAgeSecondsMax: -1,
      bisect: false,
      partial: 'checkpoint',
      ...options.policy,
    },
    parallelizationFactor: options.lanes ?? 1,
    filter: compileRecordFilter(options.patterns ?? []),
    checkpoints: new ShardCheckpoints(store, 'reader'),
    clock,
    name: 'reader',
    log: (_source, message) => log.push(message),
    ...(options.withDestination === false ? {} : { failureDestination: destination }),
  };
  return {
    clock,
    stream,
    store,
    target,
    destination,
    log,
    settings,
    checkpoint: (shardId) => store.get(`reader/${shardId}`),
  };
}
