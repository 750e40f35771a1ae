/** What is read from the Metrics table has the form that the publisher gives the metric of an event, digit by digit. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fetchFromDynamoDb } from '#consumer/fetch-from-dynamodb.ts';
import { metricChangedEvent } from '#core/event/metric-changed-event.ts';
import type { Item } from '#core/platform/item-store.ts';

const ref = { table: 'Metrics', name: 'cpu', version: '0' };
const asked: unknown[] = [];
const clientOn = (item: Item | undefined): DynamoDBClient =>
  ({
    send: async ({ input }: { input: unknown }) => {
      asked.push(input);
      return { Item: item };
    },
  }) as unknown as DynamoDBClient;

const item: Item = {
  name: { S: 'cpu' },
  version: { S: '0' },
  metricId: { N: '42' },
  revision: { N: '7' },
  valueType: { S: 'SCALAR' },
  lastChange: { M: { committedAt: { S: '2026-11-20T12:00:00Z' }, transactionId: { S: '9' } } },
};

describe('the fetch', () => {
  test('agrees with the publisher on every metric', async () => {
    const digits = fc.tuple(fc.bigInt(-(10n ** 20n), 10n ** 20n), fc.nat(10));
    const decimal = digits.map(([whole, places]) => {
      const text = String(whole < 0n ? -whole : whole).padStart(places + 1, '0');
      const [before, after] = [text.slice(0, text.length - places), text.slice(text.length - places)];
      const fraction = after.replace(/0+$/, '');
      return `${whole < 0n ? '-' : ''}${before}${fraction ? `.${fraction}` : ''}`;
    });
    const metric = fc.record(
      {
        metricId: fc.bigInt(1n, 2n ** 64n - 1n).map((id) => ({ N: String(id) })),
        aggregationParam: decimal.map((N) => ({ N })),
        relatedDimensions: fc.uniqueArray(fc.string(), { minLength: 1 }).map((SS) => ({ SS })),
        incomplete: fc.constant({ BOOL: true }),
        later: fc.constant({ M: { list: { L: [{ N: '1' }, { NULL: true as const }] } } }),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(metric, async (over) => {
        const newImage: Item = { ...item, ...(over as Item) };
        const { metadata, data } = metricChangedEvent({ newImage }, 'Metrics') ?? {};
        const current = await fetchFromDynamoDb(clientOn(newImage))(ref);
        expect(current?.metric).toEqual(data?.metric);
        expect([current?.metricId, current?.revision, current?.occurredAt]).toEqual([
          data?.metricId,
          data?.revision,
          metadata?.occurredAt,
        ]);
      }),
    );
  });

  test('reads the base table, strongly consistent, at the place that the event names or the table that is given', async () => {
    asked.length = 0;
    await fetchFromDynamoDb(clientOn(item))(ref);
    await fetchFromDynamoDb(clientOn(item), 'arn:aws:dynamodb:eu-west-1:1:table/Metrics')(ref);
    const Key = { name: { S: 'cpu' }, version: { S: '0' } };
    expect(asked).toEqual([
      { TableName: 'Metrics', Key, ConsistentRead: true },
      { TableName: 'arn:aws:dynamodb:eu-west-1:1:table/Metrics', Key, ConsistentRead: true },
    ]);
  });

  test('takes a redirect and a claim for nothing, and a mark of a deletion for what it is', async () => {
    const { name, version } = item as { name: { S: string }; version: { S: string } };
    expect(await fetchFromDynamoDb(clientOn({ name, version, renamedTo: { S: 'x' } }))(ref)).toBeUndefined();
    const claim = { name, version, metricId: { N: '42' }, claim: { BOOL: true } };
    expect(await fetchFromDynamoDb(clientOn(claim))(ref)).toBeUndefined();
    const mark = { ...item, deleted: { BOOL: true }, formerName: { S: 'memory' } };
    expect(await fetchFromDynamoDb(clientOn(mark))(ref)).toMatchObject({
      deleted: true,
      name: 'memory',
      metric: { name: 'memory' },
    });
  });

  test('of what is no metric is an error that says what is wrong', async () => {
    const { valueType: _, ...broken } = item;
    await expect(fetchFromDynamoDb(clientOn(broken))(ref)).rejects.toMatchObject({ code: 'FETCH_BROKEN' });
  });
});
