/** Rows to items. */
import { describe, expect, test } from 'vitest';
import type { Item } from '#core/platform/item-store.ts';
import type { MetricRows } from '#core/projection/metric-rows.ts';
import { projectMetric } from '#core/projection/project-metric.ts';
import { at, consumes, hybridRowsOf, loadedAt, register, rowsOf, version } from '../../support/registers.ts';

function projected(rows: MetricRows): {
  readonly items: ReadonlyMap<string, Item>;
  readonly missing: readonly string[];
} {
  const result = projectMetric(rows);
  if (result.kind !== 'metric') throw new Error(`the metric is ${result.kind}`);
  return result;
}
const latest = (rows: MetricRows): Item => projected(rows).items.get('0') ?? {};

describe('a primitive metric', () => {
  test('has one item per version and item "0" as a copy of the latest', () => {
    const { items, missing } = projected(rowsOf());
    expect(missing).toEqual([]);
    expect([...items.keys()].sort()).toEqual(['0', '1', '2']);
    expect(items.get('0')).toEqual({
      name: { S: 'packages' },
      version: { S: '0' },
      metricId: { N: '42' },
      valueType: { S: 'SCALAR' },
      latestVersion: { N: '2' },
      createdAt: { S: '2018-02-15T18:23:45.5Z' },
      createdBy: { S: 'ada' },
      updatedAt: { S: '2018-02-15T18:23:45.5Z' },
      updatedBy: { S: 'ada' },
      aggregationStyle: { S: 'PERCENTILE' },
      relatedDimensions: { SS: ['country'] },
    });
    expect(items.get('1')).toEqual({
      name: { S: 'packages' },
      version: { S: '1' },
      metricId: { N: '42' },
      valueType: { S: 'SCALAR' },
      updatedAt: { S: '2018-02-15T18:23:45.5Z' },
      updatedBy: { S: 'ada' },
      aggregationStyle: { S: 'SUM' },
    });
  });

  test('takes the highest number as the latest version, not the greatest text', () => {
    const rows = rowsOf({ versions: [version('10', { aggregation_style: 'PERCENTILE' }), version('9')] });
    expect(latest(rows).latestVersion).toEqual({ N: '10' });
    expect(latest(rows).aggregationStyle).toEqual({ S: 'PERCENTILE' });
    expect(projected(rows).items.get('9')?.relatedDimensions).toBeUndefined();
  });

  test('leaves out what is NULL and keeps what is empty', () => {
    const rows = rowsOf({
      versions: [version('1', { deprecated_reason: '', aggregation_param: '0.5', deprecated_by: null })],
    });
    expect(latest(rows).deprecatedReason).toEqual({ S: '' });
    expect(latest(rows).aggregationParam).toEqual({ N: '0.5' });
    expect('deprecatedBy' in latest(rows)).toBe(false);
  });

  test('has a sorted set of the dimensions of its group, each once; an empty set is an absent attribute', () => {
    const link = (id: string) => register({ dimension_id: id, metric_group_id: '5' }, at(2));
    const named = (id: string, name: string) => [id, register({ id, name }, at(1))] as const;
    const rows = rowsOf({
      groupDimensions: [link('9'), link('8'), link('7')],
      dimensions: new Map([named('9', 'weight'), named('8', 'country'), named('7', 'Ä')]),
    });
    expect(latest(rows).relatedDimensions).toEqual({ SS: ['country', 'weight', 'Ä'] });
    const none = projected(rowsOf({ groupDimensions: [] }));
    expect(none.items.get('0')?.relatedDimensions).toBeUndefined();
    expect(none.missing).toEqual(['dimensions_metric_groups']);
  });
});

