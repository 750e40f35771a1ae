/** Rows that went with what they point to, without a record of their own, and digits that a double would lose: neither reaches an item. */
import { expect, test } from 'vitest';
import { projectMetric } from '#core/projection/project-metric.ts';
import { at, consumes, hybridRowsOf, register, rowsOf, version } from '../../support/registers.ts';

function latest(rows: Parameters<typeof projectMetric>[0]) {
  const projected = projectMetric(rows);
  if (projected.kind !== 'metric') throw new Error('the metric is absent');
  return projected.items.get('0') ?? {};
}

const CONSUMED = { id: '7', name: 'cpu' };
const ONE_CONSUMED = { relationships: [consumes('7', at(12))] };

test('a relationship goes with the metric that it consumes, and a new metric under the same key does not get it', () => {
  const first = new Map([['7', register(CONSUMED, at(1), { birth: at(1) })]]);
  expect(latest(hybridRowsOf({ ...ONE_CONSUMED, metrics: first })).consumedMetrics).toEqual({ SS: ['cpu'] });
  const again = new Map([['7', register(CONSUMED, at(20), { birth: at(20) })]]);
  expect(latest(hybridRowsOf({ ...ONE_CONSUMED, metrics: again })).consumedMetrics).toBeUndefined();
});

test('a relationship goes with its consumer, and a new consumer under the same key does not get it', () => {
  const metrics = new Map([['7', register(CONSUMED, at(1), { birth: at(1) })]]);
  const rows = hybridRowsOf({ ...ONE_CONSUMED, metrics });
  expect(latest(rows).consumedMetrics).toEqual({ SS: ['cpu'] });
  const metric = register(Object.fromEntries(rows.metric?.row ?? []), at(20), { birth: at(20) });
  expect(latest({ ...rows, metric }).consumedMetrics).toBeUndefined();
});

test('a link of a dimension goes with its group, and a new group under the same key does not get it', () => {
  const group = (moment: ReturnType<typeof at>) => register({ id: '5', name: 'packages' }, moment, { birth: moment });
  expect(latest(rowsOf({ group: group(at(1)) })).relatedDimensions).toEqual({ SS: ['country'] });
  expect(latest(rowsOf({ group: group(at(5)) })).relatedDimensions).toBeUndefined();
});

test('an aggregation parameter keeps every digit', () => {
  const aggregation_param = '1234567890.0123456789';
  expect(latest(rowsOf({ versions: [version('1', { aggregation_param })] })).aggregationParam).toEqual({
    N: aggregation_param,
  });
});
