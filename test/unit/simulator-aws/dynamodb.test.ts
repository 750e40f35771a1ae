import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { SimulatedDynamoDb } from '#simulator/aws/dynamodb.ts';
import { CLIENT_TIMEOUT_MS } from '#simulator/aws/network.ts';
import { type Faults, NO_FAULTS } from '#simulator/engine/faults.ts';
import { seededRandom } from '#simulator/engine/random.ts';
import { VirtualTime } from '#simulator/engine/virtual-time.ts';
import { errorName, lived } from './lived.ts';

type Item = Record<string, AttributeValue>;

const TABLES = { Rows: { partitionKey: 'pk', sortKey: 'sk' } };
const key = (sk: string): Item => ({ pk: { S: 'metric#1' }, sk: { S: sk } });
const item = (sk: string, n: number): Item => ({ ...key(sk), n: { N: String(n) } });

let time: VirtualTime;
let weather: { faults: Faults };
let db: SimulatedDynamoDb;

function world(seed: string, faults: Partial<Faults> = {}): void {
  time = new VirtualTime();
  weather = { faults: { ...NO_FAULTS, ...faults } };
  db = new SimulatedDynamoDb(time, seededRandom(seed), weather, TABLES);
}
beforeEach(() => world('dynamodb'));

const ask = (command: string, input: object): Promise<object> => db.request(command, { TableName: 'Rows', ...input });
const put = (sk: string, n: number): Promise<object> => ask('PutItem', { Item: item(sk, n) });
const get = (sk: string): Promise<object> => ask('GetItem', { Key: key(sk), ConsistentRead: true });
const puts = (...items: readonly Item[]) => ({
  TransactItems: items.map((Item) => ({ Put: { TableName: 'Rows', Item } })),
});
const transact = (items: readonly Item[], token?: string): Promise<object> =>
  db.request('TransactWriteItems', { ...puts(...items), ...(token && { ClientRequestToken: token }) });
const stored = (sk: string): string | undefined => db.item('Rows', { partition: 'metric#1', sort: sk })?.n?.N;
const settled = <T>(promises: readonly Promise<T>[]) => lived(time, Promise.allSettled(promises));