describe('a hybrid', () => {
  test('names the metrics it consumes and no dimensions', () => {
    const { items, missing } = projected(hybridRowsOf());
    expect(missing).toEqual([]);
    expect(items.get('0')).toMatchObject({ hybridFormula: { S: 'a / b' }, consumedMetrics: { SS: ['cpu', 'memory'] } });
    expect(items.get('0')?.relatedDimensions).toBeUndefined();
  });

  test('is not whole without a formula', () => {
    expect(projected(hybridRowsOf({ versions: [version('1')] })).missing).toEqual(['hybrid_formula']);
  });

  test('is not whole without a consumed metric, and waits for one that has not arrived', () => {
    expect(projected(hybridRowsOf({ relationships: [] })).missing).toEqual(['metric_relationships']);
    expect(projected(hybridRowsOf({ metrics: new Map() })).missing).toEqual([
      'metrics 7',
      'metrics 8',
      'metric_relationships',
    ]);
  });

  test('that consumes itself needs nobody else', () => {
    const rows = hybridRowsOf({ relationships: [consumes('42')], metrics: new Map() });
    expect(latest(rows).consumedMetrics).toEqual({ SS: ['packages'] });
  });
});

describe('a chained metric', () => {
  const chained = (more: Partial<MetricRows> = {}) =>
    rowsOf({ metricRow: { chained_metric_id: '7', chain_cutoff_date: '2020-01-01T00:00:00Z' }, ...more });

  test('is named by its name on every version, with the cut-off date', () => {
    const { items } = projected(chained({ metrics: new Map([['7', register({ id: '7', name: 'cpu' }, at(1))]]) }));
    for (const item of items.values()) {
      expect(item).toMatchObject({ chainedMetric: { S: 'cpu' }, chainCutoffDate: { S: '2020-01-01T00:00:00Z' } });
    }
  });

  test('that has not arrived is waited for; one that was deleted is SET NULL in the source and not', () => {
    expect(projected(chained()).missing).toEqual(['metrics 7']);
    const gone = projected(chained({ metrics: new Map([['7', register(null, at(20))]]) }));
    expect(gone.missing).toEqual([]);
    expect(gone.items.get('0')?.chainedMetric).toBeUndefined();
  });

  test('that was deleted and born again under its key since is not chained any more', () => {
    const again = register({ id: '7', name: 'cpu' }, at(21), { birth: at(21), death: at(20) });
    expect(latest(chained({ metrics: new Map([['7', again]]) })).chainedMetric).toBeUndefined();
  });
});

describe('what is missing', () => {
  test('is said with the table and the key', () => {
    expect(projected(rowsOf({ group: undefined })).missing[0]).toBe('metric_groups 5');
    expect(projected(rowsOf({ versions: [] })).missing).toEqual(['metric_versions']);
    expect(projected(rowsOf({ dimensions: new Map() })).missing).toEqual(['dimensions 9', 'dimensions_metric_groups']);
  });

  test('without a version still gives item "0", so that it can be published as incomplete', () => {
    const item = latest(rowsOf({ versions: [] }));
    expect(item).toMatchObject({ name: { S: 'packages' }, createdBy: { S: 'ada' } });
    expect(item.latestVersion).toBeUndefined();
  });
});

describe('rows of an earlier life', () => {
  test('of the metric do not count: its versions went with it, without a record', () => {
    const metric = register({ ...Object.fromEntries(rowsOf().metric?.row ?? []) }, at(20), {
      birth: at(20),
      death: at(19),
    });
    const { items, missing } = projected(rowsOf({ metric }));
    expect([...items.keys()]).toEqual(['0']);
    expect(missing).toContain('metric_versions');
  });

  test('of a dimension do not count', () => {
    const dimension = register({ id: '9', name: 'country' }, at(20), { birth: at(20), death: at(19) });
    expect(latest(rowsOf({ dimensions: new Map([['9', dimension]]) })).relatedDimensions).toBeUndefined();
  });

  test('that come from a full load after the delete do count', () => {
    const metric = register({ ...Object.fromEntries(rowsOf().metric?.row ?? []) }, loadedAt(30), {
      birth: at(20),
      death: at(19),
    });
    const versions = [version('1', {}, loadedAt(30))];
    expect([...projected(rowsOf({ metric, versions })).items.keys()].sort()).toEqual(['0', '1']);
  });
});

describe('a metric that is not there', () => {
  test('is absent, and it is told whether it ever was', () => {
    expect(projectMetric(rowsOf({ metric: undefined }))).toEqual({ kind: 'absent', seen: false });
    expect(projectMetric(rowsOf({ metric: register(null, at(20)) }))).toEqual({ kind: 'absent', seen: true });
  });
});
