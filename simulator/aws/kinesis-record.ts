/** A record that the simulated Kinesis stream has accepted, and its form in the event of a function. */
import type { StreamRecord } from '#local/stream/stream-source.ts';
import { ACCOUNT_ID, REGION } from './item-stream.ts';

export interface AcceptedRecord {
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly bytes: Uint8Array;
  readonly arrivedAtMs: number;
  /** Made at the first read and kept for the next. */
  delivered: StreamRecord | undefined;
}

const ROLE_ARN = `arn:aws:iam::${ACCOUNT_ID}:role/replicator`;

export function toStreamRecord(record: AcceptedRecord, streamArn: string): StreamRecord {
  record.delivered ??= streamRecordOf(record, streamArn);
  return record.delivered;
}

function streamRecordOf(record: AcceptedRecord, streamArn: string): StreamRecord {
  const { shardId, sequenceNumber, partitionKey, bytes, arrivedAtMs } = record;
  const json = JSON.stringify({
    kinesis: {
      kinesisSchemaVersion: '1.0',
      partitionKey,
      sequenceNumber,
      data: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
      approximateArrivalTimestamp: arrivedAtMs / 1000,
    },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `${shardId}:${sequenceNumber}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: ROLE_ARN,
    awsRegion: REGION,
    eventSourceARN: streamArn,
  });
  return {
    identifier: sequenceNumber,
    sequenceNumber,
    orderingKey: partitionKey,
    arrivedAtMs,
    json,
    // The mapping of this project filters nothing on Kinesis.
    filterable: () => JSON.parse(json) as unknown,
  };
}
