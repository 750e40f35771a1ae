/** Each write of a publication and of a deletion, with the condition under which it may happen. */
import { describe, expect, test } from 'vitest';
import type { Condition, Item, WriteAction } from '#core/platform/item-store.ts';
import type { ProjectedMetric } from '#core/projection/project-metric.ts';
import { decidePublication } from '#core/publication/decide-publication.ts';
import { claimRemovalWrites, deletionMarkWrites, removalWrites } from '#core/publication/deletion-writes.ts';
import { fitsOneTransaction } from '#core/publication/guarded-chunks.ts';
import { headItem, headOf, type MetricHead, NEW_HEAD } from '#core/publication/metric-head.ts';
import { claimItem, redirectItem } from '#core/publication/metric-item.ts';
import { planPublication, type Takeover, vacatedEntry, vacatedName } from '#core/publication/publication-writes.ts';
import { conditionHolds } from '../../support/memory-item-store.ts';
import { COMMIT } from '../../support/registers.ts';

const tables = { metrics: 'Metrics', sourceRows: 'SourceRows' };
const item = (name: string, version: string, more: Item = {}): Item => ({
  name: { S: name },
  version: { S: version },
  metricId: { N: '42' },
  ...more,
});
const metric = (name: string, versions: readonly string[] = ['1']): ProjectedMetric => ({
  kind: 'metric',
  name,
  items: new Map([...versions, '0'].map((version) => [version, item(name, version)])),
  missing: [],
});

function plan(
  head: MetricHead,
  projected: ProjectedMetric,
  more: { readonly formerLatest?: Item; readonly takeover?: Takeover } = {},
) {
  const step = decidePublication(head, projected, 0, 0);
  if (step.kind !== 'publish') throw new Error(step.kind);
  return planPublication({
    tables,
    metricId: '42',
    head,
    publication: step.publication,
    cause: COMMIT,
    formerLatest: more.formerLatest,
    takeover: more.takeover,
    redirectExpiresAtSeconds: 99,
  });
}

const published = (name: string, versions: readonly string[] = ['1'], more: Partial<MetricHead> = {}): MetricHead => ({
  ...plan(NEW_HEAD, metric(name, versions)).next,
  fence: 3,
  ...more,
});

const conditionOf = (action: WriteAction | undefined | null): Condition => action?.condition ?? { expression: '' };
const putItem = (action: WriteAction | undefined | null): Item => (action?.kind === 'put' ? action.item : {});
/** Whether a write is let through over what stands under its key. */
const allowed = (action: WriteAction | undefined | null, over: Item | undefined): boolean =>
  conditionHolds(conditionOf(action), over);

const MINE = item('cpu', '0', { revision: { N: '1' } });
const THEIRS = item('cpu', '0', { metricId: { N: '7' }, revision: { N: '3' } });

describe('item "0"', () => {
  const { latest } = plan(NEW_HEAD, metric('cpu'));

  test('is put where nothing is, over a redirect and over its own; never over another metric', () => {
    expect(allowed(latest, undefined)).toBe(true);
    expect(allowed(latest, redirectItem('cpu', 'x', 9))).toBe(true);
    expect(allowed(latest, THEIRS)).toBe(false);
    expect(allowed(plan(published('cpu'), metric('cpu', ['1', '2'])).latest, MINE)).toBe(true);
  });

  test('of its own that the head does not know is adopted before it is written over', () => {
    expect(allowed(plan(NEW_HEAD, metric('cpu')).latest, MINE)).toBe(false);
    const interrupted = { ...NEW_HEAD, fence: 2, unfinished: { name: 'cpu', versions: ['1'] } };
    expect(allowed(plan(interrupted, metric('cpu')).latest, MINE)).toBe(true);
  });

  test('carries the next revision and the commit that caused it', () => {
    expect(putItem(latest)).toMatchObject({
      revision: { N: '1' },
      lastChange: { M: { committedAt: { S: COMMIT.committedAt }, transactionId: { S: COMMIT.transactionId } } },
    });
  });

  test('of a takeover is put only over the very state that was read', () => {
    const takeover = { owner: '7', head: published('cpu', ['1', '9']), item: THEIRS, versions: ['1', '9'] };
    const taking = plan(NEW_HEAD, metric('cpu'), { takeover });
    expect(allowed(taking.latest, THEIRS)).toBe(true);
    expect(allowed(taking.latest, { ...THEIRS, revision: { N: '4' } })).toBe(false);
    expect(allowed(taking.latest, undefined)).toBe(false);
  });
});

