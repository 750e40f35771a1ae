/** A publication of several transactions that is overtaken or dies half-way: nobody relies on what it may or may not have written. */
import { expect, test } from 'vitest';
import { replicateBatch } from '#core/replication/replicate-batch.ts';
import { crashAt } from '../../support/crash-points.ts';
import { changeValueType, insertLarge, largeStory, publishedWorld, rename } from '../../support/large-metrics.ts';
import { expectPublished } from '../../support/published-laws.ts';

/** More than one transaction takes, less than two. */
const VERSIONS = 120;

async function largeMetric() {
  const large = largeStory();
  insertLarge(large.story, '1', 'large', VERSIONS);
  return { ...large, world: await publishedWorld(large.story) };
}

test('a slow worker that is overtaken before any of its operations writes nothing over the newer state', async () => {
  for (let operation = 1; ; operation++) {
    const { story, during, world } = await largeMetric();
    const first = during(() => changeValueType(story, '1'));
    const second = during(() => changeValueType(story, '1'));
    let operations = 0;
    const overtaken = async (): Promise<void> => {
      if (++operations === operation) await world.apply(second);
    };
    await replicateBatch(world.context(overtaken), world.records(first));
    await world.apply(second);
    expectPublished(world, story, `overtaken at operation ${operation}`);
    if (operations < operation) break;
  }
});

test.each([
  ['a change that is taken back', changeValueType, changeValueType],
  [
    'a rename that is taken back',
    (story: Parameters<typeof rename>[0]) => rename(story, '1', 'other'),
    (story: Parameters<typeof rename>[0]) => rename(story, '1', 'large'),
  ],
] as const)('%s, wherever its worker died, leaves no version of the state between', async (_, change, takeBack) => {
  for (let operation = 1; ; operation++) {
    const { story, during, world } = await largeMetric();
    const { gate, crashed } = crashAt(operation);
    const first = during(() => change(story, '1'));
    const second = during(() => takeBack(story, '1'));
    await replicateBatch(world.context(gate), world.records(first)).catch(() => {});
    await world.apply([...first, ...second]);
    expectPublished(world, story, `the worker died at operation ${operation}`);
    if (!crashed()) break;
  }
});

test('the redirect that a rename leaves expires after its days, counted in seconds', async () => {
  const { story, during, world } = await largeMetric();
  const renamed = during(() => rename(story, '1', 'other'));
  world.nowMs = 1_000_000_500;
  await world.apply(renamed);
  expect(world.tables.table('Metrics').get('large\u00010')).toMatchObject({
    renamedTo: { S: 'other' },
    expiresAt: { N: String(1_000_000 + 30 * 86_400) },
  });
});
