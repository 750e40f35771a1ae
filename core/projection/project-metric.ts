/**
 * Rows to the items of one metric, pure: the same rows give the same bytes in any order. What cannot be known yet is listed in `missing`;
 * whether to wait for it or to publish as it is, is not decided here.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Row } from '../change/row-change.ts';
import { belongsTo, type RowRegister } from '../mirror/row-register.ts';
import type { Item } from '../platform/item-store.ts';
import type { MetricRows } from './metric-rows.ts';

/** Version under which the current state of a metric is published. */
export const LATEST = '0';

export type ProjectedMetric =
  /** `seen` is false when no record of the metric's own row has ever arrived. */
  | { readonly kind: 'absent'; readonly seen: boolean }
  | {
      readonly kind: 'metric';
      readonly name: string;
      /** Version → content; "0" among them. Without `revision`, `lastChange` and `previousName`, which are not the source's. */
      readonly items: ReadonlyMap<string, Item>;
      /** Rows that the metric refers to and that have not arrived, or parts without which it is not whole. */
      readonly missing: readonly string[];
    };

export function projectMetric(rows: MetricRows): ProjectedMetric {
  const own = rows.metric;
  if (!own?.row) return { kind: 'absent', seen: own !== undefined };
  const { row } = own;
  const name = text(row, 'name');
  const isHybrid = row.get('value_type') === 'HYBRID';
  const missing: string[] = [];
  if (!belongsTo(rows.group, own)) missing.push(`metric_groups ${text(row, 'metric_group_id')}`);

  const identity: Item = {
    name: { S: name },
    metricId: { N: text(row, 'id') },
    valueType: { S: text(row, 'value_type') },
  };
  const chain = chainOf(rows, own, missing);
  const parts = isHybrid ? consumedMetricsOf(rows, own, missing) : relatedDimensionsOf(rows, missing);
  const versions = liveVersions(rows, own);
  const latest = versions.at(-1);
  if (!latest) missing.push('metric_versions');
  if (isHybrid && latest && !latest.get('hybrid_formula')) missing.push('hybrid_formula');

  const items = new Map<string, Item>();
  for (const version of versions) {
    const number = text(version, 'version');
    items.set(number, {
      ...identity,
      version: { S: number },
      ...chain,
      ...contentOf(version),
      ...(version === latest && parts),
    });
  }
  items.set(LATEST, {
    ...identity,
    version: { S: LATEST },
    ...chain,
    ...(latest && { ...contentOf(latest), latestVersion: { N: text(latest, 'version') } }),
    ...parts,
    ...textAttribute('createdAt', row, 'created_at'),
    ...textAttribute('createdBy', row, 'created_by'),
  });
  return { kind: 'metric', name, items, missing };
}

function liveVersions(rows: MetricRows, own: RowRegister): readonly Row[] {
  const live = rows.versions.flatMap((version) => (belongsTo(own, version) && version.row ? [version.row] : []));
  return live.sort((a, b) => (BigInt(text(a, 'version')) < BigInt(text(b, 'version')) ? -1 : 1));
}

function contentOf(version: Row): Item {
  const param = version.get('aggregation_param');
  return {
    ...textAttribute('updatedAt', version, 'created_at'),
    ...textAttribute('updatedBy', version, 'created_by'),
    ...textAttribute('deprecatedAt', version, 'deprecated_at'),
    ...textAttribute('deprecatedBy', version, 'deprecated_by'),
    ...textAttribute('deprecatedReason', version, 'deprecated_reason'),
    ...textAttribute('aggregationStyle', version, 'aggregation_style'),
    ...textAttribute('hybridFormula', version, 'hybrid_formula'),
    ...(param && { aggregationParam: { N: param } }),
  };
}

/** The chained metric by name. A chained metric that was deleted, or born again since, is SET NULL in the source without a record. */
function chainOf(rows: MetricRows, own: RowRegister, missing: string[]): Item {
  const cutoff = own.row ? textAttribute('chainCutoffDate', own.row, 'chain_cutoff_date') : {};
  const id = own.row?.get('chained_metric_id');
  if (!id) return cutoff;
  const target = id === own.row?.get('id') ? own : rows.metrics.get(id);
  if (!target) missing.push(`metrics ${id}`);
  if (!target?.row || !belongsTo(target, own)) return cutoff;
  return { ...cutoff, chainedMetric: { S: text(target.row, 'name') } };
}

function consumedMetricsOf(rows: MetricRows, own: RowRegister, missing: string[]): Item {
  const names: string[] = [];
  for (const relationship of rows.relationships) {
    const id = relationship.row?.get('consumed_metric_id');
    if (!id || !belongsTo(own, relationship)) continue;
    const target = id === own.row?.get('id') ? own : rows.metrics.get(id);
    if (!target) missing.push(`metrics ${id}`);
    else if (target.row && belongsTo(target, relationship)) names.push(text(target.row, 'name'));
  }
  if (names.length === 0) missing.push('metric_relationships');
  return nameSet('consumedMetrics', names);
}

function relatedDimensionsOf(rows: MetricRows, missing: string[]): Item {
  const names: string[] = [];
  for (const link of rows.groupDimensions) {
    const id = link.row?.get('dimension_id');
    if (!id || !belongsTo(rows.group, link)) continue;
    const target = rows.dimensions.get(id);
    if (!target) missing.push(`dimensions ${id}`);
    else if (target.row && belongsTo(target, link)) names.push(text(target.row, 'name'));
  }
  if (names.length === 0) missing.push('dimensions_metric_groups');
  return nameSet('relatedDimensions', names);
}

/** DynamoDB refuses an empty set, so it is an absent attribute; members are sorted so that equal sets are equal bytes. */
function nameSet(attribute: string, names: readonly string[]): Item {
  const members = [...new Set(names)].sort();
  return members.length === 0 ? {} : { [attribute]: { SS: members } };
}

const text = (row: Row, column: string): string => row.get(column) ?? '';

function textAttribute(attribute: string, row: Row, column: string): Item {
  const value = row.get(column);
  const attributes: Record<string, AttributeValue> = {};
  if (value !== null && value !== undefined) attributes[attribute] = { S: value };
  return attributes;
}
