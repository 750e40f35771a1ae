/**
 * The six replicated tables of the database `lph`. This is the only place that names their columns, keys and references.
 * The load order puts what a metric refers to before the metric itself, so that a full load publishes each metric once.
 */
import type { SourceTable } from './source-table.ts';

export const SOURCE_SCHEMA = 'lph';

/** Column that a DMS `add-column` transformation puts on every row: the name of the binlog lineage the row came from. */
export const LINEAGE_COLUMN = 'relay_lineage';

const bigint = { kind: 'integer', sqlType: 'BIGINT UNSIGNED' } as const;
const name = { kind: 'text', sqlType: 'VARCHAR(255)' } as const;
const datetime = { kind: 'datetime', sqlType: 'DATETIME(6)' } as const;
const user = { kind: 'text', sqlType: 'VARCHAR(64)' } as const;

export const metricGroups = {
  name: 'metric_groups',
  key: ['id'],
  columns: { id: bigint, name, created_at: datetime, created_by: user },
  references: [],
  aggregate: { entity: 'group', column: 'id' },
  loadOrder: 50,
} as const satisfies SourceTable;

export const dimensions = {
  name: 'dimensions',
  key: ['id'],
  columns: { id: bigint, name: { ...name, nonEmpty: true }, created_at: datetime, created_by: user },
  references: [],
  aggregate: { entity: 'dimension', column: 'id' },
  loadOrder: 60,
} as const satisfies SourceTable;

export const dimensionsMetricGroups = {
  name: 'dimensions_metric_groups',
  key: ['dimension_id', 'metric_group_id'],
  columns: { dimension_id: bigint, metric_group_id: bigint },
  references: [
    { column: 'metric_group_id', table: 'metric_groups' },
    { column: 'dimension_id', table: 'dimensions' },
  ],
  aggregate: { entity: 'group', column: 'metric_group_id' },
  loadOrder: 40,
} as const satisfies SourceTable;

export const metrics = {
  name: 'metrics',
  key: ['id'],
  columns: {
    id: bigint,
    name: { ...name, nonEmpty: true },
    value_type: {
      kind: 'enum',
      sqlType: "ENUM('SCALAR','WEIGHTED_AVERAGE','HYBRID','PERCENTILE')",
      members: ['SCALAR', 'WEIGHTED_AVERAGE', 'HYBRID', 'PERCENTILE'],
    },
    metric_group_id: bigint,
    chained_metric_id: { ...bigint, nullable: true },
    chain_cutoff_date: { kind: 'datetime', sqlType: 'DATETIME', nullable: true },
    created_at: datetime,
    created_by: user,
    updated_at: datetime,
  },
  references: [
    { column: 'metric_group_id', table: 'metric_groups' },
    { column: 'chained_metric_id', table: 'metrics' },
  ],
  aggregate: { entity: 'metric', column: 'id' },
  publishedName: 'name',
  loadOrder: 10,
} as const satisfies SourceTable;

export const metricVersions = {
  name: 'metric_versions',
  key: ['metric_id', 'version'],
  columns: {
    metric_id: bigint,
    version: { kind: 'integer', sqlType: 'INT UNSIGNED', positive: true },
    aggregation_style: {
      kind: 'enum',
      sqlType: "ENUM('SUM','LAST_DAY_OF_PERIOD','PERCENTILE')",
      members: ['SUM', 'LAST_DAY_OF_PERIOD', 'PERCENTILE'],
    },
    aggregation_param: { kind: 'decimal', sqlType: 'DECIMAL(20,10)', nullable: true },
    hybrid_formula: { kind: 'text', sqlType: 'TEXT', nullable: true },
    created_at: datetime,
    created_by: user,
    deprecated_at: { ...datetime, nullable: true },
    deprecated_by: { ...user, nullable: true },
    deprecated_reason: { kind: 'text', sqlType: 'VARCHAR(1024)', nullable: true },
  },
  references: [{ column: 'metric_id', table: 'metrics' }],
  aggregate: { entity: 'metric', column: 'metric_id' },
  loadOrder: 30,
} as const satisfies SourceTable;

export const metricRelationships = {
  name: 'metric_relationships',
  key: ['consumed_metric_id', 'consumer_metric_id'],
  columns: { consumed_metric_id: bigint, consumer_metric_id: bigint },
  references: [
    { column: 'consumer_metric_id', table: 'metrics' },
    { column: 'consumed_metric_id', table: 'metrics' },
  ],
  aggregate: { entity: 'metric', column: 'consumer_metric_id' },
  loadOrder: 20,
} as const satisfies SourceTable;

/** All replicated tables, in the order of the full load. */
export const SOURCE_TABLES: readonly SourceTable[] = [
  dimensions,
  metricGroups,
  dimensionsMetricGroups,
  metricVersions,
  metricRelationships,
  metrics,
];

/** The declaration of a table by name, or undefined when the table is not replicated. */
export function sourceTable(tableName: string): SourceTable | undefined {
  return SOURCE_TABLES.find((table) => table.name === tableName);
}
