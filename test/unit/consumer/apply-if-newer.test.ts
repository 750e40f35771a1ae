/** An event is applied if it is newer than what the copy knows, and only then. */
import { describe, expect, test } from 'vitest';
import { applyIfNewer } from '#consumer/apply-if-newer.ts';
import type { CurrentMetric, MetricRef } from '#consumer/fetch-current.ts';
import type { RevisionGap } from '#consumer/gap.ts';
import { MemoryMetricStore } from '#consumer/stores/memory.ts';
import { metricChangedOf } from './carriers.ts';

const metricRef = { table: 'Metrics', name: 'cpu', version: '0' };
const { metric: _, ...large } = metricChangedOf('42', 7).data;
const claimed = { ...metricChangedOf('42', 7), data: { ...large, metricRef } };

const current = (over: Partial<CurrentMetric> = {}): CurrentMetric => ({
  metricId: '42',
  revision: 9,
  name: 'cpu',
  occurredAt: '2026-11-20T13:00:00Z',
  deleted: false,
  metric: { name: 'cpu', version: '0', metricId: 42, revision: 9, valueType: 'SCALAR' },
  ...over,
});

describe('an event', () => {
  test('is applied once; its redelivery is a duplicate, an older one is stale', async () => {
    const store = new MemoryMetricStore();
    const outcomes = [];
    for (const revision of [1, 1, 3, 2, 3]) {
      outcomes.push((await applyIfNewer(metricChangedOf('42', revision), { store })).outcome);
    }
    expect(outcomes).toEqual(['applied', 'duplicate', 'applied', 'stale', 'duplicate']);
    expect(store.state('42')?.revision).toBe(3);
  });

  test('that is older than a deletion does not bring the metric back', async () => {
    const store = new MemoryMetricStore();
    await applyIfNewer(metricChangedOf('42', 3, { change: 'DELETED' }), { store });
    expect((await applyIfNewer(metricChangedOf('42', 2), { store })).outcome).toBe('stale');
    expect(store.live()).toEqual([]);
    await applyIfNewer(metricChangedOf('42', 4, { change: 'CREATED' }), { store });
    expect(store.live().map(({ revision }) => revision)).toEqual([4]);
  });

  test('after missed revisions is applied and tells the gap; the first one of a consumer that came later tells that nothing was known', async () => {
    const gaps: RevisionGap[] = [];
    const options = { store: new MemoryMetricStore(), onGap: (gap: RevisionGap) => void gaps.push(gap) };
    for (const revision of [3, 4, 7, 5]) await applyIfNewer(metricChangedOf('42', revision), options);
    expect(gaps).toEqual([
      { metricId: '42', lastRevision: 0, revision: 3, missed: 2 },
      { metricId: '42', lastRevision: 4, revision: 7, missed: 2 },
    ]);
  });

  test('may swap names with another metric in any order, because the copy is keyed by id', async () => {
    const store = new MemoryMetricStore();
    const events = [
      metricChangedOf('1', 1, { name: 'A' }),
      metricChangedOf('2', 1, { name: 'B' }),
      metricChangedOf('2', 2, { name: 'A', change: 'RENAMED', previousName: 'B' }),
    ];
    for (const event of events) await applyIfNewer(event, { store });
    expect(store.live().map(({ name }) => name)).toEqual(['A', 'A']); // the moment in between
    await applyIfNewer(metricChangedOf('1', 2, { name: 'B', change: 'RENAMED', previousName: 'A' }), { store });
    expect(store.live().map(({ metricId, name }) => [metricId, name])).toEqual([
      ['1', 'B'],
      ['2', 'A'],
    ]);
  });
});

describe('an event that carries only the place of its metric', () => {
  test('is applied as the metric is now, under the revision it has now', async () => {
    const store = new MemoryMetricStore();
    const asked: MetricRef[] = [];
    const fetchCurrent = async (ref: MetricRef): Promise<CurrentMetric> => {
      asked.push(ref);
      return current();
    };
    expect(await applyIfNewer(claimed, { store, fetchCurrent })).toMatchObject({
      outcome: 'applied',
      state: { revision: 9, occurredAt: '2026-11-20T13:00:00Z' },
    });
    expect(asked).toEqual([metricRef]);
    expect((await applyIfNewer(metricChangedOf('42', 8), { store })).outcome).toBe('stale');
    expect((await applyIfNewer(claimed, { store, fetchCurrent })).outcome).toBe('stale');
    expect(asked).toHaveLength(1); // what is known needs no fetch
  });

  test.each([
    ['nothing is there any more', undefined],
    ['another metric has taken the name', current({ metricId: '43' })],
  ])('changes nothing when %s: the event of that carries on', async (_, found) => {
    const store = new MemoryMetricStore();
    const outcome = await applyIfNewer(claimed, { store, fetchCurrent: async () => found });
    expect(outcome).toEqual({ outcome: 'superseded', lastRevision: 0 });
    expect(store.state('42')).toBeUndefined();
  });

  test('leaves a tombstone when the metric is being deleted', async () => {
    const store = new MemoryMetricStore();
    await applyIfNewer(claimed, { store, fetchCurrent: async () => current({ deleted: true }) });
    expect(store.state('42')).toMatchObject({ deleted: true, revision: 9 });
  });

  test('of a deletion needs no fetch', async () => {
    const store = new MemoryMetricStore();
    const deleted = { ...claimed, data: { ...claimed.data, change: 'DELETED' as const } };
    expect((await applyIfNewer(deleted, { store })).outcome).toBe('applied');
  });

  test('is an error without a fetch, and when the table is behind the event', async () => {
    const store = new MemoryMetricStore();
    await expect(applyIfNewer(claimed, { store })).rejects.toMatchObject({ code: 'FETCH_MISSING' });
    const fetchCurrent = async (): Promise<CurrentMetric> => current({ revision: 6 });
    await expect(applyIfNewer(claimed, { store, fetchCurrent })).rejects.toMatchObject({ code: 'FETCH_BROKEN' });
  });
});
