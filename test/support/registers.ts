/** Registers and the rows of a metric, built in a few words. */
import type { Row, RowChange, SourceCommit } from '#core/change/row-change.ts';
import type { Moment } from '#core/change/source-position.ts';
import type { RowRegister } from '#core/mirror/row-register.ts';
import type { MetricRows } from '#core/projection/metric-rows.ts';
import { metrics } from '#schemas/source/lph.ts';
import { metricRow, type SourceRow, versionRow } from './source-story.ts';

/** The n-th change of the binlog; its message was built at the n-th second. */
export function at(transaction: number, record = 1, lineage = 'lph-1'): Moment {
  return {
    builtAt: builtAt(transaction),
    position: { lineage, transactionId: BigInt(transaction), recordId: BigInt(record) },
  };
}

/** A message of a full load, built at the n-th second. */
export const loadedAt = (second: number): Moment => ({ builtAt: builtAt(second) });

const builtAt = (second: number): string => `2026-11-20T12:00:${String(second).padStart(2, '0')}.000000Z`;

export const row = (columns: SourceRow): Row => new Map(Object.entries(columns));

export function register(columns: SourceRow | null, moment: Moment, more: Partial<RowRegister> = {}): RowRegister {
  return { row: columns && row(columns), moment, loaded: moment.position === undefined, ...more };
}

export const COMMIT: SourceCommit = { transactionId: '677883278264080', committedAt: '2026-11-20T12:00:00Z' };

/** A change of row 1 of `metrics`. */
export function change(
  operation: RowChange['operation'],
  moment: Moment,
  columns: SourceRow | null = { id: '1' },
): RowChange {
  return {
    table: metrics,
    key: ['1'],
    operation,
    row: operation === 'delete' || operation === 'absent' ? null : columns && row(columns),
    moment,
    commit: COMMIT,
  };
}

const CREATED = { created_at: '2018-02-15T18:23:45.5Z', created_by: 'ada' };

/** A whole primitive metric 42 `packages` of group 5 with versions 1 and 2 and the dimension `country`; parts are replaced as told. */
export function rowsOf(parts: Partial<MetricRows> & { readonly metricRow?: SourceRow } = {}): MetricRows {
  const { metricRow: columns, ...others } = parts;
  return {
    metric: register({ ...CREATED, ...metricRow('42', 'packages', { metric_group_id: '5' }), ...columns }, at(10)),
    versions: [version('1'), version('2', { aggregation_style: 'PERCENTILE' })],
    relationships: [],
    group: register({ id: '5', name: 'packages' }, at(1)),
    groupDimensions: [register({ dimension_id: '9', metric_group_id: '5' }, at(2))],
    dimensions: new Map([['9', register({ id: '9', name: 'country' }, at(1))]]),
    metrics: new Map(),
    fingerprints: [],
    ...others,
  };
}

export const version = (number: string, more: SourceRow = {}, moment: Moment = at(11)): RowRegister =>
  register({ ...CREATED, ...versionRow('42', number), ...more }, moment);

/** A hybrid that consumes metrics 7 `cpu` and 8 `memory`. */
export function hybridRowsOf(parts: Partial<MetricRows> & { readonly metricRow?: SourceRow } = {}): MetricRows {
  return rowsOf({
    metricRow: { value_type: 'HYBRID', ...parts.metricRow },
    versions: [version('1', { hybrid_formula: 'a / b' })],
    relationships: [consumes('7'), consumes('8')],
    metrics: new Map([
      ['7', register({ id: '7', name: 'cpu' }, at(1))],
      ['8', register({ id: '8', name: 'memory' }, at(1))],
    ]),
    groupDimensions: [],
    dimensions: new Map(),
    ...withoutMetricRow(parts),
  });
}

export const consumes = (id: string, moment: Moment = at(12)): RowRegister =>
  register({ consumed_metric_id: id, consumer_metric_id: '42' }, moment);

function withoutMetricRow({
  metricRow: _,
  ...parts
}: Partial<MetricRows> & { readonly metricRow?: SourceRow }): Partial<MetricRows> {
  return parts;
}
