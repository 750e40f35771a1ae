/**
 * The columns of the copy beside those that the kit keeps (`metric_id`, `name`, `deleted`, `revision`, the metric as JSON): what people join
 * and group by. Pure. A deleted metric stays as a row with `deleted = 1` and NULLs here.
 */
import type { MetricState } from '#consumer/metric-state.ts';
import type { SqlColumn } from '#consumer/stores/sql-statements.ts';
import type { MetricJson } from '#schemas/metric-changed.ts';

export const COPY_TABLE = 'metrics';

type Member = keyof MetricJson & string;

export const COPY_COLUMNS: readonly SqlColumn[] = [
  text('value_type', 'VARCHAR(64)', 'valueType'),
  text('latest_version', 'BIGINT UNSIGNED', 'latestVersion'),
  text('aggregation_style', 'VARCHAR(64)', 'aggregationStyle'),
  text('aggregation_param', 'DECIMAL(20,10)', 'aggregationParam'),
  text('hybrid_formula', 'TEXT', 'hybridFormula'),
  text('chained_metric', 'VARCHAR(255)', 'chainedMetric'),
  dateTime('chain_cutoff_date', 'chainCutoffDate'),
  dateTime('created_at', 'createdAt'),
  text('created_by', 'VARCHAR(64)', 'createdBy'),
  dateTime('updated_at', 'updatedAt'),
  text('updated_by', 'VARCHAR(64)', 'updatedBy'),
  dateTime('deprecated_at', 'deprecatedAt'),
  text('deprecated_by', 'VARCHAR(64)', 'deprecatedBy'),
  text('deprecated_reason', 'VARCHAR(1024)', 'deprecatedReason'),
  set('related_dimensions', 'relatedDimensions'),
  set('consumed_metrics', 'consumedMetrics'),
];

function text(name: string, type: string, member: Member): SqlColumn {
  return { name, type: `${type} NULL`, value: (state) => textOf(state, member) };
}

/** `2018-02-15T18:23:45.5Z`, which SQL writes with a space and without the Z. */
function dateTime(name: string, member: Member): SqlColumn {
  const value = (state: MetricState) => textOf(state, member)?.replace('T', ' ').replace('Z', '') ?? null;
  return { name, type: 'DATETIME(6) NULL', value };
}

/** A JSON array, for JSON_TABLE and JSON_CONTAINS. */
function set(name: string, member: Member): SqlColumn {
  const value = (state: MetricState) => {
    const names = state.deleted ? undefined : state.metric[member];
    return names === undefined ? null : JSON.stringify(names);
  };
  return { name, type: 'JSON NULL', value };
}

function textOf(state: MetricState, member: Member): string | null {
  const value = state.deleted ? undefined : state.metric[member];
  return value === undefined ? null : String(value);
}
