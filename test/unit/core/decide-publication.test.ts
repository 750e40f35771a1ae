/** The next step of a recompute, from the head and from what the rows say. */
import { describe, expect, test } from 'vitest';
import type { Item } from '#core/platform/item-store.ts';
import type { ProjectedMetric } from '#core/projection/project-metric.ts';
import { decidePublication, type Step } from '#core/publication/decide-publication.ts';
import { type MetricHead, NEW_HEAD } from '#core/publication/metric-head.ts';

const NOW = 1_000_000;
const GRACE = 60_000;

const item = (name: string, version: string, style = 'SUM'): Item => ({
  name: { S: name },
  version: { S: version },
  metricId: { N: '42' },
  aggregationStyle: { S: style },
});

function metric(
  name: string,
  more: { readonly missing?: readonly string[]; readonly style?: string; readonly versions?: readonly string[] } = {},
): ProjectedMetric {
  const versions = more.versions ?? ['1'];
  return {
    kind: 'metric',
    name,
    items: new Map([...versions, '0'].map((version) => [version, item(name, version, more.style)])),
    missing: more.missing ?? [],
  };
}

const decide = (head: MetricHead, projected: ProjectedMetric, nowMs = NOW): Step =>
  decidePublication(head, projected, nowMs, GRACE);

function published(name: string, more: Partial<MetricHead> = {}, versions: readonly string[] = ['1']): MetricHead {
  const step = decide(NEW_HEAD, metric(name, { versions }));
  if (step.kind !== 'publish') throw new Error(step.kind);
  return { ...NEW_HEAD, fence: 3, revision: 1, publishedName: name, published: step.publication.hashes, ...more };
}

function publication(step: Step) {
  if (step.kind !== 'publish') throw new Error(`the step is ${step.kind}`);
  return step.publication;
}

const GONE: ProjectedMetric = { kind: 'absent', seen: true };

describe('a whole metric', () => {
  test('that was never published is published whole', () => {
    const { puts, deletes, leaves, name } = publication(decide(NEW_HEAD, metric('cpu', { versions: ['1', '2'] })));
    expect({ puts: [...puts].sort(), deletes, leaves, name }).toEqual({
      puts: ['0', '1', '2'],
      deletes: [],
      leaves: null,
      name: 'cpu',
    });
  });

  test('that differs in nothing moves the fence all the same: whoever read older rows must be stopped', () => {
    expect(decide(published('cpu'), metric('cpu')).kind).toBe('moveFence');
  });

  test('puts only what differs and deletes what is gone', () => {
    const step = publication(decide(published('cpu', {}, ['1', '2']), metric('cpu', { versions: ['1', '3'] })));
    expect(step.puts).toEqual(['3']);
    expect(step.deletes).toEqual(['2']);
  });

  test('with another name leaves the old one, remembers it, and puts everything', () => {
    const step = publication(decide(published('cpu'), metric('processor')));
    expect(step).toMatchObject({ name: 'processor', leaves: 'cpu', previousName: 'cpu' });
    expect([...step.puts].sort()).toEqual(['0', '1']);
    expect(step.items.get('0')?.previousName).toEqual({ S: 'cpu' });
    expect(step.items.get('1')?.previousName).toBeUndefined();
  });

  test('keeps the previous name through later changes', () => {
    const head = published('processor', { previousName: 'cpu' });
    expect(publication(decide(head, metric('processor', { style: 'PERCENTILE' }))).previousName).toBe('cpu');
  });

  test('gives up the claim of a name that it does not want any more', () => {
    const step = decide(published('cpu', { claimedName: 'other' }), metric('cpu'));
    expect(step).toMatchObject({ kind: 'moveFence', next: { claimedName: null } });
  });

  test('whose place was taken is published under its new name, and its old name is remembered', () => {
    const displaced = { ...NEW_HEAD, fence: 4, revision: 2, displaced: { item: item('cpu', '0') } };
    expect(publication(decide(displaced, metric('processor')))).toMatchObject({ leaves: null, previousName: 'cpu' });
  });
});

