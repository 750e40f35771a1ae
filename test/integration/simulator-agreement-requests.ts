/** Random requests to DynamoDB, good and bad, for the comparison of the simulator's model with DynamoDB Local. They are the same for the same seed. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Random } from '#simulator/engine/random.ts';

export const TABLE = 'Agreement';

type Item = Record<string, AttributeValue>;

export interface NamedRequest {
  readonly command:
    | 'GetItem'
    | 'BatchGetItem'
    | 'Query'
    | 'PutItem'
    | 'DeleteItem'
    | 'BatchWriteItem'
    | 'TransactWriteItems';
  readonly input: Record<string, unknown>;
}

const PARTITIONS = ['metric#1', 'group#2', 'Ätna', '😀', '__proto__'];
const SORTS = ['row', 'row#1', 'row#Z', 'row#a', 'row#\uffee', 'row#😀', 'head', 'constructor'];
const NUMBERS = [
  '0',
  '-0',
  '007',
  '1.50',
  '-1.5',
  '1e3',
  '1E-3',
  '.5',
  '5.',
  '+7',
  '100',
  '0.000',
  '-0.0070',
  '18446744073709551615',
  '12345678901234567890123456789012345678',
  '1234567890123456789012345678901234567.8',
  '1E125',
  '9.99E125',
  '1E-130',
  '1E40',
  '0.1e-5',
  '120e-2',
  '99999999999999999999999999999999999999000',
];
/** Inside lists, maps and sets DynamoDB Local keeps the ornaments of a number: see `nested-numbers` in docs/simulator-models.md. */
const PLAIN_NUMBERS = ['0', '-1.5', '100', '18446744073709551615'];
const BAD_NUMBERS = [
  '123456789012345678901234567890123456789',
  '1E126',
  '1E-131',
  'abc',
  '',
  '1 2',
  '--1',
  '0x10',
  'NaN',
  'Infinity',
  '1.2.3',
];

export function randomRequest(random: Random): NamedRequest {
  const TableName = random.chance(0.005) ? 'Nowhere' : TABLE;
  switch (random.below(9)) {
    case 0:
      return { command: 'GetItem', input: { TableName, Key: requestKey(random), ConsistentRead: true } };
    case 1: {
      const Keys = Array.from({ length: random.between(1, 6) }, () => requestKey(random));
      return {
        command: 'BatchGetItem',
        input: { RequestItems: { [TableName]: { Keys: mostlyDistinct(random, Keys), ConsistentRead: true } } },
      };
    }
    case 2:
      return { command: 'Query', input: { TableName, ...query(random), ConsistentRead: true } };
    case 3:
    case 4:
      return { command: 'PutItem', input: { TableName, Item: item(random), ...condition(random) } };
    case 5:
      return { command: 'DeleteItem', input: { TableName, Key: requestKey(random), ...condition(random) } };
    case 6: {
      const requests = Array.from({ length: random.between(1, 4) }, () =>
        random.chance(0.7) ? { PutRequest: { Item: item(random) } } : { DeleteRequest: { Key: requestKey(random) } },
      );
      return { command: 'BatchWriteItem', input: { RequestItems: { [TableName]: mostlyDistinct(random, requests) } } };
    }
    default:
      return { command: 'TransactWriteItems', input: transaction(random, TableName) };
  }
}

let tokens = 0;

function transaction(random: Random, TableName: string): Record<string, unknown> {
  const length = random.chance(0.01) ? 101 : random.between(1, 5);
  const actions = Array.from({ length }, (_, place) => {
    const common = { TableName, ...(length > 100 ? {} : condition(random)) };
    if (length > 100) return { Delete: { TableName, Key: { pk: { S: 'many' }, sk: { S: String(place) } } } };
    switch (random.below(4)) {
      case 0:
        return { Delete: { ...common, Key: requestKey(random) } };
      case 1:
        return { ConditionCheck: { TableName, ...someCondition(random), Key: requestKey(random) } };
      default:
        return { Put: { ...common, Item: item(random) } };
    }
  });
  // A token of the recent past comes back now and then: with the same request, or with another one.
  const token = random.chance(0.1) ? Math.max(1, tokens - random.below(3)) : ++tokens;
  return { TransactItems: mostlyDistinct(random, actions), ClientRequestToken: `token-${token}` };
}

/** By key; two on one item only sometimes, since that is refused whole. */
function mostlyDistinct<T extends object>(random: Random, requests: readonly T[]): readonly T[] {
  if (random.chance(0.03)) return requests;
  return [...new Map(requests.map((request) => [keyTextOf(request), request])).values()];
}

/** The item that a request touches, as text. */
export function keyTextOf(request: object): string {
  const text = JSON.stringify(request);
  return `${/"pk":\{[^}]*\}/.exec(text)?.[0]} ${/"sk":\{[^}]*\}/.exec(text)?.[0]}`;
}

const goodKey = (random: Random): Item => ({ pk: { S: random.pick(PARTITIONS) }, sk: { S: random.pick(SORTS) } });

/** Rarely one that is refused. */
function requestKey(random: Random): Item {
  if (random.chance(0.97)) return goodKey(random);
  const { pk, sk } = goodKey(random) as { pk: AttributeValue; sk: AttributeValue };
  return random.pick<Item>([
    { pk },
    { pk, sk: { N: '1' } },
    { pk, sk, more: { S: 'x' } },
    { pk: { S: '' }, sk },
    { pk, sk: { S: '' } },
    { pk: { S: 'p'.repeat(2049) }, sk },
    { pk, sk: { S: 'é'.repeat(513) } },
  ]);
}

