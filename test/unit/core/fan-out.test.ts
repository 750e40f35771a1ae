/** A change of more metrics than a batch may recompute reaches every one of them, through as many messages as it needs. */
import { expect, test } from 'vitest';
import { insertLarge, largeStory, publishedWorld, rename } from '../../support/large-metrics.ts';
import { expectPublished } from '../../support/published-laws.ts';
import { RelayWorld } from '../../support/relay-world.ts';
import { metricRow, versionRow } from '../../support/source-story.ts';

const LIMIT = 2;

/** The published world with a lower limit from here on. */
async function limited(story: Parameters<typeof publishedWorld>[0]): Promise<RelayWorld> {
  return new RelayWorld({ fanOutLimit: LIMIT }, (await publishedWorld(story)).tables);
}

test('a metric that more hybrids consume than the limit is renamed in all of them', async () => {
  const { story, during } = largeStory();
  insertLarge(story, '1', 'consumed', 1);
  story.transaction(() => {
    for (const id of ['2', '3', '4', '5', '6']) {
      story.insert('metrics', metricRow(id, `hybrid${id}`, { value_type: 'HYBRID' }));
      story.insert('metric_versions', versionRow(id, '1', { hybrid_formula: 'a * 2' }));
      story.insert('metric_relationships', { consumed_metric_id: '1', consumer_metric_id: id });
    }
  });
  const world = await limited(story);
  await world.apply(during(() => rename(story, '1', 'renamed')));
  expect(world.queue.map(({ body }) => body.kind)).toEqual(['fanOut']);
  await world.drainQueue();
  expectPublished(world, story, 'after the fan-out');
});

test('a dimension of several groups, each with more metrics than the limit, is renamed in all of them', async () => {
  const { story, during } = largeStory();
  story.transaction(() => {
    for (const group of ['2', '3', '4']) {
      story.insert('metric_groups', { id: group, name: `group${group}` });
      story.insert('dimensions_metric_groups', { dimension_id: '1', metric_group_id: group });
      for (const place of ['1', '2', '3', '4', '5']) {
        const id = `${group}${place}`;
        story.insert('metrics', metricRow(id, `metric${id}`, { metric_group_id: group }));
        story.insert('metric_versions', versionRow(id, '1'));
      }
    }
  });
  const world = await limited(story);
  await world.apply(during(() => story.transaction(() => story.update('dimensions', ['1'], { name: 'land' }))));
  await world.drainQueue();
  expectPublished(world, story, 'after the fan-out');
});
