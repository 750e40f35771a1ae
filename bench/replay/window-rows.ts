/**
 * The rows of the window that is replayed: metrics as the product creates them, each changed once afterwards, so that the stream holds inserts
 * and updates with positions. Their names and ids lie apart from the metrics that are updated singly beside a replay.
 */
import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  paginateScan,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import type { Connection } from 'mysql2/promise';
import type { Tables } from '#cli/demo/end-state.ts';
import { slices } from '#core/platform/concurrently.ts';

/** Group, link, metric, version, and the version's update. */
export const ROWS_PER_METRIC = 5;
const FIRST_ID = 100_000;
const METRICS_PER_TRANSACTION = 100;
const WHEN = '2026-02-03 04:05:06.250000';
const NAME_PREFIX = 'window_';
const BATCH_MAX = 25;
const BATCHES_AT_ONCE = 8;

type Item = Record<string, AttributeValue>;

export const windowMetricIds = (rows: number): readonly number[] =>
  Array.from({ length: Math.max(1, Math.round(rows / ROWS_PER_METRIC)) }, (_, index) => FIRST_ID + index);

/** `dimensionIds`: dimensions that exist. */
export async function writeWindow(
  source: Connection,
  ids: readonly number[],
  dimensionIds: readonly number[],
): Promise<void> {
  for (let from = 0; from < ids.length; from += METRICS_PER_TRANSACTION) {
    const part = ids.slice(from, from + METRICS_PER_TRANSACTION);
    const dimensionOf = (id: number): number => dimensionIds[id % dimensionIds.length] ?? 0;
    const name = (id: number): string => `${NAME_PREFIX}${id}`;
    const insert = (table: string, values: readonly (readonly unknown[])[]) =>
      source.query(`INSERT INTO ${table} VALUES ?`, [values]);
    await source.beginTransaction();
    await insert(
      'metric_groups',
      part.map((id) => [id, name(id), WHEN, 'bench']),
    );
    await insert(
      'dimensions_metric_groups',
      part.map((id) => [dimensionOf(id), id]),
    );
    await insert(
      'metrics',
      part.map((id) => [id, name(id), 'SCALAR', id, null, null, WHEN, 'bench', WHEN]),
    );
    await insert(
      'metric_versions',
      part.map((id) => [id, 1, 'SUM', null, null, WHEN, 'bench', null, null, null]),
    );
    await source.commit();
  }
  for (let from = 0; from < ids.length; from += METRICS_PER_TRANSACTION)
    await source.query("UPDATE metric_versions SET created_by = 'later' WHERE metric_id IN (?)", [
      ids.slice(from, from + METRICS_PER_TRANSACTION),
    ]);
}

/** Deletes what the window wrote from both tables, as if it had never come; answers the number of items. */
export async function loseWindow(client: DynamoDBClient, tables: Tables, ids: readonly number[]): Promise<number> {
  const partitions = new Set(ids.flatMap((id) => [`metric#${id}`, `group#${id}`]));
  const rows = await deleteItems(client, tables.sourceRows, ['pk', 'sk'], ({ pk }) => partitions.has(pk?.S ?? ''));
  const items = await deleteItems(client, tables.metrics, ['name', 'version'], ({ name }) =>
    Boolean(name?.S?.startsWith(NAME_PREFIX)),
  );
  return rows + items;
}

async function deleteItems(
  client: DynamoDBClient,
  table: string,
  key: readonly string[],
  isLost: (item: Item) => boolean,
): Promise<number> {
  const requests: WriteRequest[] = [];
  for await (const { Items = [] } of paginateScan({ client }, { TableName: table, ConsistentRead: true })) {
    for (const item of Items.filter(isLost)) {
      const Key = Object.fromEntries(key.flatMap((name) => (item[name] ? [[name, item[name]]] : [])));
      requests.push({ DeleteRequest: { Key } });
    }
  }
  const batches = slices(requests, BATCH_MAX);
  const worker = async (): Promise<void> => {
    for (let batch = batches.pop(); batch; batch = batches.pop()) {
      const { UnprocessedItems = {} } = await client.send(
        new BatchWriteItemCommand({ RequestItems: { [table]: batch } }),
      );
      const left = UnprocessedItems[table] ?? [];
      if (left.length > 0) batches.push(left);
    }
  };
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, worker));
  return requests.length;
}
