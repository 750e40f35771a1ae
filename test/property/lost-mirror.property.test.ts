/**
 * The row mirror is lost with all heads and loaded again from the source: the Metrics table and the consumers of its events still know the
 * revisions that were told. A failing seed is printed.
 */
import { describe, expect, test } from 'vitest';
import { deliverInterleaved } from '../support/interleaved-delivery.ts';
import { insertLarge, largeStory, publishedWorld } from '../support/large-metrics.ts';
import { expectPublished } from '../support/published-laws.ts';
import { randomHistory } from '../support/random-history.ts';
import { RelayWorld } from '../support/relay-world.ts';
import { type SeededRandom, seededRandom } from '../support/seeded-random.ts';
import { metricRow, type SourceStory, versionRow } from '../support/source-story.ts';

const HISTORIES = Number(process.env.LOST_MIRROR_HISTORIES ?? 250);
const FIRST_SEED = Number(process.env.SEED ?? 1);

const lose = (world: RelayWorld): void => world.tables.table('SourceRows').clear();
const written = (world: RelayWorld): number => world.tables.stream.filter(({ table }) => table === 'Metrics').length;

/** What the source does while nobody listens, and leaves every metric its name. */
function writeUnheard(story: SourceStory, random: SeededRandom, step: number): void {
  const ids = [...story.rows('metrics').keys()];
  const versions = [...story.rows('metric_versions').values()];
  story.transaction(() => {
    const dice = random.next();
    const id = ids.length > 0 ? random.pick(ids) : undefined;
    if (id === undefined || dice < 0.2) {
      story.insert('metrics', metricRow(`9${step}`, `late${step}`));
      story.insert('metric_versions', versionRow(`9${step}`, '1'));
    } else if (dice < 0.4) {
      story.update('metrics', [id], { value_type: random.pick(['SCALAR', 'PERCENTILE']) });
    } else if (dice < 0.6) {
      const last = Math.max(0, ...versions.filter((row) => row.metric_id === id).map((row) => Number(row.version)));
      story.insert('metric_versions', versionRow(id, String(last + 1)));
    } else if (dice < 0.8 && versions.length > 0) {
      const gone = random.pick(versions);
      story.delete('metric_versions', [gone.metric_id ?? '', gone.version ?? '']);
    } else if (story.rows('dimensions').has('1')) {
      story.update('dimensions', ['1'], { name: `unheard${step}` });
    }
  });
}

function inBatches(messages: readonly string[], random: SeededRandom): string[][] {
  const rest = random.shuffle([...messages]);
  const batches: string[][] = [];
  while (rest.length > 0) batches.push(rest.splice(0, 1 + random.below(5)));
  return batches;
}

describe('a mirror that was lost and loaded again', () => {
  test(`in any order, by several workers that die: the items equal the source, and no revision comes twice or is left out (${HISTORIES} histories)`, async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed++) {
      const random = seededRandom(seed);
      const story = randomHistory(random, 3 + random.below(8));
      const world = new RelayWorld({ graceMs: random.chance(0.5) ? 0 : 60_000 });
      await world.apply(story.messages);
      await world.drainQueue();
      lose(world);
      for (let step = random.below(5); step > 0; step--) writeUnheard(story, random, step);
      const crashes = random.chance(0.6) ? 4 : 0;
      const options = { workers: 1 + random.below(3), crashes, crashProbability: 0.02 };
      await deliverInterleaved(world, inBatches(story.load(), random), random, options);
      expectPublished(world, story, `seed ${seed}`);
    }
  });

  test('with nothing changed meanwhile writes no Metrics item and tells no event', async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + 60; seed++) {
      const story = randomHistory(seededRandom(seed), 8);
      const world = new RelayWorld();
      await world.apply(story.messages);
      await world.drainQueue();
      lose(world);
      const before = written(world);
      await world.apply(story.load());
      await world.drainQueue();
      expect(written(world), `seed ${seed}`).toBe(before);
      expectPublished(world, story, `seed ${seed}`);
    }
  });

  test('also of a metric that needs several transactions, one of whose versions went unheard', async () => {
    const { story } = largeStory();
    insertLarge(story, '1', 'large', 230);
    const world = await publishedWorld(story);
    lose(world);
    story.transaction(() => story.delete('metric_versions', ['1', '17']));
    story.transaction(() => story.update('metrics', ['1'], { value_type: 'PERCENTILE' }));
    await world.apply(story.load());
    await world.drainQueue();
    expectPublished(world, story, 'reloaded');
    expect(world.events().at(-1)?.data).toMatchObject({
      revision: 2,
      change: 'UPDATED',
      changedAttributes: ['valueType'],
    });
  });
});
