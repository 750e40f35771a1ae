/**
 * A copy in a DynamoDB table with the partition key `metricId` (S) and no sort key. State and revision are one item, written by one conditional
 * PutItem: one write request per event, no read. Never give this table a TTL for tombstones: an older event could bring a metric back.
 */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { MetricJson } from '#schemas/metric-changed.ts';
import { parseJson } from '../exact-json.ts';
import type { MetricState, MetricStore, Remembered } from '../metric-state.ts';

type Item = Record<string, AttributeValue>;

export class DynamoDbMetricStore implements MetricStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async lastRevision(metricId: string): Promise<number> {
    return revisionOf(await this.#item(metricId));
  }

  /** The first clause lets in a metric that is not known, the second one only what is newer. */
  async remember(state: MetricState): Promise<Remembered> {
    const put = new PutItemCommand({
      TableName: this.#table,
      Item: itemOf(state),
      ConditionExpression: 'attribute_not_exists(metricId) OR #revision < :revision',
      ExpressionAttributeNames: { '#revision': 'revision' },
      ExpressionAttributeValues: { ':revision': { N: String(state.revision) } },
      ReturnValues: 'ALL_OLD',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    try {
      return { written: true, lastRevision: revisionOf((await this.#client.send(put)).Attributes) };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      // Also the answer to a second try of the SDK whose first one was written: a duplicate of itself, and no harm.
      return { written: false, lastRevision: revisionOf(error.Item) };
    }
  }

  /** The metric, or its tombstone. Strongly consistent. */
  async state(metricId: string): Promise<MetricState | undefined> {
    const item = await this.#item(metricId);
    return item && stateOfItem(item);
  }

  async #item(metricId: string): Promise<Item | undefined> {
    const get = new GetItemCommand({
      TableName: this.#table,
      Key: { metricId: { S: metricId } },
      ConsistentRead: true,
    });
    return (await this.#client.send(get)).Item;
  }
}

const revisionOf = (item: Item | undefined): number => Number(item?.revision?.N ?? 0);

/** The metric is kept as JSON text: as a map, a number of more than 38 digits would be refused and an empty set could not be told from none. */
function itemOf(state: MetricState): Item {
  return {
    metricId: { S: state.metricId },
    revision: { N: String(state.revision) },
    name: { S: state.name },
    occurredAt: { S: state.occurredAt },
    deleted: { BOOL: state.deleted },
    ...(!state.deleted && { metric: { S: JSON.stringify(state.metric) } }),
  };
}

/** An item of the copy, as a Scan gives it, for example to fill a cache. */
export function stateOfItem(item: Item): MetricState {
  const state = {
    metricId: item.metricId?.S ?? '',
    revision: revisionOf(item),
    name: item.name?.S ?? '',
    occurredAt: item.occurredAt?.S ?? '',
  };
  return item.metric?.S === undefined
    ? { ...state, deleted: true }
    : { ...state, deleted: false, metric: parseJson(item.metric.S) as MetricJson };
}
