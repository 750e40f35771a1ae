/**
 * Reads what the Metrics table says now, strongly consistent: the state of every metric for the lookups, and the related dimensions of
 * chosen ones. A scan reads every version of every metric, though only items "0" come back; it is made once and then seldom.
 */
import { type DynamoDBClient, GetItemCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import { plainJson } from '#core/event/plain-json.ts';
import type { Item, ItemStore } from '#core/platform/item-store.ts';
import type { MetricState } from '#druid/current-metrics.ts';
import type { ChosenMetric } from '#druid/fact-dimensions.ts';
import { metricState } from '#druid/metric-text.ts';
import { followRenames } from '../metrics/follow-renames.ts';

/** What says whether an item is a live metric, and which. */
const ALWAYS = ['name', 'metricId', 'revision', 'renamedTo', 'claim', 'deleted'];

export async function scanMetrics(
  client: DynamoDBClient,
  table: string,
  attributes: readonly string[],
): Promise<readonly MetricState[]> {
  const items = await scan(client, table, attributes);
  return items.flatMap((item) => metricState(plainJson(item)) ?? []);
}

/** The metric under a name now; undefined for none. */
export async function readMetric(
  client: DynamoDBClient,
  table: string,
  name: string,
): Promise<MetricState | undefined> {
  const Key = { name: { S: name }, version: { S: '0' } };
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
  return Item && metricState(plainJson(Item));
}

export async function metricsWithPrefix(
  client: DynamoDBClient,
  table: string,
  prefix: string,
): Promise<readonly ChosenMetric[]> {
  const items = await scan(client, table, ['relatedDimensions', 'consumedMetrics'], prefix);
  return items.flatMap((item) => chosenMetric(item) ?? []).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** By the name that it has, or by one that it has left, which is said. */
export async function metricNamed(
  store: ItemStore,
  table: string,
  wanted: string,
  say: (line: string) => void,
): Promise<ChosenMetric | undefined> {
  const { item } = await followRenames(store, table, wanted, say);
  return item && chosenMetric(item);
}

function chosenMetric(item: Item): ChosenMetric | undefined {
  if (metricState(plainJson(item)) === undefined) return undefined;
  return {
    name: item.name?.S ?? '',
    relatedDimensions: [...(item.relatedDimensions?.SS ?? [])].sort(),
    consumedMetrics: [...(item.consumedMetrics?.SS ?? [])].sort(),
  };
}

async function scan(
  client: DynamoDBClient,
  TableName: string,
  attributes: readonly string[],
  prefix = '',
): Promise<readonly Item[]> {
  const wanted = [...new Set([...ALWAYS, ...attributes])];
  const names = new Map(wanted.map((attribute, index) => [`#a${index}`, attribute]));
  const items: Item[] = [];
  const pages = paginateScan(
    { client },
    {
      TableName,
      ConsistentRead: true,
      FilterExpression: `#version = :latest AND attribute_not_exists(renamedTo)${prefix === '' ? '' : ' AND begins_with(#a0, :prefix)'}`,
      ProjectionExpression: [...names.keys()].join(', '),
      ExpressionAttributeNames: { '#version': 'version', ...Object.fromEntries(names) },
      ExpressionAttributeValues: { ':latest': { S: '0' }, ...(prefix !== '' && { ':prefix': { S: prefix } }) },
    },
  );
  for await (const { Items = [] } of pages) items.push(...Items);
  return items;
}
