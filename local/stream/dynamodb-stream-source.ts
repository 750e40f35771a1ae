/**
 * Reads a DynamoDB stream through the SDK with the reader's own credentials, so that its role is enforced, and writes records in
 * the shape that Lambda and Pipes share. Order matters per item only, so the item's key is the ordering key.
 */
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  type _Record as DynamoDbRecord,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams';
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

/** GetRecords of a DynamoDB stream answers at most this many. */
const READ_RECORDS_MAX = 1_000;

export interface DynamoDbStreamSourceSettings {
  readonly streamArn: string;
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
}

/**
 * DynamoDB Local calls the oldest position of a shard that was empty trimmed as soon as it holds a record. Nothing has been read from
 * there yet, so asking for the oldest position again is all there is to do.
 */
function needsNewIterator(error: unknown, position: StartingPoint): boolean {
  if (!(error instanceof Error)) return false;
  return (
    error.name === 'ExpiredIteratorException' ||
    (error.name === 'TrimmedDataAccessException' && position.kind !== 'after')
  );
}

export function openDynamoDbStreamSource(settings: DynamoDbStreamSourceSettings): StreamSource {
  const { streamArn } = settings;
  const client = new DynamoDBStreamsClient({
    endpoint: settings.endpoint,
    region: settings.region,
    credentials: settings.credentials,
    // The poller has its own backoff.
    maxAttempts: 1,
  });

  async function iteratorAt(shardId: string, from: StartingPoint): Promise<string> {
    const position =
      from.kind === 'after'
        ? ({ ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: from.sequenceNumber } as const)
        : ({ ShardIteratorType: 'TRIM_HORIZON' } as const);
    try {
      const answer = await client.send(
        new GetShardIteratorCommand({ StreamArn: streamArn, ShardId: shardId, ...position }),
        withinLimit(),
      );
      if (answer.ShardIterator === undefined)
        throw new Error(`DynamoDB gave no iterator for ${shardId} of ${streamArn}`);
      return answer.ShardIterator;
    } catch (error) {
      throw asUnavailable(error, shardId, from);
    }
  }

  return {
    streamArn,
    async listShards() {
      const shards: Shard[] = [];
      let last: string | undefined;
      do {
        const { StreamDescription: page } = await client.send(
          new DescribeStreamCommand({
            StreamArn: streamArn,
            ...(last === undefined ? {} : { ExclusiveStartShardId: last }),
          }),
          withinLimit(),
        );
        for (const { ShardId: shardId, ParentShardId: parent } of page?.Shards ?? []) {
          if (shardId !== undefined) shards.push({ shardId, parents: parent === undefined ? [] : [parent] });
        }
        last = page?.LastEvaluatedShardId;
      } while (last !== undefined);
      return shards;
    },
    async open(shardId, from): Promise<ShardCursor> {
      // These streams have no AT_TIMESTAMP: read from the oldest record and leave out what is older. Times are whole seconds.
      const notBeforeMs = from.kind === 'at-timestamp' ? Math.floor(from.timestampMs / 1000) * 1000 : 0;
      let position = from;
      let iterator: string | undefined = await iteratorAt(shardId, from);
      const getRecords = (current: string, limit: number) =>
        client.send(new GetRecordsCommand({ ShardIterator: current, Limit: limit }), withinLimit());
      return {
        async read(recordsMax): Promise<ShardRead> {
          if (iterator === undefined) return { records: [], atEnd: true };
          const limit = Math.min(recordsMax, READ_RECORDS_MAX);
          let answer: Awaited<ReturnType<typeof getRecords>>;
          try {
            answer = await getRecords(iterator, limit);
          } catch (error) {
            if (!needsNewIterator(error, position)) throw asUnavailable(error, shardId, position);
            iterator = await iteratorAt(shardId, position);
            answer = await getRecords(iterator, limit);
          }
          const records = (answer.Records ?? []).map((record) => toStreamRecord(record, settings));
          const last = records.at(-1);
          if (last !== undefined) position = { kind: 'after', sequenceNumber: last.sequenceNumber };
          iterator = answer.NextShardIterator;
          return {
            records: records.filter((record) => record.arrivedAtMs >= notBeforeMs),
            atEnd: iterator === undefined,
          };
        },
      };
    },
    close: () => client.destroy(),
  };
}

function asUnavailable(error: unknown, shardId: string, from: StartingPoint): unknown {
  if (!(error instanceof Error) || from.kind !== 'after') return error;
  if (error.name === 'TrimmedDataAccessException') {
    return new PositionUnavailable(shardId, from.sequenceNumber, true, error);
  }
  // If it is the stream or the shard that is missing, the poller's next step (the oldest record) fails with the same answer.
  const unknown = error.name === 'ResourceNotFoundException' || error.name === 'ValidationException';
  return unknown ? new PositionUnavailable(shardId, from.sequenceNumber, false, error) : error;
}

export function toStreamRecord(
  record: DynamoDbRecord,
  { streamArn, region }: Pick<DynamoDbStreamSourceSettings, 'streamArn' | 'region'>,
): StreamRecord {
  const { eventID, eventName, eventVersion, eventSource, userIdentity, dynamodb } = record;
  const sequenceNumber = dynamodb?.SequenceNumber ?? '';
  const arrivedAtMs = dynamodb?.ApproximateCreationDateTime?.getTime() ?? 0;
  const event = {
    eventID,
    eventName,
    eventVersion,
    eventSource,
    // DynamoDB Local says `ddblocal`, whatever region it was asked as.
    awsRegion: region,
    dynamodb: { ...dynamodb, ApproximateCreationDateTime: arrivedAtMs / 1000 },
    ...(userIdentity === undefined
      ? {}
      : { userIdentity: { type: userIdentity.Type, principalId: userIdentity.PrincipalId } }),
    eventSourceARN: streamArn,
  };
  const json = JSON.stringify(event, binaryAsBase64);
  return {
    identifier: sequenceNumber,
    sequenceNumber,
    orderingKey: JSON.stringify(dynamodb?.Keys ?? {}, binaryAsBase64),
    arrivedAtMs,
    json,
    filterable: () => JSON.parse(json) as unknown,
  };
}

/** `this[member]` and not `value`: a Buffer would already have become an object of numbers. */
function binaryAsBase64(this: object, member: string, value: unknown): unknown {
  const original: unknown = (this as { readonly [name: string]: unknown })[member];
  return original instanceof Uint8Array ? Buffer.from(original).toString('base64') : value;
}
