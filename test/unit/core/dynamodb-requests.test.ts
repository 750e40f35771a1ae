/** What the item store asks of DynamoDB: strong reads, requests within their limits, pages to their end, and conditions that say what stood there. */
import { type DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { DynamoDbItemStore } from '#core/platform/dynamodb-item-store.ts';
import type { Item } from '#core/platform/item-store.ts';

const key = (number: number): Item => ({ pk: { S: 'metric#1' }, sk: { S: `row#${number}` } });
const keys = (count: number): readonly Item[] => Array.from({ length: count }, (_, index) => key(index));

type Input = Record<string, unknown>;

/** A store whose requests are kept as they were sent, each answered by `answer`. */
function recordingStore(answer: (input: Input) => object = () => ({})) {
  const inputs: Input[] = [];
  const send = async ({ input }: { readonly input: Input }): Promise<object> => {
    inputs.push(input);
    return answer(input);
  };
  const store = new DynamoDbItemStore({ send } as unknown as DynamoDBClient, async () => {});
  return { store, inputs };
}

test('every read is strongly consistent: of one item, of many, and of a partition', async () => {
  const { store, inputs } = recordingStore();
  await store.get('T', key(1));
  await store.getMany('T', [key(1)]);
  await store.query('T', 'metric#1', 'row');
  const batched = (inputs[1]?.RequestItems as { T: Input } | undefined)?.T;
  expect([inputs[0]?.ConsistentRead, batched?.ConsistentRead, inputs[2]?.ConsistentRead]).toEqual([true, true, true]);
});

test('a batch reads at most 100 keys and writes at most 25 items, and all of them in the end', async () => {
  const { store, inputs } = recordingStore();
  await store.getMany('T', keys(201));
  expect(inputs.map((input) => (input.RequestItems as { T: { Keys: unknown[] } }).T.Keys.length)).toEqual([
    100, 100, 1,
  ]);
  inputs.length = 0;
  await store.putMany('T', keys(51));
  expect(inputs.map((input) => (input.RequestItems as { T: unknown[] }).T.length)).toEqual([25, 25, 1]);
});

test('a query is read page by page to its end, each page from where the last one ended', async () => {
  const { store, inputs } = recordingStore(({ ExclusiveStartKey }) =>
    ExclusiveStartKey ? { Items: [key(2)] } : { Items: [key(1)], LastEvaluatedKey: key(1) },
  );
  expect(await store.query('T', 'metric#1', 'row')).toEqual([key(1), key(2)]);
  expect(inputs.map(({ ExclusiveStartKey }) => ExclusiveStartKey)).toEqual([undefined, key(1)]);
});

test('a condition asks for the item that stands in the way, of a single write and in a transaction', async () => {
  const { store, inputs } = recordingStore();
  const put = {
    kind: 'put',
    table: 'T',
    item: key(1),
    condition: { expression: 'attribute_not_exists(pk)' },
  } as const;
  await store.write(put);
  await store.transact([put]);
  const inTransaction = (inputs[1]?.TransactItems as { Put: Input }[] | undefined)?.[0]?.Put;
  expect(inputs[0]?.ReturnValuesOnConditionCheckFailure).toBe('ALL_OLD');
  expect(inTransaction?.ReturnValuesOnConditionCheckFailure).toBe('ALL_OLD');
});

test('a transaction that met another one on its item has written nothing', async () => {
  const CancellationReasons = [{ Code: 'TransactionConflict' }, { Code: 'None' }];
  const { store } = recordingStore(() => {
    throw new TransactionCanceledException({ message: 'cancelled', $metadata: {}, CancellationReasons });
  });
  const outcome = await store.transact([
    { kind: 'put', table: 'T', item: key(1) },
    { kind: 'put', table: 'T', item: key(2) },
  ]);
  expect(outcome).toEqual({ written: false, reasons: [{ kind: 'conflict' }, { kind: 'none' }] });
});
