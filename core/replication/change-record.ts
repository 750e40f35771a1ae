/** One record of the change stream as the replicator received it. */
export interface ChangeRecord {
  readonly shardId: string;
  /** Orders records within a shard and names them towards Lambda; never tells which of two changes is newer. */
  readonly sequenceNumber: string;
  /** When Kinesis took the record; epoch milliseconds. */
  readonly arrivedAtMs: number;
  readonly bytes: Uint8Array;
}
