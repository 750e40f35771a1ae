/** The item store on AWS's DynamoDB Local: every answer that the protocol decides on. */
import { TransactionCanceledException, TransactionConflictException } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unchangedSince } from '#core/mirror/register-item.ts';
import { DynamoDbItemStore } from '#core/platform/dynamodb-item-store.ts';
import type { Item, WriteAction } from '#core/platform/item-store.ts';
import { fenceUnmoved } from '#core/publication/metric-head.ts';
import { freeOrMine, mine, redirectItem, stillTheirs } from '#core/publication/metric-item.ts';
import { type RealDynamoDb, startRealDynamoDb } from '../support/real-dynamodb.ts';

let dynamoDb: RealDynamoDb;
let store: DynamoDbItemStore;
const noPause = async (): Promise<void> => {};

beforeAll(async () => {
  dynamoDb = await startRealDynamoDb();
  store = new DynamoDbItemStore(dynamoDb.client, noPause);
});
afterAll(() => dynamoDb?.stop());

const row = (pk: string, sk: string, more: Item = {}): Item => ({ pk: { S: pk }, sk: { S: sk }, ...more });
const metric = (name: string, id: string, revision: string): Item => ({
  name: { S: name },
  version: { S: '0' },
  metricId: { N: id },
  revision: { N: revision },
});
type Put = Extract<WriteAction, { kind: 'put' }>;
const put = (item: Item, condition?: Put['condition']): Put => ({
  kind: 'put',
  table: item.name ? 'Metrics' : 'SourceRows',
  item,
  ...(condition && { condition }),
});

describe('conditions', () => {
  test('a register is stored where none was, and the one that stood in the way of a second is handed back', async () => {
    const first = row('metric#1', 'row', { writes: { N: '1' } });
    expect(await store.write(put(first, unchangedSince(undefined)))).toEqual({ written: true });
    expect(await store.write(put(first, unchangedSince(undefined)))).toEqual({ written: false, found: first });
    const second = row('metric#1', 'row', { writes: { N: '2' } });
    expect(await store.write(put(second, unchangedSince(1)))).toEqual({ written: true });
    expect(await store.write(put(second, unchangedSince(1)))).toEqual({ written: false, found: second });
  });

  test('a condition on an item that is gone fails without an item', async () => {
    expect(await store.write(put(row('metric#gone', 'row'), unchangedSince(3)))).toEqual({ written: false });
  });

  test('a head moves only with the fence that was read', async () => {
    const head = row('metric#2', 'head', { fence: { N: '1' } });
    expect(await store.write(put(head, fenceUnmoved(0)))).toEqual({ written: true });
    expect((await store.write(put(head, fenceUnmoved(0)))).written).toBe(false);
    expect((await store.write(put(row('metric#2', 'head', { fence: { N: '2' } }), fenceUnmoved(1)))).written).toBe(
      true,
    );
    expect((await store.write(put(row('metric#2', 'head', { fence: { N: '2' } }), fenceUnmoved(1)))).written).toBe(
      false,
    );
  });

  test('a name may be put when it is free, a redirect, or mine; another metric is handed back', async () => {
    expect((await store.write(put(metric('cpu', '1', '1'), freeOrMine('1')))).written).toBe(true);
    expect((await store.write(put(metric('cpu', '1', '2'), freeOrMine('1')))).written).toBe(true);
    const refused = await store.write(put(metric('cpu', '2', '1'), freeOrMine('2')));
    expect(refused).toEqual({ written: false, found: metric('cpu', '1', '2') });
    expect((await store.write(put(redirectItem('cpu', 'cpu2', 99), mine('1')))).written).toBe(true);
    expect((await store.write(put(metric('cpu', '2', '1'), freeOrMine('2')))).written).toBe(true);
  });

  test('a name may be taken over only while its item is the one that was read', async () => {
    const theirs = metric('memory', '1', '3');
    await store.write(put(theirs));
    expect((await store.write(put(metric('memory', '2', '1'), stillTheirs(metric('memory', '1', '2'))))).written).toBe(
      false,
    );
    expect((await store.write(put(metric('memory', '2', '1'), stillTheirs(theirs)))).written).toBe(true);
  });

  test('a delete keeps to its condition', async () => {
    await store.write(put(metric('disk', '1', '1')));
    const key = { name: { S: 'disk' }, version: { S: '0' } };
    const remove = (id: string) => store.write({ kind: 'delete', table: 'Metrics', key, condition: mine(id) });
    expect(await remove('2')).toEqual({ written: false, found: metric('disk', '1', '1') });
    expect(await remove('1')).toEqual({ written: true });
    expect(await store.get('Metrics', key)).toBeUndefined();
  });

  test('a number is compared as a number and kept to its last digit', async () => {
    const long = '18446744073709551615';
    await store.write(put(row('exact', 'row', { writes: { N: long } })));
    expect((await store.get('SourceRows', row('exact', 'row')))?.writes?.N).toBe(long);
  });
});