describe('transactions', () => {
  test('of two at a time on one item, never do both meet the same state, and some are told of the conflict', async () => {
    let conflicts = 0;
    for (let round = 0; round < 100; round++) {
      world(`conflict ${round}`);
      const read = { ConditionExpression: 'attribute_not_exists(pk)' };
      const claim = (n: number): Promise<object> =>
        db.request('TransactWriteItems', {
          TransactItems: [
            { Put: { TableName: 'Rows', Item: item('claim', n), ...read } },
            { Put: { TableName: 'Rows', Item: item(`by ${n}`, n) } },
          ],
        });
      const outcomes = await settled([claim(1), claim(2)]);
      const done = outcomes.flatMap(({ status }, place) => (status === 'fulfilled' ? [place + 1] : []));
      expect(done.length).toBeLessThanOrEqual(1);
      expect([stored('by 1'), stored('by 2')].filter((n) => n !== undefined)).toEqual(done.map(String));
      const codes = outcomes.flatMap((outcome) =>
        outcome.status === 'rejected' ? [outcome.reason.CancellationReasons?.[0]?.Code] : [],
      );
      if (codes.includes('TransactionConflict')) conflicts += 1;
    }
    expect(conflicts).toBeGreaterThan(10);
  });

  test('refuse a single write of an item that they hold', async () => {
    const names = new Set<string | undefined>();
    for (let round = 0; round < 50; round++) {
      world(`single ${round}`);
      const [, single] = await settled([transact([item('a', 1), item('b', 1)]), put('a', 2)]);
      names.add(single?.status === 'rejected' ? single.reason.name : undefined);
    }
    expect(names).toEqual(new Set(['TransactionConflictException', undefined]));
  });

  test('are never seen in part by one item, and may be seen in part by a query', async () => {
    const seen = new Set<string>();
    for (let round = 0; round < 600; round++) {
      world(`isolation ${round}`);
      await lived(time, transact([item('row#a', 1), item('row#b', 1)]));
      const query = ask('Query', {
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': { S: 'metric#1' }, ':prefix': { S: 'row' } },
        ConsistentRead: true,
      });
      const [, answer] = await lived(time, Promise.all([transact([item('row#a', 2), item('row#b', 2)]), query]));
      seen.add((answer as { Items: Item[] }).Items.map(({ n }) => n?.N).join(' '));
    }
    expect(seen).toEqual(new Set(['1 1', '2 2', '1 2', '2 1']));
  });

  test('are carried out once per token, for ten minutes', async () => {
    await lived(time, transact([item('a', 1)], 'token'));
    await lived(time, put('a', 2));
    await lived(time, transact([item('a', 1)], 'token'));
    expect(stored('a')).toBe('2');
    expect(await errorName(lived(time, transact([item('a', 3)], 'token')))).toBe(
      'IdempotentParameterMismatchException',
    );
    await lived(time, time.sleep(600_001));
    await lived(time, transact([item('a', 1)], 'token'));
    expect(stored('a')).toBe('1');
  });

  test('that failed leave their token free', async () => {
    const guarded = { ConditionExpression: 'attribute_not_exists(pk)', Key: key('a'), TableName: 'Rows' };
    const request = {
      TransactItems: [{ ConditionCheck: guarded }, ...puts(item('b', 1)).TransactItems],
      ClientRequestToken: 't',
    };
    await lived(time, put('a', 1));
    expect(await errorName(lived(time, db.request('TransactWriteItems', request)))).toBe(
      'TransactionCanceledException',
    );
    await lived(time, ask('DeleteItem', { Key: key('a') }));
    await lived(time, db.request('TransactWriteItems', request));
    expect(stored('b')).toBe('1');
  });

  test('meet conflicts with nobody, as the weather has it, and then nothing is written', async () => {
    weather.faults = { ...NO_FAULTS, conflict: 1 };
    const [outcome] = await settled([transact([item('a', 1), item('b', 1)])]);
    const reasons = outcome?.status === 'rejected' ? outcome.reason.CancellationReasons : [];
    expect(reasons.map(({ Code }: { Code: string }) => Code).sort()).toEqual(['None', 'TransactionConflict']);
    expect([stored('a'), stored('b')]).toEqual([undefined, undefined]);
    weather.faults = NO_FAULTS;
    await lived(time, transact([item('a', 1), item('b', 1)]));
    expect([stored('a'), stored('b')]).toEqual(['1', '1']);
  });
});

describe('the network', () => {
  test('loses answers, not the work', async () => {
    weather.faults = { ...NO_FAULTS, lostResponse: 1 };
    expect(await errorName(lived(time, put('a', 1)))).toBe('TimeoutError');
    expect(stored('a')).toBe('1');
  });

  test('throttles before anything is done', async () => {
    weather.faults = { ...NO_FAULTS, throttle: 1 };
    const names = new Set<string | undefined>();
    for (let round = 0; round < 30; round++) {
      names.add(await errorName(lived(time, put('a', 1))));
      names.add(await errorName(lived(time, transact([item('a', 1)]))));
    }
    expect(stored('a')).toBeUndefined();
    expect(names).toEqual(
      new Set([
        'ThrottlingException',
        'ProvisionedThroughputExceededException',
        'InternalServerError',
        'TransactionCanceledException',
      ]),
    );
  });

  test('may carry a request out after its sender gave up', async () => {
    let late = 0;
    for (let round = 0; round < 100; round++) {
      world(`slow ${round}`, { slow: 1 });
      const askedAtMs = time.nowMs();
      const name = await errorName(lived(time, put('a', 1)));
      expect(time.nowMs() - askedAtMs).toBeLessThanOrEqual(CLIENT_TIMEOUT_MS);
      if (name === undefined || stored('a') !== undefined) continue;
      late += 1;
      await lived(time, time.sleep(CLIENT_TIMEOUT_MS));
      expect(stored('a')).toBe('1');
    }
    expect(late).toBeGreaterThan(5);
  });
});

