/**
 * Publication in one transaction and in several: a worker may die at every storage operation of it, and what is delivered afterwards may be the same
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
import { metricRow, type SourceStory, versionRow } from '../support/source-story.ts';

/** One that fits a transaction with all its versions, and one that does not. */
const SIZES = [2, 250];

const CHANGES: Readonly<Record<string, (story: SourceStory) => void>> = {
  'a change of every item': (story) => changeValueType(story, '1'),
  'a rename': (story) => rename(story, '1', 'renamed'),
  'a swap with another large metric': (story) => swap(story, '1', '2'),
  'a deletion': (story) => remove(story, '1'),
  'a rotation of three names': (story) =>
    story.transaction(() => {
      story.update('metrics', ['1'], { name: 'rotating' });
      story.update('metrics', ['4'], { name: 'first' });
      story.update('metrics', ['2'], { name: 'last' });
      story.update('metrics', ['1'], { name: 'second' });
    }),
};

/** What is committed while the first change is still being published. */
const LATER: Readonly<Record<string, (story: SourceStory) => void>> = {
  nothing: () => {},
  'the name it had before': (story) => {
    if (story.rows('metrics').has('1')) rename(story, '1', 'third');
    for (const { id, name } of [...story.rows('metrics').values()])
      if (name === 'first') rename(story, id ?? '', 'fifth');
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
    for (const key of [...story.rows('metric_versions').keys()]) {
      const [metricId = '', version = ''] = key.split('|');
      if (metricId === '1' && Number(version) % 2 === 0) story.delete('metric_versions', [metricId, version]);
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

async function threeMetrics(versions: number): Promise<LargeStory & { readonly world: RelayWorld }> {
  const large = largeStory();
  insertLarge(large.story, '1', 'first', versions);
  insertLarge(large.story, '2', 'second', Math.ceil(versions / 2));
  insertLarge(large.story, '4', 'last', 1);
  return { ...large, world: await publishedWorld(large.story) };
}

for (const versions of SIZES) {
  describe(`a metric with ${versions} versions`, () => {
    test('is created whole wherever its worker dies', async () => {
      const { story, during } = largeStory();
      const created = during(() => insertLarge(story, '1', 'first', versions));
      const [row = '', ...others] = created;
      const world = await publishedWorld(largeStory().story);
      await world.apply(others); // nothing can be published before the metric's own row
      const operations = await withEveryCrash(world, story, [row], [row]);
      expect(operations).toBeGreaterThan(6);
    });

    for (const [change, write] of Object.entries(CHANGES)) {
      for (const [later, writeLater] of Object.entries(LATER)) {
        test(`survives a death at every operation of ${change}, when ${later} follows`, async () => {
          const { story, during, world } = await threeMetrics(versions);
          const first = during(() => write(story));
          const second = during(() => writeLater(story));
          const operations = await withEveryCrash(world, story, first, [...first, ...second]);
          expect(operations).toBeGreaterThan(6);
        });
      }
    }
  });
}

/**
 * A partly refused PutRecords brings a later change of a row before an earlier one. The earlier one is too old to be stored, and yet it
 * tells that the row was born again: children that the source cascaded away, without a record, must go, wherever the worker dies.
 */
describe('a birth that comes after a later change of its row', () => {
  const oneBatch = ([deletion, birth, update]: readonly string[]) => [[update ?? ''], [deletion ?? '', birth ?? '']];
  const twoBatches = ([deletion, birth, update]: readonly string[]) => [
    [update ?? ''],
    [birth ?? ''],
    [deletion ?? ''],
  ];
  for (const [delivery, inBatches] of Object.entries({ 'one batch': oneBatch, 'two batches': twoBatches })) {
    test(`takes the cascaded children wherever its worker dies, in ${delivery}`, async () => {
      const { story, during } = largeStory();
      insertLarge(story, '1', 'consumed', 1);
      story.transaction(() => {
        story.insert('metrics', metricRow('2', 'hybrid', { value_type: 'HYBRID' }));
        story.insert('metric_versions', versionRow('2', '1', { hybrid_formula: 'consumed * 2' }));
        story.insert('metric_relationships', { consumed_metric_id: '1', consumer_metric_id: '2' });
      });
      const world = await publishedWorld(story);
      const rebirth = during(() => {
        remove(story, '1');
        story.transaction(() => story.insert('metrics', metricRow('1', 'reborn')));
        rename(story, '1', 'renamed');
      });
      const batches = inBatches(rebirth);
      for (const [index, batch] of batches.entries()) {
        const before = world.copy();
        for (const earlier of batches.slice(0, index)) await before.apply(earlier);
        const after = batches.slice(index).flat();
        const operations = await withEveryCrash(before, story, batch, after);
        expect(operations).toBeGreaterThan(1);
      }
    });
  }
});