describe('transactions', () => {
  test('write all or nothing and say which condition failed on what', async () => {
    const stands = row('t#1', 'a', { fence: { N: '5' } });
    await store.write(put(stands));
    const outcome = await store.transact([
      put(row('t#1', 'b')),
      { kind: 'check', table: 'SourceRows', key: row('t#1', 'a'), condition: fenceUnmoved(4) },
      put(row('t#1', 'c')),
    ]);
    expect(outcome).toEqual({
      written: false,
      reasons: [{ kind: 'none' }, { kind: 'condition', found: stands }, { kind: 'none' }],
    });
    expect(await store.getMany('SourceRows', [row('t#1', 'a'), row('t#1', 'b'), row('t#1', 'c')])).toEqual([stands]);
  });

  test('put, delete and check across both tables at once', async () => {
    await store.write(put(row('t#2', 'head', { fence: { N: '1' } })));
    await store.write(put(metric('old', '2', '1')));
    const outcome = await store.transact([
      { kind: 'check', table: 'SourceRows', key: row('t#2', 'head'), condition: fenceUnmoved(1) },
      put(metric('new', '2', '2'), freeOrMine('2')),
      { kind: 'delete', table: 'Metrics', key: { name: { S: 'old' }, version: { S: '0' } }, condition: mine('2') },
    ]);
    expect(outcome).toEqual({ written: true });
    expect(await store.get('Metrics', { name: { S: 'old' }, version: { S: '0' } })).toBeUndefined();
  });

  test('take 100 actions, and more than that is an error of the caller', async () => {
    const puts = (count: number) => Array.from({ length: count }, (_, index) => put(row('t#100', String(index))));
    expect(await store.transact(puts(100))).toEqual({ written: true });
    await expect(store.transact(puts(101))).rejects.toThrow();
  });

  test('that meet on one item are all or nothing: each is written, refused or in conflict, and nothing is torn', async () => {
    const rounds = Array.from({ length: 40 }, (_, round) =>
      store
        .transact([
          put(row('meet', 'a', { round: { N: String(round) } })),
          put(row('meet', 'b', { round: { N: String(round) } })),
        ])
        .then((outcome) => (outcome.written ? ['written'] : outcome.reasons.map(({ kind }) => kind))),
    );
    for (const kinds of await Promise.all(rounds)) {
      for (const kind of kinds) expect(['written', 'conflict', 'none']).toContain(kind);
    }
    const [a, b] = await store.getMany('SourceRows', [row('meet', 'a'), row('meet', 'b')]);
    expect(a?.round).toEqual(b?.round);
  });

  test('cancelled for a conflict are an answer, throttled ones an error', async () => {
    const cancelled = (Code: string, Message = '') =>
      new DynamoDbItemStore(
        {
          send: async () => {
            throw new TransactionCanceledException({
              message: 'cancelled',
              $metadata: {},
              CancellationReasons: [{ Code: 'None' }, { Code, Message }],
            });
          },
        } as never,
        noPause,
      );
    const actions = [put(row('x', '1')), put(row('x', '2'))];
    expect(await cancelled('TransactionConflict').transact(actions)).toEqual({
      written: false,
      reasons: [{ kind: 'none' }, { kind: 'conflict' }],
    });
    await expect(cancelled('ThrottlingError').transact(actions)).rejects.toThrow('ThrottlingError');
    await expect(cancelled('None').transact(actions)).rejects.toThrow('cancelled');
    // The service answers so where DynamoDB Local refuses the whole request.
    const tooLarge = cancelled('ValidationError', 'Item size has exceeded the maximum allowed size').transact(actions);
    await expect(tooLarge).rejects.toMatchObject({ code: 'ITEM_TOO_LARGE' });
  });

  test('under way on an item make a plain write of it an error that is retried', async () => {
    const conflicted = new DynamoDbItemStore(
      {
        send: async () => {
          throw new TransactionConflictException({ message: 'conflict', $metadata: {} });
        },
      } as never,
      noPause,
    );
    await expect(conflicted.write(put(row('x', '1')))).rejects.toThrow('conflict');
  });
});