describe('batches', () => {
  test('left undone in part say what is left, and what was done is done', async () => {
    weather.faults = { ...NO_FAULTS, partial: 1 };
    const items = ['a', 'b', 'c'].map((sk) => item(sk, 1));
    const requests = items.map((Item) => ({ PutRequest: { Item } }));
    const answer = await lived(time, db.request('BatchWriteItem', { RequestItems: { Rows: requests } }));
    const left = (answer as { UnprocessedItems: { Rows: { PutRequest: { Item: Item } }[] } }).UnprocessedItems.Rows;
    expect(left.length).toBeGreaterThan(0);
    expect(db.items('Rows').length + left.length).toBe(3);

    weather.faults = NO_FAULTS;
    await lived(time, db.request('BatchWriteItem', { RequestItems: { Rows: requests } }));
    weather.faults = { ...NO_FAULTS, partial: 1 };
    const Keys = items.map(({ pk, sk }) => ({ pk, sk }));
    const read = await lived(
      time,
      db.request('BatchGetItem', { RequestItems: { Rows: { Keys, ConsistentRead: true } } }),
    );
    const { Responses, UnprocessedKeys } = read as {
      Responses: { Rows: Item[] };
      UnprocessedKeys: { Rows: { Keys: Item[]; ConsistentRead: boolean } };
    };
    expect(Responses.Rows.length + UnprocessedKeys.Rows.Keys.length).toBe(3);
    expect(UnprocessedKeys.Rows.ConsistentRead).toBe(true);
  });

  test('and queries are followed to their end by LastEvaluatedKey, each item once and in order', async () => {
    const names = Array.from({ length: 12 }, (_, number) => `row#${String(number).padStart(2, '0')}`);
    for (const name of names) await lived(time, put(name, 1));
    weather.faults = { ...NO_FAULTS, partial: 0.8 };
    const found: (string | undefined)[] = [];
    let start: Item | undefined;
    let pages = 0;
    do {
      const answer = await lived(
        time,
        ask('Query', {
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: { ':pk': { S: 'metric#1' }, ':prefix': { S: 'row#' } },
          ConsistentRead: true,
          ...(start && { ExclusiveStartKey: start }),
        }),
      );
      const page = answer as { Items: Item[]; LastEvaluatedKey?: Item };
      found.push(...page.Items.map(({ sk }) => sk?.S));
      start = page.LastEvaluatedKey;
      pages += 1;
    } while (start);
    expect(found).toEqual(names);
    expect(pages).toBeGreaterThan(1);
  });
});

describe('what it does not know', () => {
  test('is an error and never a guess', async () => {
    const odd = ask('PutItem', {
      Item: item('a', 1),
      ConditionExpression: 'n < :n',
      ExpressionAttributeValues: { ':n': { N: '1' } },
    });
    await expect(lived(time, odd)).rejects.toThrow('does not know the condition "n < :n"');
    await expect(lived(time, ask('UpdateItem', {}))).rejects.toThrow('does not know UpdateItem');
    await expect(lived(time, ask('GetItem', { Key: key('a') }))).rejects.toThrow('ConsistentRead: true');
    expect(stored('a')).toBeUndefined();
  });
});

test('the same seed gives the same answers at the same times, whatever the weather', async () => {
  const story = async (): Promise<readonly string[]> => {
    world('same', { throttle: 0.1, lostResponse: 0.1, slow: 0.1, partial: 0.3, conflict: 0.1 });
    const told: string[] = [];
    const note = (what: string) => (outcome: unknown) =>
      told.push(`${time.nowMs()} ${what} ${outcome instanceof Error ? outcome.name : JSON.stringify(outcome)}`);
    const requests = Array.from({ length: 60 }, (_, number) => {
      const request = [put, (sk: string, n: number) => transact([item(sk, n), item('b', n)]), get][number % 3] ?? put;
      return request(`row#${number % 5}`, number).then(note(String(number)), note(String(number)));
    });
    await lived(time, Promise.all(requests));
    return told;
  };
  const first = await story();
  expect(await story()).toEqual(first);
  expect(new Set(first.map((line) => line.split(' ')[2]?.slice(0, 8))).size).toBeGreaterThan(3);
});
