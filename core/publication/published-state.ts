/** Strong reads of what is published: heads from the row mirror, item "0" from the Metrics table. A head is always read before any row. */
import { headKey, keyItem } from '../mirror/mirror-key.ts';
import type { Item, ItemStore } from '../platform/item-store.ts';
import { LATEST } from '../projection/project-metric.ts';
import { headOf, type MetricHead, NEW_HEAD } from './metric-head.ts';
import { itemKey } from './metric-item.ts';
import type { Tables } from './publication-writes.ts';

export interface PublishedState {
  readonly store: ItemStore;
  readonly tables: Tables;
}

export async function readHead({ store, tables }: PublishedState, metricId: string): Promise<MetricHead> {
  return headOf(await store.get(tables.sourceRows, keyItem(headKey(metricId))));
}

/** Heads of many metrics at once, new ones for metrics that have none yet. */
export async function readHeads(
  { store, tables }: PublishedState,
  metricIds: readonly string[],
): Promise<ReadonlyMap<string, MetricHead>> {
  const keys = metricIds.map(headKey);
  const items = await store.getMany(tables.sourceRows, keys.map(keyItem));
  const found = new Map(items.map((item) => [item.pk?.S, headOf(item)]));
  return new Map(metricIds.map((id, index) => [id, found.get(keys[index]?.pk) ?? NEW_HEAD]));
}

export async function readLatest({ store, tables }: PublishedState, name: string): Promise<Item | undefined> {
  return store.get(tables.metrics, itemKey(name, LATEST));
}
