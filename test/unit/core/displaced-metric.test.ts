/** A metric whose place is taken is recomputed by whoever took it: after a lost mirror no record of its own may come any more. */
import { expect, test } from 'vitest';
import { insertLarge, largeStory, publishedWorld, remove } from '../../support/large-metrics.ts';
import { expectPublished } from '../../support/published-laws.ts';

test('a deletion that found no head, because the mirror was lost, is told when the place is taken', async () => {
  const { story, during } = largeStory();
  insertLarge(story, '1', 'wanted', 3);
  const world = await publishedWorld(story);
  world.tables.table('SourceRows').clear();
  await world.apply(during(() => remove(story, '1')));
  insertLarge(story, '2', 'wanted', 1);
  await world.apply(story.load());
  await world.drainQueue();
  expectPublished(world, story, 'at rest');
  const told = world.events().filter(({ data }) => data.metricId === '1');
  expect(told.map(({ data }) => data.change)).toEqual(['CREATED', 'DELETED']);
});
