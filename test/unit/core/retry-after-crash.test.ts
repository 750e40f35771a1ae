/** A worker that dies leaves the rest to the retry of the same records: at whatever operation it died, the retry finds what is left to do. */
import { expect, test } from 'vitest';
import { replicateBatch } from '#core/replication/replicate-batch.ts';
import { crashAt } from '../../support/crash-points.ts';
import { insertLarge, largeStory, publishedWorld, remove, rename } from '../../support/large-metrics.ts';
import { expectPublished } from '../../support/published-laws.ts';
import { RelayWorld } from '../../support/relay-world.ts';
import { metricRow, type SourceStory, versionRow } from '../../support/source-story.ts';

type Check = (world: RelayWorld, story: SourceStory, history: string) => void;

/** Applies the records with a death at each operation in turn, then the same records again, and nothing else. */
async function retriedAtEveryOperation(
  world: RelayWorld,
  story: SourceStory,
  records: readonly string[],
  check: Check = expectPublished,
) {
  for (let operation = 1; ; operation++) {
    const attempt = world.copy();
    const { gate, crashed } = crashAt(operation);
    await replicateBatch(attempt.context(gate), attempt.records(records)).catch(() => {});
    await attempt.apply(records);
    await attempt.drainQueue();
    check(attempt, story, `the worker died at operation ${operation}`);
    if (!crashed()) return;
  }
}

test('of a new version: its row is a duplicate by then, and is published all the same', async () => {
  const { story, during } = largeStory();
  insertLarge(story, '1', 'first', 1);
  const world = await publishedWorld(story);
  const records = during(() => story.transaction(() => story.insert('metric_versions', versionRow('1', '2'))));
  await retriedAtEveryOperation(world, story, records);
});

test('of a full load: its rows are duplicates by then, and are published all the same', async () => {
  const { story } = largeStory();
  insertLarge(story, '1', 'first', 2);
  await retriedAtEveryOperation(new RelayWorld(), story, story.load());
});

test('of a birth that comes after a later change of its row: children of the life before it go', async () => {
  const { story, during } = largeStory();
  insertLarge(story, '1', 'consumed', 1);
  story.transaction(() => {
    story.insert('metrics', metricRow('2', 'hybrid', { value_type: 'HYBRID' }));
    story.insert('metric_versions', versionRow('2', '1', { hybrid_formula: 'a * 2' }));
    story.insert('metric_relationships', { consumed_metric_id: '1', consumer_metric_id: '2' });
  });
  const world = await publishedWorld(story);
  const deletion = during(() => remove(story, '1'));
  const birth = during(() => insertLarge(story, '1', 'consumed', 1));
  const update = during(() => story.transaction(() => story.update('metrics', ['1'], { value_type: 'PERCENTILE' })));
  await world.apply(update);
  await retriedAtEveryOperation(world, story, [...deletion, ...birth]);
});

/** A metric that was woken may keep the record of the name that it left: whoever waits for that name was woken before. */
const expectItems: Check = (world, story, history) => expect(world.liveItems(), history).toEqual(story.expectedItems());

test.each(['renamed', 'deleted'])('of a metric that is %s: whoever waits for its name is woken', async (how) => {
  const { story, during } = largeStory();
  insertLarge(story, '1', 'wanted', 1);
  insertLarge(story, '2', 'waiting', 1);
  const world = await publishedWorld(story);
  const leaves = during(() => (how === 'deleted' ? remove(story, '1') : rename(story, '1', 'free')));
  const wants = during(() => rename(story, '2', 'wanted'));
  await world.apply(wants);
  expect([...world.liveItems().keys()]).toContain('waiting\u00000');
  await retriedAtEveryOperation(world, story, leaves, expectItems);
});

// 2 is woken, takes A and leaves B; the worker dies before it wakes 3, which waits for B. The retry offers A again: 2 does not claim it any more,
// and yet what 2 left must be offered to 3.
test('of a metric at the head of a queue for names: the one behind the one that was woken is woken as well', async () => {
  const { story, during } = largeStory();
  insertLarge(story, '1', 'A', 1);
  insertLarge(story, '2', 'B', 1);
  insertLarge(story, '3', 'C', 1);
  const world = await publishedWorld(story);
  const first = during(() => rename(story, '1', 'free'));
  const second = during(() => rename(story, '2', 'A'));
  const third = during(() => rename(story, '3', 'B'));
  await world.apply(third);
  await world.apply(second);
  await retriedAtEveryOperation(world, story, first, expectItems);
});
