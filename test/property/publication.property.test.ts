/** The writes that take the Metrics table from what is published to what the rows say: neither more nor less, in one transaction or in many. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { headKey, keyItem } from '#core/mirror/mirror-key.ts';
import type { Item, WriteAction } from '#core/platform/item-store.ts';
import type { ProjectedMetric } from '#core/projection/project-metric.ts';
import { decidePublication, type Publication } from '#core/publication/decide-publication.ts';
import { headOf, type MetricHead, moveHead } from '#core/publication/metric-head.ts';
import { type PlanInput, planPublication } from '#core/publication/publication-writes.ts';
import { writeInChunks } from '#core/publication/write-in-chunks.ts';
import { MemoryItemStore, MemoryTables } from '../support/memory-item-store.ts';
import { COMMIT } from '../support/registers.ts';

const tables = { metrics: 'Metrics', sourceRows: 'SourceRows' };
const ME = '42';
const NAMES = ['cpu', 'memory', '__proto__', 'a#b'];

/** Content of a few versions under a name; few values, so that equal ones are met often. */
const state = fc.record({
  name: fc.constantFrom(...NAMES),
  versions: fc.dictionary(fc.constantFrom('1', '2', '3', '10'), fc.constantFrom('SUM', 'LAST'), { maxKeys: 4 }),
  latest: fc.constantFrom('SUM', 'LAST'),
});
type State = typeof state extends fc.Arbitrary<infer T> ? T : never;

const itemOf = (name: string, version: string, style: string): Item => ({
  name: { S: name },
  version: { S: version },
  metricId: { N: ME },
  aggregationStyle: { S: style },
});

function projected({ name, versions, latest }: State): ProjectedMetric {
  const items = new Map(Object.entries(versions).map(([version, style]) => [version, itemOf(name, version, style)]));
  return { kind: 'metric', name, items: items.set('0', itemOf(name, '0', latest)), missing: [] };
}

/** Items of other metrics, under every name beside those that are written here. */
const foreign = (name: string): Item => ({ ...itemOf(`${name} of another`, '0', 'SUM'), metricId: { N: '7' } });

interface World {
  readonly tables: MemoryTables;
  readonly store: MemoryItemStore;
}

function world(): World {
  const all = new MemoryTables({ Metrics: ['name', 'version'], SourceRows: ['pk', 'sk'] });
  for (const name of NAMES) all.replace('Metrics', all.keyOf('Metrics', foreign(name)), foreign(name));
  return { tables: all, store: new MemoryItemStore(all) };
}

const head = async ({ store }: World): Promise<MetricHead> =>
  headOf(await store.get('SourceRows', keyItem(headKey(ME))));

type Write = (world: World, input: PlanInput) => Promise<boolean>;

const inOne: Write = async ({ store }, input) => {
  const plan = planPublication(input);
  const actions: readonly WriteAction[] = [
    moveHead(tables.sourceRows, ME, input.head, plan.next),
    plan.latest,
    ...plan.versions,
    ...(plan.leaving ? [...plan.leaving.versions, plan.leaving.redirect] : []),
  ];
  return (await store.transact(actions)).written;
};

const inMany: Write = ({ store }, input) => writeInChunks(store, { ...input, plan: planPublication(input) });

/** Publishes a state; undefined when there is nothing to write but the fence. */
async function publish(on: World, to: State, write: Write): Promise<Publication | undefined> {
  const known = await head(on);
  const step = decidePublication(known, projected(to), 0, 0);
  if (step.kind === 'moveFence') {
    await on.store.write(moveHead(tables.sourceRows, ME, known, step.next));
    return undefined;
  }
  if (step.kind !== 'publish') throw new Error(step.kind);
  const { publication } = step;
  const formerLatest =
    publication.leaves === null ? undefined : on.tables.table('Metrics').get(`${publication.leaves}\u00010`);
  const input = { tables, metricId: ME, head: known, publication, cause: COMMIT, formerLatest, takeover: undefined };
  expect(await write(on, { ...input, redirectExpiresAtSeconds: 99 })).toBe(true);
  return publication;
}

