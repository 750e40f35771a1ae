/**
 * Reads a Kinesis stream through the SDK with the reader's own credentials, so that its role is enforced, and writes records
 * in the shape that Lambda and Pipes give them. It keeps using one iterator per shard and asks for a new one only when that expired.
 */
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  type _Record as KinesisRecord,
  type Shard as KinesisShard,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import type { Credentials } from '../local-aws.ts';
import { withinLimit } from './answer-limit.ts';
import {
  PositionUnavailable,
  type Shard,
  type ShardCursor,
  type ShardRead,
  type StartingPoint,
  type StreamRecord,
  type StreamSource,
} from './stream-source.ts';

export interface KinesisSourceSettings {
  readonly streamArn: string;
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
  /** Named in every record as `invokeIdentityArn`. */
  readonly roleArn: string;
  /** Lambda nests the record under `kinesis`; a pipe has its members at the top. */
  readonly shape: 'lambda' | 'pipe';
}

export function openKinesisSource(settings: KinesisSourceSettings): StreamSource {
  const { streamArn } = settings;
  const client = new KinesisClient({
    endpoint: settings.endpoint,
    region: settings.region,
    credentials: settings.credentials,
    // The poller has its own backoff, and an answer that is late is better asked for again than waited for.
    maxAttempts: 1,
  });

  async function iteratorAt(shardId: string, from: StartingPoint): Promise<string> {
    const position =
      from.kind === 'after'
        ? ({ ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: from.sequenceNumber } as const)
        : from.kind === 'at-timestamp'
          ? ({ ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(from.timestampMs) } as const)
          : ({ ShardIteratorType: 'TRIM_HORIZON' } as const);
    try {
      const answer = await client.send(
        new GetShardIteratorCommand({ StreamARN: streamArn, ShardId: shardId, ...position }),
        withinLimit(),
      );
      if (answer.ShardIterator === undefined)
        throw new Error(`Kinesis gave no iterator for ${shardId} of ${streamArn}`);
      return answer.ShardIterator;
    } catch (error) {
      // AWS answers InvalidArgument for a number it never gave, the emulator ResourceNotFound. If it is the stream or the
      // shard that is missing, the poller's next step (the oldest record) fails with the same answer.
      if (from.kind === 'after' && isNamed(error, 'ResourceNotFoundException', 'InvalidArgumentException')) {
        throw new PositionUnavailable(shardId, from.sequenceNumber, false, error);
      }
      throw error;
    }
  }

  return {
    streamArn,
    async listShards() {
      const shards: Shard[] = [];
      let nextToken: string | undefined;
      do {
        const page = await client.send(
          new ListShardsCommand(nextToken === undefined ? { StreamARN: streamArn } : { NextToken: nextToken }),
          withinLimit(),
        );
        for (const shard of page.Shards ?? []) shards.push(toShard(shard));
        nextToken = page.NextToken;
      } while (nextToken !== undefined);
      return shards;
    },
    async open(shardId, from): Promise<ShardCursor> {
      let position = from;
      let iterator: string | undefined = await iteratorAt(shardId, from);
      return {
        async read(recordsMax): Promise<ShardRead> {
          if (iterator === undefined) return { records: [], atEnd: true };
          let answer: Awaited<ReturnType<typeof getRecords>>;
          try {
            answer = await getRecords(iterator, recordsMax);
          } catch (error) {
            if (!isNamed(error, 'ExpiredIteratorException')) throw error;
            iterator = await iteratorAt(shardId, position);
            answer = await getRecords(iterator, recordsMax);
          }
          const records = (answer.Records ?? []).map((record) => toStreamRecord(record, shardId, settings));
          const last = records.at(-1);
          if (last !== undefined) position = { kind: 'after', sequenceNumber: last.sequenceNumber };
          iterator = answer.NextShardIterator;
          const behindMs = answer.MillisBehindLatest;
          return { records, atEnd: iterator === undefined, ...(behindMs === undefined ? {} : { behindMs }) };
        },
      };
    },
    close: () => client.destroy(),
  };

  function getRecords(iterator: string, recordsMax: number) {
    const command = new GetRecordsCommand({ StreamARN: streamArn, ShardIterator: iterator, Limit: recordsMax });
    return client.send(command, withinLimit());
  }
}

function toShard(shard: KinesisShard): Shard {
  const parents = [shard.ParentShardId, shard.AdjacentParentShardId].filter((parent) => parent !== undefined);
  return { shardId: shard.ShardId ?? '', parents };
}

function toStreamRecord(record: KinesisRecord, shardId: string, settings: KinesisSourceSettings): StreamRecord {
  const { streamArn, region, roleArn, shape } = settings;
  const sequenceNumber = record.SequenceNumber ?? '';
  const partitionKey = record.PartitionKey ?? '';
  const arrivedAtMs = record.ApproximateArrivalTimestamp?.getTime() ?? 0;
  const bytes = Buffer.from(record.Data ?? new Uint8Array());
  const kinesis = {
    kinesisSchemaVersion: '1.0',
    partitionKey,
    sequenceNumber,
    data: bytes.toString('base64'),
    approximateArrivalTimestamp: arrivedAtMs / 1000,
  };
  const envelope = {
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `${shardId}:${sequenceNumber}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: roleArn,
    awsRegion: region,
    eventSourceARN: streamArn,
  };
  return {
    identifier: sequenceNumber,
    sequenceNumber,
    orderingKey: partitionKey,
    arrivedAtMs,
    json: JSON.stringify(shape === 'lambda' ? { kinesis, ...envelope } : { ...kinesis, ...envelope }),
    filterable: () => ({ ...kinesis, ...envelope, data: parsedOrText(bytes.toString('utf8')) }),
  };
}

/** Filters look into JSON; other data can only be compared as text, so that a pattern of JSON members drops it, as on AWS. */
function parsedOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}
