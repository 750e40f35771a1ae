/** Of a batch only what failed is delivered again; what came together is worked through in the order of revisions. */
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { handleKinesisBatch } from '#consumer/kinesis-batch.ts';
import { type BatchResponse, type Failure, handleSqsBatch, type MetricBatch } from '#consumer/metric-batch.ts';
import { metricChangedBatch, metricChangedEvent } from '#consumer/middy.ts';
import { inEventBridge, inSqs, sampleEvent } from '#consumer/sample-events.ts';
import type { MetricChanged } from '#schemas/metric-changed.ts';
import { kinesisRecord } from './carriers.ts';

const context = {} as Context;
const events = [sampleEvent('1', 3), sampleEvent('2', 1), sampleEvent('1', 1), sampleEvent('1', 2)];
const idsOf = ({ batchItemFailures }: BatchResponse): string[] =>
  batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);

describe('a batch of SQS', () => {
  test('is worked through metric by metric, in the order of revisions', async () => {
    const seen: string[] = [];
    const response = await handleSqsBatch(inSqs(events), ({ metadata }) => void seen.push(metadata.eventId));
    expect(seen).toEqual(['1:1', '1:2', '1:3', '2:1']);
    expect(response).toEqual({ batchItemFailures: [] });
  });

  test('gives back the messages that failed or could not be read, and no others', async () => {
    const batch = inSqs(events);
    batch.Records.push({ messageId: 'broken', body: '{' });
    const failures: Failure[] = [];
    const handle = ({ metadata }: MetricChanged): void => {
      if (metadata.eventId === '1:2') throw new Error('down');
    };
    const response = await handleSqsBatch(batch, handle, { onFailure: (failure) => failures.push(failure) });
    expect(idsOf(response).sort()).toEqual(['broken', 'message-3']);
    expect(failures.map(({ itemId, eventId }) => [itemId, eventId])).toEqual([
      ['broken', undefined],
      ['message-3', '1:2'],
    ]);
  });

  test('works on several metrics at the same time when told so, never on two events of one', async () => {
    const running = new Set<string>();
    let most = 0;
    await handleSqsBatch(
      inSqs([...events, sampleEvent('3', 1), sampleEvent('2', 2)]),
      async ({ data }) => {
        expect(running.has(data.metricId)).toBe(false);
        running.add(data.metricId);
        most = Math.max(most, running.size);
        await new Promise(setImmediate);
        running.delete(data.metricId);
      },
      { concurrency: 2 },
    );
    expect(most).toBe(2);
  });
});

describe('a batch of Kinesis', () => {
  const records = ['1:1', '1:2', '1:3'].map((id, index) =>
    kinesisRecord(`49${index}`, JSON.stringify(inEventBridge(sampleEvent('1', Number(id.slice(2)))))),
  );

  test('stops at the first failure, from which Lambda delivers again', async () => {
    const seen: string[] = [];
    const response = await handleKinesisBatch(
      { Records: records },
      ({ metadata }) => {
        seen.push(metadata.eventId);
        if (metadata.eventId === '1:2') throw new Error('down');
      },
      { onFailure: () => {} },
    );
    expect(seen).toEqual(['1:1', '1:2']);
    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: '491' }] });
  });

  test('goes on after a record that cannot be read once somebody keeps it, and only then', async () => {
    const batch = { Records: [kinesisRecord('480', 'hello'), ...records] };
    const kept: string[] = [];
    const onUnreadable = ({ itemId }: { itemId: string }): void => void kept.push(itemId);
    expect(idsOf(await handleKinesisBatch(batch, () => {}, { onUnreadable }))).toEqual([]);
    expect(kept).toEqual(['480']);
    expect(idsOf(await handleKinesisBatch(batch, () => {}, { onFailure: () => {} }))).toEqual(['480']);
  });
});

describe('the middleware for Middy', () => {
  test('hands the parsed event to a target of the rule, and fails the invocation when it cannot', async () => {
    const handler = middy<MetricChanged, string>()
      .use(metricChangedEvent())
      .handler(async (event: MetricChanged) => event.metadata.eventId);
    const call = handler as unknown as (event: unknown, context: Context) => Promise<string>;
    expect(await call(inEventBridge(sampleEvent('42', 7)), context)).toBe('42:7');
    await expect(call({ a: 1 }, context)).rejects.toMatchObject({ code: 'UNKNOWN_PAYLOAD' });
  });

  test('answers with the failed messages of a batch, also when the handler itself throws', async () => {
    const failures: Failure[] = [];
    const handler = middy<MetricBatch, BatchResponse>()
      .use(metricChangedBatch({ onFailure: (failure) => failures.push(failure) }))
      .handler(async (batch: MetricBatch) => {
        await batch.each(({ metadata }) => {
          if (metadata.eventId === '1:2') throw new Error('down');
        });
        if (failures.length === 2) throw new Error('broken off');
        return batch.response();
      });
    const call = handler as unknown as (event: unknown, context: Context) => Promise<BatchResponse>;
    expect(idsOf(await call(inSqs(events), context))).toEqual(['message-3']);
    expect(idsOf(await call(inSqs(events), context))).toEqual(['message-3']);
    expect(failures.map(({ eventId }) => eventId)).toEqual(['1:2', '1:2']);
    await expect(call({ a: 1 }, context)).rejects.toMatchObject({ code: 'NOT_ONE_EVENT' });
  });

  test('gives back every message of a batch that was never worked on', async () => {
    const handler = middy<MetricBatch, BatchResponse>()
      .use(metricChangedBatch({ onFailure: () => {} }))
      .handler(async () => {
        throw new Error('no database');
      });
    const call = handler as unknown as (event: unknown, context: Context) => Promise<BatchResponse>;
    expect(idsOf(await call(inSqs(events), context))).toHaveLength(4);
  });
});
