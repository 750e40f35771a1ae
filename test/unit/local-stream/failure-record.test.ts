import { describe, expect, it } from 'vitest';
import { failureObjectKey, failureRecord, failureRecordWithPayload } from '#local/stream/failure-record.ts';
import { record } from './memory-stream.ts';

const ARRIVED = Date.UTC(2026, 10, 20, 12, 0, 0, 5);
const batch = {
  records: [record('7', 'k', ARRIVED), record('8', 'k', ARRIVED + 1_000)],
  condition: 'RetryAttemptsExhausted',
  invokeCount: 3,
  shardId: 'shardId-000000000001',
  streamArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
  lastMessage: 'boom',
  functionError: 'Unhandled',
} as const;
const mapping = { kind: 'mapping', uuid: 'u', functionArn: 'arn:f' } as const;

describe('the message for given-up records', () => {
  it('points to them as AWS documents it', () => {
    expect(failureRecord(batch, mapping, 'r', ARRIVED + 2_000)).toEqual({
      requestContext: {
        requestId: 'r',
        functionArn: 'arn:f',
        condition: 'RetryAttemptsExhausted',
        approximateInvokeCount: 3,
      },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      version: '1.0',
      timestamp: '2026-11-20T12:00:02.005Z',
      KinesisBatchInfo: {
        shardId: 'shardId-000000000001',
        startSequenceNumber: '7',
        endSequenceNumber: '8',
        approximateArrivalOfFirstRecord: '2026-11-20T12:00:00.005Z',
        approximateArrivalOfLastRecord: '2026-11-20T12:00:01.005Z',
        batchSize: 2,
        streamArn: batch.streamArn,
      },
    });
  });

  it('of a pipe names the pipe, and a DynamoDB stream by its own name', () => {
    const streamArn = 'arn:aws:dynamodb:us-east-1:000000000000:table/T/stream/1';
    const message = failureRecord({ ...batch, streamArn }, { kind: 'pipe', pipeArn: 'arn:p' }, 'r', ARRIVED);
    expect(message).toMatchObject({
      context: { partnerResourceArn: 'arn:p', condition: 'RetryAttemptsExhausted' },
      DDBStreamBatchInfo: { streamArn, batchSize: 2 },
    });
    expect(message).not.toHaveProperty('requestContext');
  });

  it('holds the whole payload in a bucket, as text, under the key that AWS gives it', () => {
    const { payload } = failureRecordWithPayload(batch, {}) as { payload: string };
    expect(JSON.parse(payload)).toEqual({ Records: batch.records.map((one) => JSON.parse(one.json)) });
    expect(failureObjectKey('u', 's', ARRIVED, 'random')).toBe('aws/lambda/u/s/2026/11/20/2026-11-20T12.00.00-random');
  });
});
