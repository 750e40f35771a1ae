/**
 * Reads item "0" of the Metrics table for a claim check: one strongly consistent GetItem. Needs `dynamodb:GetItem` on that table; from another
 * account pass the table's ARN. What it gives has the form of the metric in an event.
 */
import { type AttributeValue, type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { type MetricJson, metricJson } from '#schemas/metric-changed.ts';
import type { CurrentMetric, FetchCurrent, MetricRef } from './fetch-current.ts';
import { MetricEventError } from './metric-event-error.ts';

type Item = Record<string, AttributeValue>;

/** What an item "0" holds beside the metric. */
const BOOKKEEPING = new Set(['lastChange', 'deleted', 'formerName']);

/** @param tableArn instead of the table that the event names, when it is another account's. */
export function fetchFromDynamoDb(client: DynamoDBClient, tableArn?: string): FetchCurrent {
  return async (ref) => {
    const { Item } = await client.send(
      new GetItemCommand({
        TableName: tableArn ?? ref.table,
        Key: { name: { S: ref.name }, version: { S: ref.version } },
        ConsistentRead: true,
      }),
    );
    return Item && currentMetric(Item, ref);
  };
}

/** Undefined for what is no metric: the redirect that a renamed metric leaves, and a name that is claimed and not filled yet. */
function currentMetric(item: Item, ref: MetricRef): CurrentMetric | undefined {
  if (item.renamedTo || item.claim) return undefined;
  const metric = metricOfItem(item, ref);
  return {
    metricId: String(item.metricId?.N),
    revision: Number(item.revision?.N),
    name: metric.name,
    occurredAt: item.lastChange?.M?.committedAt?.S ?? '',
    deleted: item.deleted?.BOOL ?? false,
    metric,
  };
}

function metricOfItem(item: Item, ref: MetricRef): MetricJson {
  const attributes = Object.entries(item).filter(([name]) => !BOOKKEEPING.has(name));
  const former = item.formerName?.S;
  const members = attributes.map(([name, value]) => [name, name === 'name' && former ? former : plainValue(value)]);
  const parsed = metricJson.safeParse(Object.fromEntries(members));
  if (parsed.success) return parsed.data;
  throw new MetricEventError(
    'FETCH_BROKEN',
    'data.metricRef',
    `what lies in table ${ref.table} under ${JSON.stringify(ref.name)} is no metric: ${parsed.error.issues[0]?.path.join('.')}`,
  );
}

/** As the publisher does it: sets are sorted arrays, a number is a JSON number where that is exact, else its decimal text. */
function plainValue(value: AttributeValue): unknown {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return exactNumber(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.SS) return [...value.SS].sort();
  if (value.NS) return [...value.NS].sort().map(exactNumber);
  if (value.L) return value.L.map(plainValue);
  if (value.M) return Object.fromEntries(Object.entries(value.M).map(([name, inner]) => [name, plainValue(inner)]));
  return null;
}

function exactNumber(text: string): number | string {
  const number = Number(text);
  return String(number) === text && (!Number.isInteger(number) || Number.isSafeInteger(number)) ? number : text;
}
