/**
 * The Metrics table is lost, in whole or in part, or goes back to a backup, or was written by hand; the mirror stands. After a rebuild the items
 * are the source's, and a consumer hears nothing new unless something changed. A failing seed is printed.
 */
import { describe, expect, test } from 'vitest';
import type { Item } from '#core/platform/item-store.ts';
import { runProjection } from '#core/replication/run-projection.ts';
import type { MetricChanged } from '#schemas/metric-changed.ts';
import { deliverInterleaved } from '../support/interleaved-delivery.ts';
import { insertLarge, largeStory, publishedWorld } from '../support/large-metrics.ts';
import type { MemoryTables } from '../support/memory-item-store.ts';
import { randomHistory, randomWrite } from '../support/random-history.ts';
import { askForRebuild, rebuildAll } from '../support/rebuild-all.ts';
import { RelayWorld } from '../support/relay-world.ts';
import { type SeededRandom, seededRandom } from '../support/seeded-random.ts';
import { metricRow, SourceStory, versionRow } from '../support/source-story.ts';

const HISTORIES = Number(process.env.REBUILD_HISTORIES ?? 200);
const FIRST_SEED = Number(process.env.SEED ?? 1);

const metricsOf = (tables: MemoryTables): Map<string, Item> => tables.table('Metrics');
const written = (world: RelayWorld): number => world.tables.stream.filter(({ table }) => table === 'Metrics').length;

/** The table goes without a stream record: it is another table afterwards. */
function lose(world: RelayWorld, random: SeededRandom, share: number): void {
  for (const key of [...metricsOf(world.tables).keys()]) if (random.chance(share)) metricsOf(world.tables).delete(key);
}

const sorted = (items: ReadonlyMap<string, unknown>): unknown =>
  Object.fromEntries([...items].sort(([a], [b]) => (a < b ? -1 : 1)));

/** Revisions have no gap, and what is told again has its old id and says so. */
function expectOneEventPerRevision(events: readonly MetricChanged[], history: string): void {
  const last = new Map<string, number>();
  for (const { metadata, data } of events) {
    const known = last.get(data.metricId) ?? 0;
    expect(metadata.eventId, history).toBe(`${data.metricId}:${data.revision}`);
    if (metadata.replay) expect(data.revision, `${history}: told again`).toBeLessThanOrEqual(known);
    else expect(data.revision, `${history}: told first`).toBe(known + 1);
    last.set(data.metricId, Math.max(known, data.revision));
  }
}

/** What a consumer that applies an event only when its revision is greater knows, by metric. */
function consumerOf(events: readonly MetricChanged[]): Map<string, unknown> {
  const state = new Map<string, { revision: number; name: string | undefined }>();
  for (const { data } of events) {
    if (data.revision <= (state.get(data.metricId)?.revision ?? 0)) continue;
    state.set(data.metricId, {
      revision: data.revision,
      name: data.change === 'DELETED' ? undefined : data.name,
    });
  }
  return new Map([...state].flatMap(([id, { name }]) => (name === undefined ? [] : [[id, name]])));
}

function inBatches(messages: readonly string[], random: SeededRandom): string[][] {
  const rest = [...messages];
  const batches: string[][] = [];
  while (rest.length > 0) batches.push(rest.splice(0, 1 + random.below(5)));
  return batches;
}

function expectRebuilt(world: RelayWorld, story: SourceStory, history: string): void {
  expect(sorted(world.liveItems()), `${history}: the items`).toEqual(sorted(story.expectedItems()));
  const names = new Map([...story.rows('metrics').values()].map((row) => [row.id ?? '', row.name]));
  expect(sorted(consumerOf(world.events())), `${history}: a consumer`).toEqual(sorted(names));
  expectOneEventPerRevision(world.events(), history);
}

async function published(random: SeededRandom, steps: number): Promise<{ world: RelayWorld; story: SourceStory }> {
  const story = randomHistory(random, steps);
  const world = new RelayWorld();
  await world.apply(story.messages);
  await world.drainQueue();
  return { world, story };
}

