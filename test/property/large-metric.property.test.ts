/**
 * Publication in several transactions: a worker may die at every storage operation of it, and what is delivered afterwards may be the same
 * records or the same with newer ones behind them. At rest the table equals the source and nothing is left over.
 */
import { describe, expect, test } from 'vitest';
import { replicateBatch } from '#core/replication/replicate-batch.ts';
import { crashAt } from '../support/crash-points.ts';
import {
  changeValueType,
  insertLarge,
  type LargeStory,
  largeStory,
  publishedWorld,
  remove,
  rename,
  swap,
} from '../support/large-metrics.ts';
import { expectPublished } from '../support/published-laws.ts';
import type { RelayWorld } from '../support/relay-world.ts';
import type { SourceStory } from '../support/source-story.ts';

const VERSIONS = 250;

const CHANGES: Readonly<Record<string, (story: SourceStory) => void>> = {
  'a change of every item': (story) => changeValueType(story, '1'),
  'a rename': (story) => rename(story, '1', 'renamed'),
  'a swap with another large metric': (story) => swap(story, '1', '2'),
  'a deletion': (story) => remove(story, '1'),
};

/** What is committed while the first change is still being published. */
const LATER: Readonly<Record<string, (story: SourceStory) => void>> = {
  nothing: () => {},
  'the name it had before': (story) => {
    if (story.rows('metrics').has('1')) rename(story, '1', 'third');
    if (story.rows('metrics').get('2')?.name === 'first') rename(story, '2', 'second');
    if (story.rows('metrics').has('1')) rename(story, '1', 'first');
  },
  'another rename': (story) => {
    if (story.rows('metrics').has('1')) rename(story, '1', 'fourth');
  },
  'its deletion': (story) => {
    if (story.rows('metrics').has('1')) remove(story, '1');
  },
  'another metric under its name': (story) => {
    const name = story.rows('metrics').get('1')?.name ?? 'first';
    if (story.rows('metrics').has('1')) remove(story, '1');
    insertLarge(story, '3', name, 120);
  },
  'a metric born again under its key': (story) => {
    if (story.rows('metrics').has('1')) remove(story, '1');
    if (![...story.rows('metrics').values()].some(({ name }) => name === 'first'))
      insertLarge(story, '1', 'first', 130);
  },
  'fewer versions': (story) => {
    for (let version = 100; version <= VERSIONS; version++) {
      const key = ['1', String(version)];
      if (story.rows('metric_versions').has(key.join('|'))) story.delete('metric_versions', key);
    }
  },
};

/** Applies `first` with a death at each of its operations in turn, then what is delivered after it. */
async function withEveryCrash(
  world: RelayWorld,
  story: SourceStory,
  first: readonly string[],
  redelivered: readonly string[],
): Promise<number> {
  for (let operation = 1; ; operation++) {
    const attempt = world.copy();
    const { gate, crashed } = crashAt(operation);
    await replicateBatch(attempt.context(gate), attempt.records(first)).catch(() => {});
    const result = await attempt.apply(redelivered);
    await attempt.drainQueue();
    expect(result.retryFrom, `the worker died at operation ${operation}: retry`).toBeUndefined();
    expectPublished(attempt, story, `the worker died at operation ${operation}`);
    if (!crashed()) return operation - 1;
  }
}

async function twoLargeMetrics(): Promise<LargeStory & { readonly world: RelayWorld }> {
  const large = largeStory();
  insertLarge(large.story, '1', 'first', VERSIONS);
  insertLarge(large.story, '2', 'second', 120);
  return { ...large, world: await publishedWorld(large.story) };
}

describe('a metric with 250 versions', () => {
  test('is created whole wherever its worker dies', async () => {
    const { story, during } = largeStory();
    const created = during(() => insertLarge(story, '1', 'first', VERSIONS));
    const [row = '', ...versions] = created;
    const world = await publishedWorld(largeStory().story);
    await world.apply(versions); // nothing can be published before the metric's own row
    const operations = await withEveryCrash(world, story, [row], [row]);
    expect(operations).toBeGreaterThan(6);
  });

  for (const [change, write] of Object.entries(CHANGES)) {
    for (const [later, writeLater] of Object.entries(LATER)) {
      test(`survives a death at every operation of ${change}, when ${later} follows`, async () => {
        const { story, during, world } = await twoLargeMetrics();
        const first = during(() => write(story));
        const second = during(() => writeLater(story));
        const operations = await withEveryCrash(world, story, first, [...first, ...second]);
        expect(operations).toBeGreaterThan(6);
      });
    }
  }
});