describe('a publication', () => {
  test('says in the head what is published, under which name, at which revision', () => {
    const { next } = plan(published('cpu', ['1', '2']), metric('cpu', ['2', '3']));
    expect([...next.published.keys()].sort()).toEqual(['0', '2', '3']);
    expect(next).toMatchObject({
      publishedName: 'cpu',
      revision: 2,
      unfinished: null,
      displaced: null,
      claimedName: null,
    });
  });

  test('writes the versions that differ and deletes those that are gone', () => {
    const { versions } = plan(published('cpu', ['1', '2']), metric('cpu', ['2', '3']));
    expect(
      versions.map((action) => [action.kind, (action.kind === 'put' ? action.item : action.key).version?.S]),
    ).toEqual([
      ['put', '3'],
      ['delete', '1'],
    ]);
  });
});

describe('a rename', () => {
  const former = item('cpu', '0', { revision: { N: '1' }, aggregationStyle: { S: 'SUM' } });
  const renamed = plan(published('cpu', ['1', '2']), metric('processor', ['1', '2']), { formerLatest: former });

  test('removes the versions under the old name and turns its item "0" into a redirect that expires', () => {
    expect(renamed.leaving?.versions.map((action) => action.kind !== 'put' && action.key)).toEqual([
      { name: { S: 'cpu' }, version: { S: '1' } },
      { name: { S: 'cpu' }, version: { S: '2' } },
    ]);
    expect(putItem(renamed.leaving?.redirect)).toEqual({
      name: { S: 'cpu' },
      version: { S: '0' },
      renamedTo: { S: 'processor' },
      expiresAt: { N: '99' },
    });
  });

  test('leaves a redirect only over its own item', () => {
    expect(allowed(renamed.leaving?.redirect, MINE)).toBe(true);
    expect(allowed(renamed.leaving?.redirect, THEIRS)).toBe(false);
    expect(allowed(renamed.leaving?.redirect, undefined)).toBe(false);
  });

  test("remembers what it was, for the event, without the publication's own attributes", () => {
    const previous = putItem(renamed.latest).lastChange?.M?.previous?.M;
    expect(previous).toMatchObject({ name: { S: 'cpu' }, aggregationStyle: { S: 'SUM' } });
    expect(previous).not.toHaveProperty('revision');
  });

  test('records the name that was left, so that its claimants are woken also after a crash', () => {
    expect(renamed.next.vacated).toEqual([vacatedEntry(published('cpu'), 'cpu')]);
    expect(vacatedName('17#a#b')).toBe('a#b');
  });
});

describe('a takeover', () => {
  const ownerHead = published('cpu', ['1', '9'], { fence: 8 });
  const versions = ['1', '9'];
  const taking = plan(NEW_HEAD, metric('cpu'), { takeover: { owner: '7', head: ownerHead, item: THEIRS, versions } });

  test('moves the fence of the other metric, forgets its name and keeps its last state for its next event', () => {
    const displaced = headOf(putItem(taking.displacing));
    expect(displaced).toMatchObject({ fence: 9, publishedName: null });
    expect(displaced.published.size).toBe(0);
    expect(displaced.displaced?.item).toMatchObject({ metricId: { N: '7' } });
    expect(allowed(taking.displacing, headItem('7', ownerHead))).toBe(true);
    expect(allowed(taking.displacing, headItem('7', { ...ownerHead, fence: 9 }))).toBe(false);
  });

  test("of an item that its owner's head does not know hands the revision to that head, and nothing that is published elsewhere", () => {
    const lost = plan(NEW_HEAD, metric('cpu'), { takeover: { owner: '7', head: NEW_HEAD, item: THEIRS, versions } });
    expect(headOf(putItem(lost.displacing))).toMatchObject({
      revision: 3,
      displaced: { item: { name: { S: 'cpu' } } },
    });
    const elsewhere = published('memory', ['1'], { fence: 8 });
    const kept = plan(NEW_HEAD, metric('cpu'), { takeover: { owner: '7', head: elsewhere, item: THEIRS, versions } });
    expect(headOf(putItem(kept.displacing))).toEqual({ ...elsewhere, fence: 9, revision: 3 });
    const claim = { ...claimItem('cpu', '7') };
    const claimed = plan(NEW_HEAD, metric('cpu'), { takeover: { owner: '7', head: NEW_HEAD, item: claim, versions } });
    expect(headOf(putItem(claimed.displacing)).displaced).toBeNull();
    expect(allowed(claimed.latest, claim)).toBe(true);
    expect(allowed(claimed.latest, THEIRS)).toBe(false);
  });

  test('removes what the other metric left under the name', () => {
    expect(taking.versions.some((action) => action.kind === 'delete' && action.key.version?.S === '9')).toBe(true);
  });
});

