/**
 * Random lives of metrics with more versions than one transaction holds: records shuffled and duplicated, two workers interleaved at every
 * storage operation, workers that die. A failing seed is printed; put it into REGRESSIONS.
 */
import { describe, test } from 'vitest';
import { deliverInterleaved } from '../support/interleaved-delivery.ts';
import {
  changeValueType,
  insertLarge,
  largeStory,
  publishedWorld,
  remove,
  rename,
  swap,
} from '../support/large-metrics.ts';
import { expectPublished } from '../support/published-laws.ts';
import { type SeededRandom, seededRandom } from '../support/seeded-random.ts';
import type { SourceStory } from '../support/source-story.ts';

/** Seeds that once failed, each with what it showed. */
const REGRESSIONS: readonly number[] = [];
const HISTORIES = Number(process.env.LARGE_HISTORIES ?? 300);
const FIRST_SEED = Number(process.env.SEED ?? 1);
const NAMES = ['A', 'B', 'C', 'D'];
/** One transaction takes 100 actions. */
const versionsOf = (random: SeededRandom): number =>
  random.chance(0.7) ? 105 + random.below(20) : 1 + random.below(3);

function randomWrite(story: SourceStory, random: SeededRandom): void {
  const ids = [...story.rows('metrics').keys()];
  const freeIds = ['1', '2', '3'].filter((id) => !ids.includes(id));
  const freeNames = NAMES.filter((name) => ![...story.rows('metrics').values()].some((row) => row.name === name));
  const dice = random.next();
  if (ids.length === 0 || (dice < 0.15 && freeIds.length > 0)) {
    if (freeIds.length > 0) insertLarge(story, random.pick(freeIds), random.pick(freeNames), versionsOf(random));
    return;
  }
  const id = random.pick(ids);
  const name = story.rows('metrics').get(id)?.name ?? '';
  if (dice < 0.4) rename(story, id, random.pick(freeNames));
  else if (dice < 0.6 && ids.length > 1) swap(story, id, random.pick(ids.filter((other) => other !== id)));
  else if (dice < 0.75) changeValueType(story, id);
  else if (dice < 0.9) {
    remove(story, id);
    if (random.chance(0.6)) insertLarge(story, random.pick([id, ...freeIds]), name, versionsOf(random));
  } else {
    for (const key of story.rows('metric_versions').keys()) {
      const [metricId = '', version = ''] = key.split('|');
      if (metricId === id && random.chance(0.5)) story.delete('metric_versions', [metricId, version]);
    }
  }
}

/** What is received out of order: rows of metrics one by one, versions of one transaction mostly together. */
function batchesOf(messages: readonly string[], random: SeededRandom): string[][] {
  const batches: string[][] = [];
  const rest = [...messages];
  while (rest.length > 0)
    batches.push(rest.splice(0, random.chance(0.5) ? 1 + random.below(3) : 40 + random.below(120)));
  if (random.chance(0.5)) {
    batches.push(...batches.filter(() => random.chance(0.2)));
    random.shuffle(batches);
  }
  return batches;
}

describe('metrics that need several transactions', () => {
  const seeds = [...REGRESSIONS, ...Array.from({ length: HISTORIES }, (_, index) => FIRST_SEED + index)];

  test(`two workers, any order, any duplicate, any crash: the items equal the source (${seeds.length} histories)`, async () => {
    for (const seed of seeds) {
      const random = seededRandom(seed);
      const { story } = largeStory();
      insertLarge(story, '1', 'A', versionsOf(random));
      insertLarge(story, '2', 'B', versionsOf(random));
      const world = await publishedWorld(story);
      const from = story.messages.length;
      for (let write = 2 + random.below(4); write > 0; write--) randomWrite(story, random);
      await deliverInterleaved(world, batchesOf(story.messages.slice(from), random), random, {
        workers: 2,
        crashes: random.chance(0.7) ? 4 : 0,
        crashProbability: 0.03,
      });
      expectPublished(world, story, `seed ${seed}`);
    }
  });
});
