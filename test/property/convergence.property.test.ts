/**
 * The laws on the real core: random histories, records shuffled and duplicated, several workers interleaved at every storage operation, and
 * workers that die at any of them. A failing seed is printed; put it into REGRESSIONS.
 */
import { describe, expect, test } from 'vitest';
import { replicateBatch } from '#core/replication/replicate-batch.ts';
import { runProjection } from '#core/replication/run-projection.ts';
import { Interleaving } from '../support/interleaving.ts';
import { randomHistory } from '../support/random-history.ts';
import { RelayWorld } from '../support/relay-world.ts';
import { seededRandom } from '../support/seeded-random.ts';

/** Seeds that once failed, each with what it showed. */
const REGRESSIONS: readonly number[] = [];
const HISTORIES = Number(process.env.HISTORIES ?? 400);
const FIRST_SEED = Number(process.env.SEED ?? 1);

async function runHistory(seed: number): Promise<{ world: RelayWorld; story: ReturnType<typeof randomHistory> }> {
  const random = seededRandom(seed);
  const story = randomHistory(random, 3 + random.below(8));
  const world = new RelayWorld({ graceMs: random.chance(0.5) ? 0 : 60_000, fanOutLimit: random.chance(0.3) ? 1 : 100 });
  const messages = [...story.messages];
  if (random.chance(0.3)) messages.push(...story.load());
  if (random.chance(0.7)) {
    for (const message of story.messages) if (random.chance(0.3)) messages.push(message);
    random.shuffle(messages);
  }
  const batches: string[][] = [];
  while (messages.length > 0) batches.push(messages.splice(0, 1 + random.below(4)));

  const interleaving = new Interleaving(random);
  const workersMax = 1 + random.below(3);
  let crashes = random.chance(0.6) ? 4 : 0;
  let running = 0;
  const start = (work: (gate: () => Promise<void>) => Promise<boolean>, redo: () => void): void => {
    running++;
    void work(interleaving.worker().gate)
      .catch(() => false)
      .then((done) => {
        running--;
        if (!done) redo();
      });
  };
  for (let step = 0; running > 0 || batches.length > 0 || world.queue.length > 0; step++) {
    if (step > 200_000) throw new Error(`seed ${seed} does not come to rest`);
    while (running < workersMax && (batches.length > 0 || world.queue.length > 0)) {
      const batch = random.chance(0.7) || world.queue.length === 0 ? batches.shift() : undefined;
      const queued = batch ? undefined : world.queue.shift();
      if (batch) {
        const records = world.records(batch);
        start(
          async (gate) => (await replicateBatch(world.context(gate), records)).retryFrom === undefined,
          () => batches.unshift(batch),
        );
      } else if (queued) {
        world.nowMs = Math.max(world.nowMs, queued.dueMs);
        start(
          async (gate) => {
            await runProjection(world.context(gate), JSON.stringify(queued.body));
            return true;
          },
          () => world.queue.push(queued),
        );
      }
    }
    const before = running;
    await interleaving.step(crashes > 0 ? 0.01 : 0);
    if (running < before) crashes--;
  }
  return { world, story };
}

function sorted(items: ReadonlyMap<string, unknown>): unknown {
  return Object.fromEntries([...items].sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe('any order, any duplicate, any crash', () => {
  const seeds = [...REGRESSIONS, ...Array.from({ length: HISTORIES }, (_, index) => FIRST_SEED + index)];

  test(`the items equal the source, revisions have no gap, and a consumer ends equal to the table (${seeds.length} histories)`, async () => {
    for (const seed of seeds) {
      const { world, story } = await runHistory(seed);
      expect(sorted(world.liveItems()), `seed ${seed}`).toEqual(sorted(story.expectedItems()));

      const revisions = new Map<string, number>();
      const consumer = new Map<string, unknown>();
      for (const { metadata, data } of world.events()) {
        expect(
          data.revision,
          `seed ${seed}: revision after ${revisions.get(data.metricId)} of metric ${data.metricId}`,
        ).toBe((revisions.get(data.metricId) ?? 0) + 1);
        expect(metadata.eventId).toBe(`${data.metricId}:${data.revision}`);
        revisions.set(data.metricId, data.revision);
        if (data.change === 'DELETED') consumer.delete(data.metricId);
        else consumer.set(data.metricId, data.name);
      }
      const names = new Map([...story.rows('metrics').values()].map((row) => [row.id, row.name]));
      expect(sorted(consumer), `seed ${seed}: what a consumer of the events knows`).toEqual(
        sorted(names as Map<string, unknown>),
      );
    }
  });

  test('applying a whole history again writes no Metrics item and emits no event', async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + 60; seed++) {
      const { world, story } = await runHistory(seed);
      const before = world.tables.stream.filter(({ table }) => table === 'Metrics').length;
      await world.apply(story.messages);
      await world.drainQueue();
      expect(world.tables.stream.filter(({ table }) => table === 'Metrics').length, `seed ${seed}`).toBe(before);
    }
  });
});