describe('a deletion', () => {
  const head = published('cpu', ['1', '2']);
  const mark = deletionMarkWrites(tables, '42', head, MINE, COMMIT);

  test('first turns item "0" into a mark with the next revision, only over its own item', () => {
    const [move, put] = mark?.actions ?? [];
    expect(headOf(putItem(move))).toMatchObject({ deleting: true, revision: 2, fence: 4 });
    expect(putItem(put)).toMatchObject({ deleted: { BOOL: true }, revision: { N: '2' }, name: { S: 'cpu' } });
    expect(allowed(put, MINE)).toBe(true);
    expect(allowed(put, THEIRS)).toBe(false);
    expect(allowed(put, undefined)).toBe(false);
  });

  test('then removes item "0" and forgets the name, only while the item is its own', () => {
    const [move, remove] = removalWrites(tables, '42', head, 'cpu');
    expect(headOf(putItem(move))).toMatchObject({
      publishedName: null,
      deleting: false,
      revision: 1,
      vacated: ['4#cpu'],
    });
    expect(allowed(remove, MINE)).toBe(true);
    expect(allowed(remove, THEIRS)).toBe(false);
  });

  test('of a metric that is under no name puts its mark where no metric can be, with the name it had', () => {
    const displaced: MetricHead = { ...NEW_HEAD, fence: 5, revision: 2, displaced: { item: MINE } };
    const [, put] = deletionMarkWrites(tables, '42', displaced, undefined, COMMIT)?.actions ?? [];
    expect(putItem(put)).toMatchObject({ formerName: { S: 'cpu' }, deleted: { BOOL: true } });
    expect(putItem(put).name?.S?.startsWith('\u0000')).toBe(true);
  });

  test('of a metric of which nothing is known cannot be told', () => {
    expect(deletionMarkWrites(tables, '42', NEW_HEAD, undefined, COMMIT)).toBeUndefined();
  });
});

describe('the removal of a claim', () => {
  test('ends the interrupted write and offers the name to its claimants', () => {
    const head: MetricHead = { ...NEW_HEAD, fence: 5, unfinished: { name: 'cpu', versions: ['1'] } };
    const [move, remove] = claimRemovalWrites(tables, '42', head, 'cpu');
    expect(headOf(putItem(move))).toMatchObject({ unfinished: null, vacated: ['6#cpu'] });
    expect(allowed(remove, THEIRS)).toBe(false);
  });
});

describe('a head', () => {
  test('comes back from its item as it was', () => {
    const head: MetricHead = {
      fence: 12,
      revision: 4,
      publishedName: 'a#b',
      published: new Map([
        ['0', 'x'],
        ['__proto__', 'y'],
      ]),
      previousName: 'old',
      claimedName: 'wanted',
      vacated: ['3#old'],
      waiting: { sinceMs: 5, missing: ['metric_versions'] },
      unfinished: { name: 'a#b', versions: ['1'] },
      displaced: { item: MINE },
      deleting: true,
      covers: 'aaaaaaaabbbbbbbb',
    };
    expect(headOf(headItem('42', head))).toEqual(head);
    expect(headOf(headItem('42', { ...NEW_HEAD, fence: 1 }))).toEqual({ ...NEW_HEAD, fence: 1 });
  });
});

describe('one transaction', () => {
  const puts = (count: number, bytes: number): WriteAction[] =>
    Array.from({ length: count }, (_, index) => ({
      kind: 'put',
      table: 'Metrics',
      item: item('cpu', String(index), { text: { S: 'x'.repeat(bytes) } }),
    }));

  test('holds 100 actions and less than 4 MB', () => {
    expect(fitsOneTransaction(puts(100, 10))).toBe(true);
    expect(fitsOneTransaction(puts(101, 10))).toBe(false);
    expect(fitsOneTransaction(puts(20, 300_000))).toBe(false);
  });
});
