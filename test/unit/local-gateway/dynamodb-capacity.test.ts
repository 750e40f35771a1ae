import { describe, expect, test } from 'vitest';
import { capacityOf } from '#local/gateway/dynamodb-capacity.ts';
import { itemSize, valueSize } from '#local/gateway/item-size.ts';

/** An item of exactly this many bytes: one name byte, the rest text. */
const item = (bytes: number) => ({ k: { S: 'x'.repeat(bytes - 1) } });
const kilobytes = (count: number) => item(Math.round(count * 1024));
const done = (operation: string, request: object, answer: object = {}) =>
  capacityOf(operation, request, answer, 'done');

describe('the size of a value is', () => {
  test.each([
    [{ S: 'abc' }, 3],
    [{ S: 'é€😀' }, 9],
    [{ N: '5' }, 2],
    [{ N: '27' }, 2],
    [{ N: '-27' }, 2],
    [{ N: '123' }, 3],
    [{ N: '0.00120' }, 2],
    [{ N: '1200' }, 2],
    [{ N: '0' }, 1],
    [{ N: '9'.repeat(38) }, 20],
    [{ B: Buffer.from('four').toString('base64') }, 4],
    [{ BOOL: false }, 1],
    [{ NULL: true }, 1],
    [{ SS: ['a', 'bcd'] }, 4],
    [{ NS: ['5', '123'] }, 5],
    [{ L: [] }, 3],
    [{ L: [{ S: 'a' }, { NULL: true }] }, 3 + 2 * 1 + 2],
    [{ M: { key: { S: 'a' } } }, 3 + 1 + 3 + 1],
  ])('%j: %i bytes', (value, bytes) => {
    expect(valueSize(value)).toBe(bytes);
  });
});

test('an item is its names and its values together', () => {
  expect(itemSize({ name: { S: 'cpu' }, ünit: { N: '12' } })).toBe(4 + 3 + 5 + 2);
});

describe("AWS's examples", () => {
  test('a read of 3 KB or 4 KB is one unit when consistent, half a unit when not', () => {
    expect(done('GetItem', { ConsistentRead: true }, { Item: kilobytes(3) }).readUnits).toBe(1);
    expect(done('GetItem', {}, { Item: kilobytes(4) }).readUnits).toBe(0.5);
    expect(done('TransactGetItems', {}, { Responses: [{ Item: kilobytes(4) }] }).readUnits).toBe(2);
  });

  test('an item of 8 KB takes 2, 1 or 4 units', () => {
    expect(done('GetItem', { ConsistentRead: true }, { Item: kilobytes(8) }).readUnits).toBe(2);
    expect(done('GetItem', {}, { Item: kilobytes(8) }).readUnits).toBe(1);
    expect(done('TransactGetItems', {}, { Responses: [{ Item: kilobytes(8) }] }).readUnits).toBe(4);
  });

  test('a batch of 1.5 KB and 6.5 KB is rounded item by item to 12 KB, not to 8 KB', () => {
    const request = { RequestItems: { T: { Keys: [{}, {}], ConsistentRead: true } } };

    expect(done('BatchGetItem', request, { Responses: { T: [kilobytes(1.5), kilobytes(6.5)] } }).readUnits).toBe(3);
  });

  test('a query that returns 10 items of 4 KB together with little is rounded once: 40.8 KB is 44 KB', () => {
    const Items = Array.from({ length: 10 }, () => kilobytes(4.08));

    expect(done('Query', { ConsistentRead: true }, { Items }).readUnits).toBe(11);
  });

  test('a write of 512 bytes is one unit, of 1.5 KB two, and twice that in a transaction', () => {
    expect(done('PutItem', { Item: item(512) }).writeUnits).toBe(1);
    expect(done('PutItem', { Item: kilobytes(1.5) }).writeUnits).toBe(2);
    expect(done('TransactWriteItems', { TransactItems: [{ Put: { Item: kilobytes(1.5) } }] }).writeUnits).toBe(4);
  });
});

test('three small puts in one transaction are six units, where DynamoDB Local says two', () => {
  const TransactItems = [1, 2, 3].map(() => ({ Put: { Item: item(100) } }));

  expect(done('TransactWriteItems', { TransactItems })).toEqual({ writeUnits: 6, readUnits: 0, lowerBound: false });
});

test('a condition check in a transaction is billed as a write', () => {
  expect(done('TransactWriteItems', { TransactItems: [{ ConditionCheck: { Key: item(10) } }] })).toEqual({
    writeUnits: 2,
    readUnits: 0,
    lowerBound: true,
  });
});

test('a failed condition is billed, a refused request is not', () => {
  expect(capacityOf('PutItem', { Item: item(10) }, undefined, 'failed').writeUnits).toBe(1);
  expect(capacityOf('PutItem', { Item: item(10) }, undefined, 'refused').writeUnits).toBe(0);
});

test('a read that finds nothing is billed', () => {
  expect(done('GetItem', {}).readUnits).toBe(0.5);
  expect(done('Query', { ConsistentRead: true }, { Items: [] }).readUnits).toBe(1);
  expect(done('BatchGetItem', { RequestItems: { T: { Keys: [{}, {}] } } }, { Responses: { T: [] } }).readUnits).toBe(1);
});

test('what the request and the answer do not show makes a lower bound', () => {
  expect(done('UpdateItem', { Key: item(10), ExpressionAttributeValues: { ':v': { S: 'x'.repeat(1500) } } })).toEqual({
    writeUnits: 2,
    readUnits: 0,
    lowerBound: true,
  });
  expect(done('DeleteItem', { Key: item(10) }).lowerBound).toBe(true);
  expect(done('Query', { FilterExpression: 'a = :a' }, { Items: [] }).lowerBound).toBe(true);
});