describe('a rebuild', () => {
  test(`puts back what was lost, in whole or in part, with the revisions that were told (${HISTORIES} histories)`, async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed++) {
      const random = seededRandom(seed);
      const { world, story } = await published(random, 3 + random.below(10));
      const liveBefore = new Map([...metricsOf(world.tables)].filter(([, item]) => !item.renamedTo && item.revision));
      lose(world, random, random.chance(0.5) ? 1 : 0.5);
      const eventsBefore = world.events().length;
      await rebuildAll(world);
      expectRebuilt(world, story, `seed ${seed}`);
      for (const [key, before] of liveBefore)
        expect(metricsOf(world.tables).get(key)?.revision, `seed ${seed}`).toEqual(before.revision);
      for (const { metadata } of world.events().slice(eventsBefore)) expect(metadata.replay, `seed ${seed}`).toBe(true);
      const writtenBefore = written(world);
      await rebuildAll(world);
      expect(written(world), `seed ${seed}: a second rebuild is silent`).toBe(writtenBefore);
    }
  });

  test('of what is whole writes no item and tells no event', async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + 60; seed++) {
      const { world, story } = await published(seededRandom(seed), 10);
      const before = written(world);
      await rebuildAll(world);
      expect(written(world), `seed ${seed}`).toBe(before);
      expectRebuilt(world, story, `seed ${seed}`);
    }
  });

  test('mends items that were written by hand, with a higher revision when the hand had given them one', async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + 100; seed++) {
      const random = seededRandom(seed);
      const { world, story } = await published(random, 8);
      for (const [key, item] of [...metricsOf(world.tables)]) {
        if (item.renamedTo || random.chance(0.6)) continue;
        const raised = { revision: { N: String(Number(item.revision?.N) + 3) } };
        const wrong = { ...item, valueType: { S: 'WRONG' }, ...(item.revision && random.chance(0.3) && raised) };
        metricsOf(world.tables).set(key, wrong);
      }
      await rebuildAll(world);
      expect(sorted(world.liveItems()), `seed ${seed}: the items`).toEqual(sorted(story.expectedItems()));
    }
  });

  test(`while several workers die, and beside what the source goes on writing (${HISTORIES} histories)`, async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed++) {
      const random = seededRandom(seed);
      const { world, story } = await published(random, 3 + random.below(8));
      lose(world, random, random.chance(0.5) ? 1 : 0.5);
      const from = story.messages.length;
      for (let step = random.below(4); step > 0; step--) {
        if (random.chance(0.5)) story.transaction(() => randomWrite(story, random, 100 + step));
      }
      askForRebuild(world);
      const unheard = story.messages.slice(from);
      // The records that come meanwhile meet a table with holes. What cannot end there comes again, or is ended by the rebuild.
      const options = { workers: 1 + random.below(3), crashes: random.below(4), crashProbability: 0.02 };
      await deliverInterleaved(world, inBatches(unheard, random), random, options);
      expectRebuilt(world, story, `seed ${seed}`);
    }
  });

  test(`of a table that went back to a backup publishes what changed since, names included (${HISTORIES} histories)`, async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed++) {
      const random = seededRandom(seed);
      const { world, story } = await published(random, 2 + random.below(6));
      const backup = new Map(metricsOf(world.tables));
      const from = story.messages.length;
      for (let step = random.below(6); step > 0; step--)
        story.transaction(() => randomWrite(story, random, 100 + step));
      await world.apply(story.messages.slice(from));
      await world.drainQueue();
      metricsOf(world.tables).clear();
      for (const [key, item] of backup) metricsOf(world.tables).set(key, item);
      await rebuildAll(world);
      // Under names that were left since the backup, the metric's former items still lie there: no head knows of them.
      const expected = story.expectedItems();
      const live = world.liveItems();
      for (const [key, item] of expected) expect(live.get(key), `seed ${seed}: ${key}`).toEqual(item);
      expectOneEventPerRevision(world.events(), `seed ${seed}`);
    }
  });

  test('of an item that has gone back to an older revision with the same content gives it the revision that was told', async () => {
    const story = new SourceStory();
    story.transaction(() => story.insert('metric_groups', { id: '1', name: 'group' }));
    story.transaction(() => {
      story.insert('metrics', metricRow('1', 'cpu', { value_type: 'SCALAR' }));
      story.insert('metric_versions', versionRow('1', '1'));
    });
    const world = new RelayWorld();
    await world.apply(story.messages);
    await world.drainQueue();
    const backup = new Map(metricsOf(world.tables));
    for (const value_type of ['PERCENTILE', 'SCALAR']) {
      const from = story.messages.length;
      story.transaction(() => story.update('metrics', ['1'], { value_type }));
      await world.apply(story.messages.slice(from));
    }
    for (const [key, item] of backup) metricsOf(world.tables).set(key, item);
    await rebuildAll(world);
    expectRebuilt(world, story, 'back again');
    expect(metricsOf(world.tables).get('cpu\u00010')?.revision).toEqual({ N: '3' });
    expect(world.events().at(-1)?.metadata).toMatchObject({ eventId: '1:3', replay: true });
  });

  test('of a metric that needs several transactions, which dies in the middle, tells nothing new', async () => {
    const { story } = largeStory();
    insertLarge(story, '1', 'large', 230);
    for (let death = 1; death < 14; death++) {
      const world = await publishedWorld(story);
      metricsOf(world.tables).clear();
      askForRebuild(world);
      let operations = 0;
      const random = seededRandom(death);
      const body = world.queue[0]?.body;
      const dying = async (): Promise<void> => {
        if (++operations > death) throw new Error('died');
      };
      await runProjection(world.context(dying), JSON.stringify(body)).catch(() => {});
      await deliverInterleaved(world, [], random, { workers: 1, crashes: 0, crashProbability: 0 });
      expectRebuilt(world, story, `died at ${death}`);
      expect(world.events().at(-1)).toMatchObject({ metadata: { eventId: '1:1', replay: true } });
    }
  });
});
