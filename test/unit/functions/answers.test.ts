/**
 * What the handlers answer when nothing can be reached: every service is a port on which nobody listens. The event source mapping must be told
 * what to bring again, or it counts as done.
 */
import type { Context, KinesisStreamEvent, SQSEvent } from 'aws-lambda';
import { beforeAll, expect, test } from 'vitest';
import { metricRow, SourceStory } from '../../support/source-story.ts';

type Handler = (event: unknown, context: Context) => Promise<unknown>;

const NOBODY = 'http://127.0.0.1:1';
const CONTEXT = { getRemainingTimeInMillis: () => 10_000 } as Context;

beforeAll(() => {
  Object.assign(process.env, {
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL: NOBODY,
    METRICS_TABLE: 'Metrics',
    SOURCE_ROWS_TABLE: 'SourceRows',
    QUARANTINE_TABLE: 'Quarantine',
    QUARANTINE_BUCKET: 'quarantine',
    PROJECTION_QUEUE_URL: `${NOBODY}/000000000000/projection`,
    GRACE_SECONDS: '60',
    FAN_OUT_LIMIT: '100',
    TOMBSTONE_DAYS: '420',
    REDIRECT_DAYS: '30',
  });
});

async function answer(name: string, event: object): Promise<unknown> {
  const { handler } = (await import(`../../../functions/${name}/handler.ts`)) as { handler: Handler };
  return handler(event, CONTEXT);
}

test('the replicator names the lowest record that it could not apply', async () => {
  const story = new SourceStory();
  story.transaction(() => {
    story.insert('metrics', metricRow('1', 'first'));
    story.insert('metrics', metricRow('2', 'second'));
  });
  const Records = story.messages.map((message, index) => ({
    eventID: `shardId-000000000000:${10 - index}`,
    kinesis: {
      sequenceNumber: String(10 - index),
      approximateArrivalTimestamp: 1,
      data: Buffer.from(message).toString('base64'),
    },
  }));
  const event = { Records } as unknown as KinesisStreamEvent;
  expect(await answer('replicator', event)).toEqual({ batchItemFailures: [{ itemIdentifier: '9' }] });
  expect(await answer('replicator', { Records: [] })).toEqual({ batchItemFailures: [] });
});

test('the projector names every message that it could not do', async () => {
  const commit = { committedAt: '2026-11-20T12:00:00Z' };
  const bodies = [{ kind: 'recompute', metricIds: ['1'], commit }, { kind: 'unknown' }];
  const Records = bodies.map((body, index) => ({ messageId: `message-${index}`, body: JSON.stringify(body) }));
  expect(await answer('projector', { Records } as unknown as SQSEvent)).toEqual({
    batchItemFailures: [{ itemIdentifier: 'message-0' }, { itemIdentifier: 'message-1' }],
  });
});

test('the enrichment publishes what it can, and fails a batch only when a record cannot be set aside', async () => {
  const item = {
    name: { S: 'packages' },
    version: { S: '0' },
    metricId: { N: '42' },
    revision: { N: '1' },
    valueType: { S: 'SCALAR' },
    lastChange: { M: { committedAt: { S: '2026-11-20T12:00:00Z' } } },
  };
  const record = (NewImage: object) => ({ eventName: 'INSERT', dynamodb: { NewImage, SequenceNumber: '1' } });
  expect(
    await answer('metric-changed-enrichment', [record(item), { eventName: 'REMOVE', dynamodb: {} }]),
  ).toMatchObject([{ metadata: { eventId: '42:1', correlationId: 'load' } }]);
  const { metricId: _, ...nobodys } = item;
  await expect(answer('metric-changed-enrichment', [record(item), record(nobodys)])).rejects.toThrow(
    /ECONNREFUSED|connect/,
  );
});
