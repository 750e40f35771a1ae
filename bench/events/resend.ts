/** Puts every record that the change stream still holds into it again, with the same partition keys: a full replay as far as the replicator can tell. */
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis';

const RECORDS_PER_PUT = 400;

interface StreamRecord {
  readonly Data: Uint8Array;
  readonly PartitionKey: string;
}

/** Answers how many records were sent again. */
export async function resendEverything(kinesis: KinesisClient, streamName: string): Promise<number> {
  const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName: streamName }));
  // Read all before the first is put, or it would read what it wrote.
  const records: StreamRecord[] = [];
  for (const { ShardId } of Shards) records.push(...(await readShard(kinesis, streamName, ShardId ?? '')));
  for (let from = 0; from < records.length; from += RECORDS_PER_PUT) {
    const Records = records.slice(from, from + RECORDS_PER_PUT);
    const { FailedRecordCount = 0 } = await kinesis.send(new PutRecordsCommand({ StreamName: streamName, Records }));
    if (FailedRecordCount > 0) throw new Error(`${FailedRecordCount} of ${Records.length} records were not taken`);
  }
  return records.length;
}

async function readShard(kinesis: KinesisClient, StreamName: string, ShardId: string): Promise<StreamRecord[]> {
  const records: StreamRecord[] = [];
  const request = { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' as const };
  let iterator = (await kinesis.send(new GetShardIteratorCommand(request))).ShardIterator;
  while (iterator !== undefined) {
    const answer = await kinesis.send(new GetRecordsCommand({ ShardIterator: iterator }));
    for (const { Data, PartitionKey } of answer.Records ?? []) {
      if (Data !== undefined) records.push({ Data, PartitionKey: PartitionKey ?? '' });
    }
    if (answer.Records?.length === 0 && answer.MillisBehindLatest === 0) break;
    iterator = answer.NextShardIterator;
  }
  return records;
}