describe('limits', () => {
  const tooLarge = row('large', 'row', { text: { S: 'x'.repeat(410_000) } });

  test('an item above 400 KB is ITEM_TOO_LARGE, alone and in a transaction', async () => {
    await expect(store.write(put(tooLarge))).rejects.toMatchObject({ name: 'RelayError', code: 'ITEM_TOO_LARGE' });
    const together = store.transact([put(row('large', 'other')), put(tooLarge)]);
    await expect(together).rejects.toMatchObject({ name: 'RelayError', code: 'ITEM_TOO_LARGE' });
    expect(await store.getMany('SourceRows', [row('large', 'row'), row('large', 'other')])).toEqual([]);
  });

  test('a query goes on until it has every item of the prefix, in the order of the sort key', async () => {
    const text = { text: { S: 'x'.repeat(100_000) } };
    const items = Array.from({ length: 30 }, (_, index) => row('pages', `row#${String(index).padStart(2, '0')}`, text));
    for (const item of items) await store.write(put(item));
    await store.write(put(row('pages', 'head')));
    await store.write(put(row('pages', 'usedBy#metric#1')));
    const found = await store.query('SourceRows', 'pages', 'row');
    expect(found.map((item) => item.sk?.S)).toEqual(items.map((item) => item.sk?.S));
  });

  test('a query with a limit ends there, also in the middle of a page', async () => {
    expect((await store.query('SourceRows', 'pages', 'row', 3)).map((item) => item.sk?.S)).toEqual([
      'row#00',
      'row#01',
      'row#02',
    ]);
    expect(await store.query('SourceRows', 'pages', 'row', 25)).toHaveLength(25);
    expect(await store.query('SourceRows', 'nobody', 'row', 25)).toEqual([]);
  });

  test('more than 25 items are put and more than 100 keys are read; absent ones are left out', async () => {
    const items = Array.from({ length: 260 }, (_, index) =>
      row(`many#${index}`, 'row', { place: { N: String(index) } }),
    );
    await store.putMany('SourceRows', items);
    const keys = Array.from({ length: 300 }, (_, index) => row(`many#${index}`, 'row'));
    const found = await store.getMany('SourceRows', keys);
    const places = (list: readonly Item[]) => list.map((item) => Number(item.place?.N)).sort((a, b) => a - b);
    expect(places(found)).toEqual(places(items));
    expect(await store.getMany('SourceRows', [])).toEqual([]);
    await store.putMany('SourceRows', []);
  });

  test('what BatchGetItem and BatchWriteItem leave undone is asked for again', async () => {
    const asked: unknown[] = [];
    const halfDone = new DynamoDbItemStore(
      {
        send: async ({ input }: { input: { RequestItems: Record<string, { Keys?: Item[] } | object[]> } }) => {
          const request = input.RequestItems.T;
          asked.push(request);
          if (Array.isArray(request)) return request.length > 1 ? { UnprocessedItems: { T: request.slice(1) } } : {};
          const [first, ...rest] = request?.Keys ?? [];
          return { Responses: { T: [first] }, ...(rest.length > 0 && { UnprocessedKeys: { T: { Keys: rest } } }) };
        },
      } as never,
      noPause,
    );
    expect(await halfDone.getMany('T', [row('a', '1'), row('a', '2'), row('a', '3')])).toHaveLength(3);
    await halfDone.putMany('T', [row('a', '1'), row('a', '2')]);
    expect(asked).toHaveLength(3 + 2);
  });
});
