/** The item store on the AWS SDK. It adds nothing but the mapping of requests and answers: no decision of the protocol is made here. */
import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type CancellationReason,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { mapConcurrently, slices } from './concurrently.ts';
import type {
  Condition,
  Item,
  ItemStore,
  TransactionOutcome,
  TransactionReason,
  WriteAction,
  WriteOutcome,
} from './item-store.ts';
import { asRefusal, cancellationError } from './refused-item.ts';

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const BATCH_GET_KEYS_MAX = 100;
/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const BATCH_WRITE_ITEMS_MAX = 25;

/** Requests of one call under way at once: what a batch of records reads and writes together may take a hundred of them. */
const REQUESTS_CONCURRENT = 8;

/** Rounds for what a batch left undone. DynamoDB leaves the rest when it throttles or an answer is full; the SDK does not ask again. */
const BATCH_ROUNDS_MAX = 30;

type Request = Record<string, AttributeValue>;

const conditionOf = (condition: Condition | undefined) =>
  condition && {
    ConditionExpression: condition.expression,
    ...(condition.names && { ExpressionAttributeNames: { ...condition.names } }),
    ...(condition.values && { ExpressionAttributeValues: { ...condition.values } }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };

export class DynamoDbItemStore implements ItemStore {
  readonly #client: DynamoDBClient;
  readonly #pause: (attempt: number) => Promise<void>;

  /** `pause` waits before another round of a batch that was left undone in part. */
  constructor(client: DynamoDBClient, pause: (attempt: number) => Promise<void>) {
    this.#client = client;
    this.#pause = pause;
  }

  async get(table: string, key: Item): Promise<Item | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: table, Key: key as Request, ConsistentRead: true }),
    );
    return Item;
  }

  async getMany(table: string, keys: readonly Item[]): Promise<readonly Item[]> {
    const parts = slices(keys as readonly Request[], BATCH_GET_KEYS_MAX);
    const found = await mapConcurrently(parts, REQUESTS_CONCURRENT, (part) => this.#getPart(table, part));
    return found.flat();
  }

  async #getPart(table: string, keys: Request[]): Promise<readonly Item[]> {
    const items: Item[] = [];
    let rest: Request[] | undefined = keys;
    for (let round = 0; rest?.length; round++) {
      if (round > 0) await this.#beforeRound(round, table);
      const request: BatchGetItemCommand = new BatchGetItemCommand({
        RequestItems: { [table]: { Keys: rest, ConsistentRead: true } },
      });
      const answer = await this.#client.send(request);
      items.push(...(answer.Responses?.[table] ?? []));
      rest = answer.UnprocessedKeys?.[table]?.Keys;
    }
    return items;
  }

  async query(table: string, pk: string, skPrefix: string, limit?: number): Promise<readonly Item[]> {
    const items: Item[] = [];
    let start: Request | undefined;
    do {
      const answer: { Items?: Request[] | undefined; LastEvaluatedKey?: Request | undefined } = await this.#client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: { ':pk': { S: pk }, ':prefix': { S: skPrefix } },
          ConsistentRead: true,
          ...(start && { ExclusiveStartKey: start }),
          ...(limit !== undefined && { Limit: limit - items.length }),
        }),
      );
      items.push(...(answer.Items ?? []));
      start = answer.LastEvaluatedKey;
    } while (start && (limit === undefined || items.length < limit));
    return items;
  }

  async putMany(table: string, items: readonly Item[]): Promise<void> {
    const parts = slices(items as readonly Request[], BATCH_WRITE_ITEMS_MAX);
    await mapConcurrently(parts, REQUESTS_CONCURRENT, (part) => this.#putPart(table, part));
  }

  async #putPart(table: string, items: Request[]): Promise<void> {
    let rest: object | undefined = { [table]: items.map((item) => ({ PutRequest: { Item: item } })) };
    for (let round = 0; rest && Object.keys(rest).length > 0; round++) {
      if (round > 0) await this.#beforeRound(round, table);
      rest = await this.#putBatch(rest as Record<string, WriteRequest[]>);
    }
  }

  /** @returns what was left undone. */
  async #putBatch(requests: Record<string, WriteRequest[]>): Promise<object | undefined> {
    try {
      return (await this.#client.send(new BatchWriteItemCommand({ RequestItems: requests }))).UnprocessedItems;
    } catch (error) {
      throw asRefusal(error);
    }
  }

  async #beforeRound(round: number, table: string): Promise<void> {
    if (round >= BATCH_ROUNDS_MAX)
      throw new Error(`DynamoDB left a part of a batch on ${table} undone ${BATCH_ROUNDS_MAX} times in a row`);
    await this.#pause(round - 1);
  }

  async write(action: Exclude<WriteAction, { kind: 'check' }>): Promise<WriteOutcome> {
    try {
      if (action.kind === 'put') {
        await this.#client.send(
          new PutItemCommand({
            TableName: action.table,
            Item: action.item as Request,
            ...conditionOf(action.condition),
          }),
        );
      } else {
        await this.#client.send(
          new DeleteItemCommand({
            TableName: action.table,
            Key: action.key as Request,
            ...conditionOf(action.condition),
          }),
        );
      }
      return { written: true };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException)
        return { written: false, ...(error.Item && { found: error.Item }) };
      throw asRefusal(error);
    }
  }

  async transact(actions: readonly WriteAction[]): Promise<TransactionOutcome> {
    try {
      await this.#client.send(new TransactWriteItemsCommand({ TransactItems: actions.map(transactItem) }));
      return { written: true };
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw asRefusal(error);
      return { written: false, reasons: reasonsOf(error) };
    }
  }
}

function transactItem(action: WriteAction): TransactWriteItem {
  const condition = conditionOf(action.condition);
  switch (action.kind) {
    case 'put':
      return { Put: { TableName: action.table, Item: action.item as Request, ...condition } };
    case 'delete':
      return { Delete: { TableName: action.table, Key: action.key as Request, ...condition } };
    case 'check':
      return {
        ConditionCheck: {
          TableName: action.table,
          Key: action.key as Request,
          ConditionExpression: action.condition.expression,
          ...condition,
        },
      };
  }
}

/**
 * A throttled or internally failed action makes the whole transaction fail as infrastructure does, a refused item as its content does; but a
 * failed condition beside it comes first: what was to be written is out of date then, and will be read and decided again.
 */
function reasonsOf(error: TransactionCanceledException): readonly TransactionReason[] {
  const reasons = (error.CancellationReasons ?? []).map(reasonOf);
  if (reasons.some((reason) => reason?.kind === 'condition' || reason?.kind === 'conflict'))
    return reasons.map((reason) => reason ?? { kind: 'none' });
  const other = error.CancellationReasons?.find((_, index) => reasons[index] === undefined);
  throw other ? cancellationError(other.Code ?? '', other.Message ?? '', error) : error;
}

function reasonOf(reason: CancellationReason): TransactionReason | undefined {
  switch (reason.Code) {
    case undefined:
    case 'None':
      return { kind: 'none' };
    case 'ConditionalCheckFailed':
      return { kind: 'condition', ...(reason.Item && { found: reason.Item }) };
    case 'TransactionConflict':
      return { kind: 'conflict' };
    default:
      return undefined;
  }
}
