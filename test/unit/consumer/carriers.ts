/** What carries an event to a consumer, each shaped as AWS documents it. */
import type { KinesisStreamRecord, SQSRecord } from 'aws-lambda';
import type { MetricChanged } from '#schemas/metric-changed.ts';

export const envelope = (detail: unknown, over: object = {}): Record<string, unknown> => ({
  version: '0',
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  'detail-type': 'MetricChanged',
  source: 'metric-relay',
  account: '111122223333',
  time: '2026-11-20T12:00:01Z',
  region: 'eu-west-1',
  resources: [],
  detail,
  ...over,
});

export const sqsRecord = (messageId: string, body: string): SQSRecord => ({
  messageId,
  receiptHandle: 'handle',
  body,
  attributes: {
    ApproximateReceiveCount: '1',
    SentTimestamp: '1545082649183',
    SenderId: 'AIDAIENQZJOLO23YVJ4VO',
    ApproximateFirstReceiveTimestamp: '1545082649185',
  },
  messageAttributes: {},
  md5OfBody: 'e4e68fb7bd0e697a0ae8f1bb342846b3',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:eu-west-1:111122223333:metrics',
  awsRegion: 'eu-west-1',
});

export const kinesisRecord = (sequenceNumber: string, text: string): KinesisStreamRecord => ({
  kinesis: {
    kinesisSchemaVersion: '1.0',
    partitionKey: '42',
    sequenceNumber,
    data: Buffer.from(text).toString('base64'),
    approximateArrivalTimestamp: 1545084650.987,
  },
  eventSource: 'aws:kinesis',
  eventVersion: '1.0',
  eventID: `shardId-000000000006:${sequenceNumber}`,
  eventName: 'aws:kinesis:record',
  invokeIdentityArn: 'arn:aws:iam::111122223333:role/lambda-role',
  awsRegion: 'eu-west-1',
  eventSourceARN: 'arn:aws:kinesis:eu-west-1:111122223333:stream/metric-changed',
});

export function metricChangedOf(
  metricId: string,
  revision: number,
  over: Partial<MetricChanged['data']> = {},
): MetricChanged {
  const name = over.name ?? `metric-${metricId}`;
  return {
    metadata: {
      eventId: `${metricId}:${revision}`,
      schemaVersion: '1.0',
      occurredAt: '2026-11-20T12:00:00Z',
      correlationId: '677883278264080',
      replay: false,
    },
    data: {
      metricId,
      name,
      change: revision === 1 ? 'CREATED' : 'UPDATED',
      revision,
      version: '1',
      changedAttributes: revision === 1 ? [] : ['aggregationStyle'],
      previous: revision === 1 ? {} : { aggregationStyle: 'SUM' },
      metric: { name, version: '0', metricId: Number(metricId), revision, valueType: 'SCALAR' },
      ...over,
    },
  };
}
