/** What the item store does with a batch that DynamoDB left undone in part; DynamoDB Local never does that. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { DynamoDbItemStore } from '#core/platform/dynamodb-item-store.ts';

const key = { pk: { S: 'metric#1' }, sk: { S: 'row' } };
const unread = { Responses: {}, UnprocessedKeys: { T: { Keys: [key] } } };
const read = { Responses: { T: [key] } };
const unwritten = { UnprocessedItems: { T: [{ PutRequest: { Item: key } }] } };

/** Gives the answers in turn, the last one for ever. */
function storeAnswering(...answers: readonly object[]) {
  const pauses: number[] = [];
  let requests = 0;
  const send = async (): Promise<object> => answers[Math.min(requests++, answers.length - 1)] ?? {};
  const client = { send } as unknown as DynamoDBClient;
  const store = new DynamoDbItemStore(client, async (attempt) => void pauses.push(attempt));
  return { store, pauses, requests: () => requests };
}

describe('a batch that DynamoDB leaves undone in part', () => {
  test('is asked for again, with a pause before each round but the first', async () => {
    const { store, pauses } = storeAnswering(unread, unread, read);
    expect(await store.getMany('T', [key])).toEqual([key]);
    expect(pauses).toEqual([0, 1]);
  });

  test('is written again, with a pause before each round but the first', async () => {
    const { store, pauses } = storeAnswering(unwritten, {});
    await store.putMany('T', [key]);
    expect(pauses).toEqual([0]);
  });

  test('is given up after a bound, so that the batch of the stream is retried', async () => {
    const reading = storeAnswering(unread);
    await expect(reading.store.getMany('T', [key])).rejects.toThrow('undone');
    expect(reading.requests()).toBe(30);
    const writing = storeAnswering(unwritten);
    await expect(writing.store.putMany('T', [key])).rejects.toThrow('undone');
    expect(writing.requests()).toBe(30);
  });
});
