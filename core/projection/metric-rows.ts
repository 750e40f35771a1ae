/**
 * Everything of the mirror that one metric's items are made of, read strongly. The caller has read the metric's head before: whoever
 * writes on the strength of these rows is stopped by the fence if another recompute finished in between.
 */
import {
  dimensions,
  dimensionsMetricGroups,
  metricGroups,
  metricRelationships,
  metrics,
  metricVersions,
} from '#schemas/source/lph.ts';
import { entityOf, entityPartition, keyItem, ROWS, rowMirrorKey } from '../mirror/mirror-key.ts';
import { registerFingerprint } from '../mirror/register-fingerprint.ts';
import { storedRegister } from '../mirror/register-item.ts';
import type { RowRegister } from '../mirror/row-register.ts';
import type { Item, ItemStore } from '../platform/item-store.ts';

export interface MetricRows {
  readonly metric: RowRegister | undefined;
  /** All versions, tombstones included, in no particular order. */
  readonly versions: readonly RowRegister[];
  /** Rows that say which metrics this one consumes, tombstones included. */
  readonly relationships: readonly RowRegister[];
  readonly group: RowRegister | undefined;
  readonly groupDimensions: readonly RowRegister[];
  /** Dimensions of the group by id; an absent one has not arrived. */
  readonly dimensions: ReadonlyMap<string, RowRegister>;
  /** Consumed and chained metrics by id; an absent one has not arrived. */
  readonly metrics: ReadonlyMap<string, RowRegister>;
  /** The state in which each row was read. */
  readonly fingerprints: readonly string[];
}

export async function readMetricRows(store: ItemStore, table: string, metricId: string): Promise<MetricRows> {
  const partition = entityPartition('metric', metricId);
  const own = await store.query(table, partition, ROWS);
  const metric = only(own, metrics.name);
  const versions = registers(own, metricVersions.name);
  const relationships = registers(own, metricRelationships.name);
  const groupId = metric?.row?.get('metric_group_id');
  const inGroup = groupId ? await store.query(table, entityPartition('group', groupId), ROWS) : [];
  const groupDimensions = registers(inGroup, dimensionsMetricGroups.name);

  const dimensionIds = columnValues(groupDimensions, 'dimension_id');
  const metricIds = new Set(columnValues(relationships, 'consumed_metric_id'));
  const chained = metric?.row?.get('chained_metric_id');
  if (chained) metricIds.add(chained);
  const keys = [
    ...[...new Set(dimensionIds)].map((id) => rowMirrorKey(dimensions, [id])),
    ...[...metricIds].map((id) => rowMirrorKey(metrics, [id])),
  ];
  const referred = metric?.row ? await store.getMany(table, keys.map(keyItem)) : [];
  return {
    metric,
    versions,
    relationships,
    group: only(inGroup, metricGroups.name),
    groupDimensions,
    dimensions: byId(referred, dimensions.name),
    metrics: byId(referred, metrics.name),
    // A metric that consumes itself has its row read twice; what the second reading finds is no state that was projected.
    fingerprints: [...own, ...inGroup, ...referred.filter(({ pk }) => pk?.S !== partition)].map(registerFingerprint),
  };
}

const registers = (items: readonly Item[], table: string): readonly RowRegister[] =>
  items.filter((item) => item.table?.S === table).map((item) => storedRegister(item).register);

const only = (items: readonly Item[], table: string): RowRegister | undefined => registers(items, table)[0];

function columnValues(rows: readonly RowRegister[], column: string): readonly string[] {
  return rows.flatMap(({ row }) => row?.get(column) ?? []);
}

/** The id is the part of the partition after the entity, because a tombstone has no columns. */
function byId(items: readonly Item[], table: string): ReadonlyMap<string, RowRegister> {
  const entries = items.filter((item) => item.table?.S === table);
  return new Map(entries.map((item) => [entityOf(item.pk?.S ?? '')[1], storedRegister(item).register]));
}
