/**
 * The port to whatever keeps the change records in order: the Kinesis stream, or the archive of it. A log is read shard by shard, forward only. Whoever reads owns
 * pacing and retries; an implementation only maps requests, answers and the few errors that a reader must tell apart.
 */
import type { ChangeRecord } from '../replication/change-record.ts';
import { ReplayRefused } from './replay-run.ts';
import type { ShardFacts } from './shard-generations.ts';

export type ReadFrom =
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'after'; readonly sequenceNumber: string };

export interface LogAnswer {
  readonly records: readonly ChangeRecord[];
  /** Where to read on; undefined at the end of a closed shard. */
  readonly next: string | undefined;
  /** How far the answer is behind the newest record; 0 when nothing more is there. Milliseconds. */
  readonly behindMs: number;
}

export interface ChangeLog {
  /** Shards that may hold records of the time from `fromMs` on, closed ones included. */
  shards(fromMs: number): Promise<readonly ShardFacts[]>;
  /** How long records are kept. */
  retentionHours(): Promise<number>;
  /** A place to read from. It expires after minutes. @throws LogThrottled and ShardExpired, as reading does. */
  open(shardId: string, from: ReadFrom): Promise<string>;
  /** @throws PlaceExpired, LogThrottled, ShardExpired, ReplayRefused when the shard cannot be read for another reason, or whatever else went wrong. */
  read(shardId: string, place: string, recordsMax: number): Promise<LogAnswer>;
}

/** The place is too old; open one again after the last record that was read. */
export class PlaceExpired extends Error {
  override readonly name = 'PlaceExpired';
}

/** Others read the shard as well: wait, and ask again. */
export class LogThrottled extends Error {
  override readonly name = 'LogThrottled';
}

/** The shard has gone with all of its records. To the state machine, which knows names only, it is any other refusal. */
export class ShardExpired extends ReplayRefused {}