/** What a reader finds: everything but redirects and what is the publication's own. */
function found(on: World): Record<string, unknown> {
  const items = [...on.tables.table('Metrics')].filter(([, item]) => !item.renamedTo);
  const content = items.map(
    ([key, { revision: _, lastChange: __, previousName: ___, ...rest }]) => [key, rest] as const,
  );
  return Object.fromEntries(content);
}

function expected(to: State): Record<string, unknown> {
  const own = (projected(to) as Extract<ProjectedMetric, { kind: 'metric' }>).items;
  const items = [...own.values(), ...NAMES.map(foreign)];
  return Object.fromEntries(items.map((item) => [`${item.name?.S}\u0001${item.version?.S}`, item]));
}

const sameState = (a: State | undefined, b: State): boolean =>
  a !== undefined && JSON.stringify(expected(a)) === JSON.stringify(expected(b));

describe('a publication', () => {
  const lives = fc.array(state, { minLength: 1, maxLength: 5 });

  for (const [how, write] of [
    ['in one transaction', inOne],
    ['in many transactions', inMany],
  ] as const) {
    test(`${how} takes any published state to any other, and leaves every other metric as it was`, async () => {
      await fc.assert(
        fc.asyncProperty(lives, async (states) => {
          const on = world();
          for (const to of states) {
            await publish(on, to, write);
            expect(found(on)).toEqual(expected(to));
          }
        }),
        { numRuns: 400 },
      );
    });

    test(`${how} moves the revision by one exactly when something differs, and writes no item otherwise`, async () => {
      await fc.assert(
        fc.asyncProperty(lives, async (states) => {
          const on = world();
          let before: State | undefined;
          for (const to of states.flatMap((one) => [one, one])) {
            const { revision, fence } = await head(on);
            const writes = on.tables.stream.filter(({ table }) => table === 'Metrics').length;
            await publish(on, to, write);
            const silent = sameState(before, to);
            const now = await head(on);
            expect(now.revision).toBe(silent ? revision : revision + 1);
            expect(now.fence).toBeGreaterThan(fence);
            expect(on.tables.stream.filter(({ table }) => table === 'Metrics').length > writes).toBe(!silent);
            before = to;
          }
        }),
        { numRuns: 200 },
      );
    });
  }

  test('ends in the same table and the same head, but for its fence, in one transaction and in many', async () => {
    await fc.assert(
      fc.asyncProperty(lives, async (states) => {
        const [one, many] = [world(), world()];
        for (const to of states) {
          await publish(one, to, inOne);
          await publish(many, to, inMany);
        }
        expect(new Map([...many.tables.table('Metrics')].sort())).toEqual(
          new Map([...one.tables.table('Metrics')].sort()),
        );
        const [a, b] = [await head(one), await head(many)];
        expect({ ...b, fence: 0, vacated: b.vacated.map(nameOf) }).toEqual({
          ...a,
          fence: 0,
          vacated: a.vacated.map(nameOf),
        });
      }),
      { numRuns: 200 },
    );
  });

  test('puts exactly the items that differ and deletes exactly those that are gone', async () => {
    await fc.assert(
      fc.asyncProperty(state, state, async (from, to) => {
        const on = world();
        await publish(on, from, inOne);
        const publication = await publish(on, { ...to, name: from.name }, inOne);
        const [old, now] = [expected(from), expected({ ...to, name: from.name })];
        const differing = (version: string): boolean =>
          JSON.stringify(old[`${from.name}\u0001${version}`]) !== JSON.stringify(now[`${from.name}\u0001${version}`]);
        expect([...(publication?.puts ?? [])].sort()).toEqual(
          ['0', ...Object.keys(to.versions)].filter(differing).sort(),
        );
        expect([...(publication?.deletes ?? [])].sort()).toEqual(
          Object.keys(from.versions)
            .filter((version) => !(version in to.versions))
            .sort(),
        );
      }),
      { numRuns: 400 },
    );
  });
});

const nameOf = (entry: string): string => entry.slice(entry.indexOf('#') + 1);
