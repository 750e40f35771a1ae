/**
 * The port between the shard poller and a stream. Kinesis and DynamoDB Streams stand behind it, so that event source mappings
 * and pipes share one poller with one set of ordering and checkpoint rules. A source only reads: it never decides what is
 * delivered, retried or remembered.
 */

/** One element of an event's `Records`, whatever its source. */
export interface SourceRecord {
  /** What a partial batch response names: the sequence number, or the message id of a queue. */
  readonly identifier: string;
  /** The record as the function gets it, already as JSON text, so that it is written once and measured exactly. */
  readonly json: string;
  readonly arrivedAtMs: number;
  /** What filter patterns are matched against. */
  filterable(): unknown;
}

/** A record of a shard. Records with the same `orderingKey` must be delivered in the order of the shard. */
export interface StreamRecord extends SourceRecord {
  readonly sequenceNumber: string;
  readonly orderingKey: string;
}

/** One shard with the shards that must be read to their end before it: none, one after a split, two after a merge. */
export interface Shard {
  readonly shardId: string;
  readonly parents: readonly string[];
}

export type StartingPoint =
  | { readonly kind: 'after'; readonly sequenceNumber: string }
  | { readonly kind: 'trim-horizon' }
  | { readonly kind: 'at-timestamp'; readonly timestampMs: number };

export interface ShardRead {
  readonly records: readonly StreamRecord[];
  /** True when the shard is closed and everything in it has been read. */
  readonly atEnd: boolean;
  /** How far behind the tip the stream says this read was; 0 at the tip, undefined when the stream does not say. */
  readonly behindMs?: number;
}

export interface ShardCursor {
  read(recordsMax: number): Promise<ShardRead>;
}

export interface StreamSource {
  readonly streamArn: string;
  listShards(): Promise<readonly Shard[]>;
  /** Throws PositionUnavailable when `after` names a sequence number that the stream no longer, or does not yet, know. */
  open(shardId: string, from: StartingPoint): Promise<ShardCursor>;
  close(): void;
}

/** The stream cannot continue after the given sequence number: it was trimmed, or lost by an emulator that was killed. */
export class PositionUnavailable extends Error {
  override readonly name = 'PositionUnavailable';
  readonly trimmed: boolean;
  constructor(shardId: string, sequenceNumber: string, trimmed: boolean, cause: unknown) {
    super(
      `shard ${shardId} cannot be read after sequence number ${sequenceNumber}: it is ${trimmed ? 'trimmed' : 'unknown'}`,
      { cause },
    );
    this.trimmed = trimmed;
  }
}

/** Order of two sequence numbers. They are decimal texts of different lengths, far beyond 2^53, so never compared as text or number. */
export function compareSequenceNumbers(left: string, right: string): number {
  const a = BigInt(left);
  const b = BigInt(right);
  return a < b ? -1 : a > b ? 1 : 0;
}
