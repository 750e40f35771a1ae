/** What item "0" remembers of its former name is small, whatever the metric is like. */
import { expect, test } from 'vitest';
import { differenceFrom, formerFrom } from '#core/publication/former-state.ts';
import { expectPublished } from '../../support/published-laws.ts';
import { RelayWorld } from '../../support/relay-world.ts';
import { metricRow, SourceStory, versionRow } from '../../support/source-story.ts';

/** Metric 2, `large`, with one version that holds the formula. */
function hybridOf(formula: string): SourceStory {
  const story = new SourceStory();
  return story.transaction(() => {
    story.insert('metric_groups', { id: '1', name: 'views' });
    story.insert('metrics', metricRow('1', 'part'));
    story.insert('metric_versions', versionRow('1', '1'));
    story.insert('metrics', metricRow('2', 'large', { value_type: 'HYBRID' }));
    story.insert('metric_versions', versionRow('2', '1', { hybrid_formula: formula }));
    story.insert('metric_relationships', { consumed_metric_id: '1', consumer_metric_id: '2' });
  });
}

test('what came, what went and what changed is kept; what stayed is not', () => {
  const former = { name: { S: 'old' }, went: { N: '1' }, stayed: { SS: ['a', 'b'] } };
  const present = { name: { S: 'new' }, came: { S: '' }, stayed: { SS: ['a', 'b'] } };
  const difference = differenceFrom(present, former);
  expect(difference).toEqual({ name: { S: 'old' }, went: { N: '1' }, came: { NULL: true } });
  expect(formerFrom(present, difference)).toEqual(former);
});

test('members of a set have no order', () => {
  expect(differenceFrom({ of: { SS: ['a', 'b'] } }, { of: { SS: ['b', 'a'] } })).toEqual({});
});

test('what an earlier version remembered is the whole former state', () => {
  const former = { metricId: { N: '1' }, name: { S: 'old' } };
  expect(formerFrom({ ...former, name: { S: 'new' }, came: { S: '' } }, former)).toEqual(former);
});

test('a metric that is renamed while most of it changes is published, and its event says no more than fits', async () => {
  const formula = (sign: string): string => `1 ${sign} `.repeat(60_000);
  const story = hybridOf(formula('+'));
  const world = new RelayWorld();
  await world.apply(story.messages);
  const before = story.messages.length;
  story.transaction(() => {
    story.update('metrics', ['2'], { name: 'huge' });
    story.insert('metric_versions', versionRow('2', '2', { hybrid_formula: formula('-') }));
  });
  await world.apply(story.messages.slice(before));
  await world.drainQueue();
  expect([world.failures, [...world.setAside.keys()]]).toEqual([[], []]);
  expectPublished(world, story, 'after the rename');
  expect(world.events().at(-1)?.data).toMatchObject({
    change: 'RENAMED',
    previousName: 'large',
    changedAttributes: ['name'],
    metricRef: { name: 'huge' },
  });
});

test('a metric that fills most of what DynamoDB allows for an item is renamed', async () => {
  const story = hybridOf('1 + '.repeat(80_000));
  const world = new RelayWorld();
  story.transaction(() => story.update('metrics', ['2'], { name: 'huge' }));
  for (const message of story.messages) await world.apply([message]);
  await world.drainQueue();
  expect([world.failures, [...world.setAside.keys()]]).toEqual([[], []]);
  expectPublished(world, story, 'after the rename');
  expect(world.events().at(-1)?.data).toMatchObject({
    change: 'RENAMED',
    previousName: 'large',
    changedAttributes: ['name'],
    previous: { name: 'large' },
    metricRef: { name: 'huge' },
  });
});
