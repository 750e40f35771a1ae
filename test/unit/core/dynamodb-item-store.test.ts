/** What the item store does with answers that DynamoDB Local never or seldom gives: batches left undone in part, refusals in AWS's words. */
import {
  type DynamoDBClient,
  DynamoDBServiceException,
  ResourceNotFoundException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { dispositionOf } from '#core/error/disposition.ts';
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

describe('a call that takes many requests', () => {
  const keys = Array.from({ length: 1950 }, (_, index) => ({ pk: { S: `metric#${index}` }, sk: { S: 'row' } }));

  /** Answers each read with what it asked for, when the test says so. */
  function slowStore(fails: (request: number) => boolean = () => false) {
    const asked: { readonly answer: () => void }[] = [];
    let open = 0;
    let mostOpen = 0;
    const send = ({ input }: { input: { RequestItems: { T: { Keys: object[] } } } }): Promise<object> => {
      const number = asked.length;
      mostOpen = Math.max(mostOpen, ++open);
      return new Promise((resolve, reject) => {
        const answer = (): void => {
          open -= 1;
          if (fails(number)) reject(new Error(`request ${number} failed`));
          else resolve({ Responses: { T: input.RequestItems.T.Keys } });
        };
        asked.push({ answer });
      });
    };
    const store = new DynamoDbItemStore({ send } as unknown as DynamoDBClient, async () => {});
    /** The youngest request is answered first. */
    const answerAll = async (): Promise<void> => {
      for (let seen = 0; seen < asked.length; ) {
        const waiting = asked.slice(seen);
        seen = asked.length;
        for (const { answer } of waiting.reverse()) answer();
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    return { store, answerAll, requests: () => asked.length, stillOpen: () => open, mostOpen: () => mostOpen };
  }

  test('has some of them under way at once, and answers in the order of what was asked for', async () => {
    const { store, answerAll, requests, mostOpen } = slowStore();
    const found = store.getMany('T', keys);
    await answerAll();
    expect(await found).toEqual(keys);
    expect([requests(), mostOpen()]).toEqual([20, 8]);
  });

  test('makes no further one after a failure, and ends when those under way have ended', async () => {
    const { store, answerAll, requests, stillOpen } = slowStore((request) => request === 3);
    const found = store.getMany('T', keys).then(
      () => 'found',
      (error: Error) => `${error.message}, ${stillOpen()} still open`,
    );
    await answerAll();
    expect(await found).toBe('request 3 failed, 0 still open');
    expect(requests()).toBeLessThan(20);
  });
});

const invalid = (message: string): Error =>
  new DynamoDBServiceException({ name: 'ValidationException', $fault: 'client', message, $metadata: {} });

function storeThrowing(error: Error): DynamoDbItemStore {
  const client = { send: async () => Promise.reject(error) } as unknown as DynamoDBClient;
  return new DynamoDbItemStore(client, async () => {});
}

const put = { kind: 'put', table: 'T', item: key } as const;

/** What the three ways of writing throw for the same answer of DynamoDB; a transaction may also wrap it into a cancellation. */
async function thrownFor(message: string): Promise<readonly unknown[]> {
  const cancelled = new TransactionCanceledException({
    message: 'cancelled',
    $metadata: {},
    CancellationReasons: [{ Code: 'None' }, { Code: 'ValidationError', Message: message }],
  });
  return Promise.all([
    storeThrowing(invalid(message)).write(put).catch(identity),
    storeThrowing(invalid(message)).putMany('T', [key]).catch(identity),
    storeThrowing(invalid(message)).transact([put]).catch(identity),
    storeThrowing(cancelled).transact([put, put]).catch(identity),
  ]);
}

const identity = (error: unknown): unknown => error;

describe('an item that DynamoDB refuses for its content', () => {
  const SECRET = 'salary of ada';
  test.each([
    [
      'One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes',
      '2048',
    ],
    [
      'One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes',
      '1024',
    ],
    [
      'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk',
      'empty',
    ],
    ['Attempting to store more than 38 significant digits in a Number', '38 digits'],
    [`The parameter cannot be converted to a numeric value: ${SECRET}`, '38 digits'],
    ['Number overflow. Attempting to store a number with magnitude larger than supported range', '38 digits'],
    [
      `One or more parameter values were invalid: Input collection [${SECRET}, ${SECRET}] contains duplicates.`,
      'twice',
    ],
    [`something that nobody knows about ${SECRET}`, 'cause'],
  ])('%s: its record is set aside, with a reason that quotes no value', async (message, reason) => {
    for (const error of await thrownFor(message)) {
      expect(error).toMatchObject({ code: 'ITEM_REFUSED', message: expect.stringContaining(reason) });
      expect((error as Error).message).not.toContain(SECRET);
      expect(dispositionOf(error)).toBe('quarantine');
    }
  });

  test.each([
    'Item size has exceeded the maximum allowed size',
    'Item size to update has exceeded the maximum allowed size',
  ])('%s: is too large, not refused for another reason', async (message) => {
    for (const error of await thrownFor(message)) expect(error).toMatchObject({ code: 'ITEM_TOO_LARGE' });
  });
});

describe('an answer that speaks of the table or of the moment', () => {
  test.each([
    'The provided key element does not match the schema',
    'One or more parameter values were invalid: Missing the key pk in the item',
    'One or more parameter values were invalid: Type mismatch for key pk expected: N actual: S',
    'One of the required keys was not given a value',
  ])('%s: is retried', async (message) => {
    for (const error of await thrownFor(message)) expect(dispositionOf(error), String(error)).toBe('retry');
  });

  test('is retried: a missing table, a throttled or conflicting write, a missing permission', async () => {
    const answers = [
      new ResourceNotFoundException({ message: 'Requested resource not found', $metadata: {} }),
      ...['ThrottlingException', 'ProvisionedThroughputExceededException', 'AccessDeniedException', 'TimeoutError'].map(
        (name) => Object.assign(invalid('Rate of requests exceeds the allowed throughput'), { name }),
      ),
      new TransactionCanceledException({
        message: 'cancelled',
        $metadata: {},
        CancellationReasons: [{ Code: 'None' }, { Code: 'ThrottlingError', Message: 'too much' }],
      }),
    ];
    for (const answer of answers) {
      expect(dispositionOf(await storeThrowing(answer).transact([put, put]).catch(identity)), answer.name).toBe(
        'retry',
      );
    }
  });

  test('comes after a failed condition beside it: what was to be written is out of date and is decided again', async () => {
    const CancellationReasons = [{ Code: 'ConditionalCheckFailed' }, { Code: 'ValidationError', Message: 'Item size' }];
    const cancelled = new TransactionCanceledException({ message: 'cancelled', $metadata: {}, CancellationReasons });
    const outcome = await storeThrowing(cancelled).transact([put, put]);
    expect(outcome).toEqual({ written: false, reasons: [{ kind: 'condition' }, { kind: 'none' }] });
  });
});