function item(random: Random): Item {
  if (random.chance(0.03)) return badItem(random);
  return {
    ...(random.chance(0.005) ? requestKey(random) : goodKey(random)),
    writes: { N: String(random.below(3)) },
    fence: { N: random.pick(['1', '01', '1.0', '2']) },
    ...(random.chance(0.5) && { metricId: { N: random.pick(['1', '2']) } }),
    ...(random.chance(0.2) && { renamedTo: { S: random.pick(['a', '']) } }),
    ...(random.chance(0.3) && { [random.pick(['value', 'ä', '#x', 'a b'])]: value(random, 2) }),
  };
}

function value(random: Random, depth: number): AttributeValue {
  switch (random.below(depth > 0 ? 10 : 7)) {
    case 0:
      return { S: random.pick(['', 'text', '\u0000', '😀', '\ud800'.length > 0 ? 'ok' : '']) };
    case 1:
    case 2:
      return { N: random.pick(depth === 2 ? NUMBERS : PLAIN_NUMBERS) };
    case 3:
      return { BOOL: random.chance(0.5) };
    case 4:
      return { NULL: true };
    case 5:
      return { SS: random.shuffle(['a', 'b', 'ä']).slice(0, random.between(1, 3)) };
    case 6:
      return { NS: random.shuffle(['1', '2.5', '3']).slice(0, random.between(1, 3)) };
    case 7:
      return { L: Array.from({ length: random.below(3) }, () => value(random, depth - 1)) };
    default:
      return {
        M: Object.fromEntries(['a', 'b'].slice(0, random.below(3)).map((name) => [name, value(random, depth - 1)])),
      };
  }
}

function badItem(random: Random): Item {
  const key = goodKey(random);
  return random.pick<() => Item>([
    () => ({ ...key, n: { N: random.pick(BAD_NUMBERS) } }),
    () => ({ ...key, m: { M: { n: { N: random.pick(BAD_NUMBERS) } } } }),
    () => ({ ...key, set: { SS: [] } }),
    () => ({ ...key, set: { SS: ['a', 'a'] } }),
    () => ({ ...key, set: { NS: ['1', '1.0'] } }),
    () => ({ ...key, empty: { M: {} }, big: { S: 'x'.repeat(409_600) } }),
    () => ({ pk: key.pk as AttributeValue }),
    () => ({ ...key, pk: { N: '1' } }),
    () => ({ ...key, pk: { S: '' } }),
    () => ({ ...key, sk: { S: 's'.repeat(1025) } }),
    () => ({ ...key, pk: { S: 'p'.repeat(2049) } }),
  ])();
}

function condition(random: Random): Record<string, unknown> {
  return random.chance(0.4) ? {} : someCondition(random);
}

function someCondition(random: Random): Record<string, unknown> {
  const number = (): AttributeValue => ({ N: random.pick(['0', '1', '2', '1.0', '01']) });
  const found = random.chance(0.8) ? { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } : {};
  type Form = { expression: string; names?: Record<string, string>; values?: Item };
  const forms: Form[] = [
    { expression: 'attribute_not_exists(pk)' },
    { expression: '#fence = :fence', names: { '#fence': 'fence' }, values: { ':fence': number() } },
    { expression: '#writes = :read', names: { '#writes': 'writes' }, values: { ':read': number() } },
    {
      expression: 'attribute_not_exists(#name) OR attribute_exists(renamedTo) OR metricId = :me',
      names: { '#name': 'pk' },
      values: { ':me': number() },
    },
    { expression: 'metricId = :me', values: { ':me': number() } },
    {
      expression: 'metricId = :them AND #writes = :writes',
      names: { '#writes': 'writes' },
      values: { ':them': number(), ':writes': number() },
    },
  ];
  const badForms: Form[] = [
    { expression: 'metricId = :me', values: { ':you': number() } },
    { expression: '#other = :me', names: { '#name': 'pk' }, values: { ':me': number() } },
    { expression: 'metricId = :me', names: { '#name': 'pk' }, values: { ':me': number() } },
    { expression: 'metricId = :me', values: { ':me': number(), ':idle': number() } },
    { expression: 'metricId = :me', values: { ':me': { N: 'x' } } },
  ];
  const { expression, names, values } = random.pick(random.chance(0.02) ? badForms : forms);
  return {
    ...found,
    ConditionExpression: expression,
    ...(names && { ExpressionAttributeNames: names }),
    ...(values && { ExpressionAttributeValues: values }),
  };
}

function query(random: Random): Record<string, unknown> {
  const partition = random.pick(PARTITIONS);
  const prefix = random.chance(0.02) ? '' : random.pick(['row', 'row#', 'row#a', 'head', 'none', 'r']);
  return {
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
    ExpressionAttributeValues: { ':pk': { S: partition }, ':prefix': { S: prefix } },
    ...(random.chance(0.5) && { Limit: random.between(1, 4) }),
    ...(random.chance(0.3) && {
      ExclusiveStartKey: { pk: { S: partition }, sk: { S: `${prefix || 'row'}${random.pick(['', '#1', '#b'])}` } },
    }),
  };
}