describe('a metric that is not whole', () => {
  const incomplete = metric('cpu', { missing: ['metric_versions'] });

  test('waits from now on, for the whole grace period', () => {
    expect(decide(NEW_HEAD, incomplete)).toMatchObject({
      kind: 'moveFence',
      next: { waiting: { sinceMs: NOW, missing: ['metric_versions'] } },
      waitMs: GRACE,
    });
  });

  test('waits only for the rest when it waited before, whatever is missing now', () => {
    const head = { ...NEW_HEAD, fence: 1, waiting: { sinceMs: NOW - 45_000, missing: ['dimensions 9'] } };
    expect(decide(head, incomplete)).toMatchObject({ waitMs: 15_000, next: { waiting: { sinceMs: NOW - 45_000 } } });
  });

  test('leaves what was published untouched while it waits', () => {
    const step = decide(published('cpu'), incomplete);
    expect(step).toMatchObject({ kind: 'moveFence', next: { publishedName: 'cpu', revision: 1 } });
  });

  test('is published as incomplete when the grace period is over, to the millisecond', () => {
    const head = { ...NEW_HEAD, fence: 1, waiting: { sinceMs: NOW - GRACE, missing: [] } };
    expect(decide({ ...head, waiting: { sinceMs: NOW - GRACE + 1, missing: [] } }, incomplete).kind).toBe('moveFence');
    const step = publication(decide(head, incomplete));
    expect(step.items.get('0')?.incomplete).toEqual({ BOOL: true });
    expect(step.items.get('1')?.incomplete).toBeUndefined();
  });

  test('that is whole again is not waiting and loses the mark', () => {
    const head = { ...NEW_HEAD, fence: 1, waiting: { sinceMs: NOW, missing: ['metric_versions'] } };
    const step = publication(decide(head, metric('cpu')));
    expect(step.waiting).toBeNull();
    expect(step.items.get('0')?.incomplete).toBeUndefined();
  });
});

describe('a metric that is gone', () => {
  test('and never was has nothing to do', () => {
    expect(decide(NEW_HEAD, { kind: 'absent', seen: false })).toEqual({ kind: 'none' });
  });

  test('of which no row was seen is not told as deleted, although it is published: after a lost mirror its row may be on its way', () => {
    expect(decide(published('cpu'), { kind: 'absent', seen: false }).kind).toBe('moveFence');
    expect(decide(published('cpu'), GONE).kind).toBe('markDeleted');
  });

  test('is marked as deleted first, then removed', () => {
    expect(decide(published('cpu'), GONE)).toEqual({ kind: 'markDeleted' });
    expect(decide(published('cpu', { deleting: true }), GONE)).toEqual({ kind: 'removeItems' });
  });

  test('is removed to the end before it can be born again under its key', () => {
    expect(decide(published('cpu', { deleting: true }), metric('cpu'))).toEqual({ kind: 'removeItems' });
  });

  test('and whose place was taken still has its deletion told', () => {
    expect(decide({ ...NEW_HEAD, fence: 2, displaced: { item: item('cpu', '0') } }, GONE)).toEqual({
      kind: 'markDeleted',
    });
  });

  test('and was never published moves the fence', () => {
    expect(decide({ ...NEW_HEAD, fence: 2 }, GONE)).toMatchObject({
      kind: 'moveFence',
      next: { claimedName: null, waiting: null },
    });
  });
});

describe('an interrupted write', () => {
  const unfinished = (name: string) => ({ unfinished: { name, versions: ['1', '2', '3'] } });

  test('under the wanted name is written again, as nobody knows what is there', () => {
    const step = publication(
      decide({ ...NEW_HEAD, fence: 2, ...unfinished('cpu') }, metric('cpu', { versions: ['1', '2'] })),
    );
    expect([...step.puts].sort()).toEqual(['0', '1', '2']);
    expect(step.deletes).toEqual(['3']);
  });

  test('under a name that is not wanted any more is removed before anything else', () => {
    const step = { kind: 'removeLeftovers', name: 'cpu', versions: ['1', '2', '3'] };
    expect(decide({ ...NEW_HEAD, fence: 2, ...unfinished('cpu') }, metric('processor'))).toEqual(step);
    expect(decide({ ...NEW_HEAD, fence: 2, ...unfinished('cpu') }, GONE)).toEqual(step);
  });

  test('under the published name goes with it when the metric leaves', () => {
    expect(decide(published('cpu', unfinished('cpu')), metric('processor')).kind).toBe('publish');
    expect(decide(published('cpu', unfinished('cpu')), GONE)).toEqual({ kind: 'markDeleted' });
  });

  test('is ended also when every hash is equal', () => {
    expect(decide(published('cpu', { unfinished: { name: 'cpu', versions: [] } }), metric('cpu')).kind).toBe('publish');
  });
});
