import { describe, expect, test } from 'vitest';
import type { ItemStore } from '#core/platform/item-store.ts';
import { EVERYTHING } from '#core/replay/record-filter.ts';
import { rehearseReplay } from '#core/replay/replay-plan.ts';
import { replicateBatch } from '#core/replication/replicate-batch.ts';
import { MemoryChangeLog } from '../../support/memory-change-log.ts';
import { MemoryItemStore } from '../../support/memory-item-store.ts';
import { randomHistory } from '../../support/random-history.ts';
import { RelayWorld } from '../../support/relay-world.ts';
import { sleepIn, wholeWindow } from '../../support/replay-in-world.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { type SourceStory, viewsStory } from '../../support/source-story.ts';

const SHARD = 'shardId-000000000000';

/** Of one metric, in more than one answer of a shard. */
function manyVersions(): SourceStory {
  const told = viewsStory();
  for (let version = 0; version < 3_000; version++)
    told.transaction(() => told.update('metric_versions', ['1', '1'], {}));
  return told;
}

/** A stream with the story, and a target that has applied the first records of it. */
async function rig(told: SourceStory, applied: number) {
  const world = new RelayWorld({ graceMs: 60_000 });
  world.nowMs = Date.parse('2026-11-20T13:00:00Z');
  const records = world.records(told.messages);
  const window = { fromMs: world.nowMs, toMs: world.nowMs + 1 };
  world.nowMs += 60_000;
  const log = new MemoryChangeLog(() => world.nowMs).shard(SHARD).put(SHARD, records);
  await replicateBatch(world.context(), records.slice(0, applied));
  await world.drainQueue();
  const plan = (store: ItemStore = new MemoryItemStore(world.tables), filter = EVERYTHING) =>
    rehearseReplay(
      {
        store,
        tables: { metrics: 'Metrics', sourceRows: 'SourceRows', quarantine: 'Quarantine' },
        settings: {
          tombstoneDays: 7,
          graceSeconds: 60,
          fanOutLimit: 100,
          redirectDays: 30,
          readShare: 1,
          batchRecords: 1000,
        },
        log,
        nowMs: () => world.nowMs,
        sleep: sleepIn(world),
        pause: async () => {},
        progress: () => {},
      },
      wholeWindow(window, [[SHARD]], { filter }),
    );
  return { world, records, plan };
}

describe('a plan', () => {
  test('for a target that has everything says: nothing', async () => {
    const told = viewsStory();
    const { plan } = await rig(told, told.messages.length);
    expect(await plan()).toMatchObject({
      items: [],
      events: [],
      mirrorItems: 0,
      busy: 0,
      counts: { received: 5, duplicate: 5 },
      cost: { writeUnits: 0 },
    });
  });

  test('names the items and the events of what the target has not applied', async () => {
    const told = viewsStory();
    const { plan } = await rig(told, 3);
    const { items, events, shards } = await plan();
    expect(items.map(({ before, after }) => [before?.version?.S, after?.version?.S])).toEqual(
      expect.arrayContaining([
        [undefined, '0'],
        [undefined, '1'],
      ]),
    );
    expect(events.map(({ data }) => data.change)).toEqual(['CREATED']);
    expect(shards).toMatchObject([{ shardId: SHARD, generation: 0, records: 5 }]);
  });

  test('tells the time of reading everything, also when it applies only some of it', async () => {
    const { plan } = await rig(manyVersions(), 0);
    const whole = await plan();
    const some = await plan(undefined, { tables: ['metrics'], metricIds: [] });
    expect([whole.counts.received, some.counts.received]).toEqual([3_005, 1]);
    expect(some.readingMs).toBe(whole.readingMs);
    expect(some.readingMs).toBeGreaterThan(400);
  });

  test('writes nothing', async () => {
    const told = viewsStory();
    const { world, plan } = await rig(told, 2);
    const rowsBefore = new Map(world.tables.table('SourceRows'));
    await plan();
    expect(world.tables.table('SourceRows')).toEqual(rowsBefore);
    expect(world.tables.table('Metrics').size + world.tables.table('Quarantine').size).toBe(0);
    expect(world.queue).toEqual([]);
  });

  test('leaves out what live traffic changed while it was made', async () => {
    const told = viewsStory();
    const { world, records, plan } = await rig(told, 3);
    const store = new MemoryItemStore(world.tables);
    let reads = 0;
    // The live path applies the last record after the plan has met it, and before the plan is told.
    const racing: ItemStore = {
      get: (table, key) => store.get(table, key),
      getMany: async (table, keys) => {
        if (table === 'Metrics' && ++reads === 2) await replicateBatch(world.context(), records);
        return store.getMany(table, keys);
      },
      putMany: (table, items) => store.putMany(table, items),
      write: (action) => store.write(action),
      transact: (actions) => store.transact(actions),
      query: (table, pk, prefix, limit) => store.query(table, pk, prefix, limit),
    };
    expect(await plan(racing)).toMatchObject({ items: [], events: [], changedMeanwhile: 2 });
  });

  test.each([1, 2, 3, 4, 5])('says what a replay then does, in random history %i', async (seed) => {
    const random = seededRandom(seed);
    const told = randomHistory(random, 25);
    const { world, records, plan } = await rig(told, Math.floor(random.next() * told.messages.length));
    const itemsBefore = new Map(world.tables.table('Metrics'));
    const eventsBefore = world.events().length;
    const planned = await plan();
    await replicateBatch(world.context(), records);
    await world.drainQueue();
    const after = world.tables.table('Metrics');
    const changed = [...new Set([...itemsBefore.keys(), ...after.keys()])].filter(
      (key) => JSON.stringify(itemsBefore.get(key)) !== JSON.stringify(after.get(key)),
    );
    const named = planned.items.map((change) => {
      const item = change.after ?? change.before;
      return `${item?.name?.S}\u0001${item?.version?.S}`;
    });
    expect(named.sort()).toEqual(changed.sort());
    expect(planned.events.map(({ metadata }) => metadata.eventId).sort()).toEqual(
      world
        .events()
        .slice(eventsBefore)
        .map(({ metadata }) => metadata.eventId)
        .sort(),
    );
  });
});
