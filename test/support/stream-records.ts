/** Every record that a Kinesis stream has, read as any consumer reads it: shard by shard, each from its beginning to its present end. */
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  type _Record as StreamRecord,
} from '@aws-sdk/client-kinesis';

export interface ReadRecord {
  readonly shardId: string;
  readonly text: string;
  readonly record: StreamRecord;
}

export async function streamRecords(
  kinesis: KinesisClient,
  stream: { readonly StreamName: string } | { readonly StreamARN: string },
): Promise<ReadRecord[]> {
  const found: ReadRecord[] = [];
  const { Shards = [] } = await kinesis.send(new ListShardsCommand(stream));
  for (const { ShardId: shardId = '' } of Shards) {
    const beginning = { ...stream, ShardId: shardId, ShardIteratorType: 'TRIM_HORIZON' as const };
    let { ShardIterator: next } = await kinesis.send(new GetShardIteratorCommand(beginning));
    while (next !== undefined) {
      const page = await kinesis.send(new GetRecordsCommand({ ShardIterator: next }));
      const { Records = [], MillisBehindLatest = 0 } = page;
      for (const record of Records)
        found.push({ shardId, text: Buffer.from(record.Data ?? []).toString('utf8'), record });
      // An empty answer on the way to the end is no end.
      next = Records.length === 0 && MillisBehindLatest === 0 ? undefined : page.NextShardIterator;
    }
  }
  return found;
}
