/**
 * Two workers with the records of one transaction: the second does all its work between two storage operations of the first, at every such
 * place in turn. What a seeded interleaving meets once in many thousand histories is met here each time.
 */
import { describe, expect, test } from 'vitest';
import { replicateBatch } from '#core/replication/replicate-batch.ts';
import { insertLarge, largeStory, publishedWorld, remove, rename, swap } from '../support/large-metrics.ts';
import { expectPublished } from '../support/published-laws.ts';
import type { SourceStory } from '../support/source-story.ts';

type Change = (story: SourceStory) => void;

/** Each transaction concerns two metrics, so its records may travel on two shards. */
const CHANGES: Readonly<Record<string, Change>> = {
  'a name that is freed and taken': (story) =>
    story.transaction(() => {
      story.update('metrics', ['1'], { name: 'free' });
      story.update('metrics', ['2'], { name: 'first' });
    }),
  'a swap': (story) => swap(story, '1', '2'),
  'a deletion whose name another metric takes': (story) => {
    remove(story, '1');
    rename(story, '2', 'first');
  },
  'a rename there and back while another one tries the name': (story) => {
    rename(story, '1', 'free');
    rename(story, '2', 'first');
    rename(story, '2', 'second');
    rename(story, '1', 'first');
  },
  'a rotation through a name left by a deletion': (story) => {
    remove(story, '1');
    rename(story, '2', 'first');
    insertLarge(story, '1', 'second', 2);
  },
};

const isOfMetric = (id: string) => (message: string) =>
  message.includes(`"id":"${id}"`) || message.includes(`"metric_id":"${id}"`);

for (const versions of [2, 110]) {
  describe(`two metrics with ${versions} versions each`, () => {
    for (const [change, write] of Object.entries(CHANGES)) {
      for (const [leader, follower] of [
        ['1', '2'],
        ['2', '1'],
      ] as const) {
        test(`${change}: worker of metric ${follower} between any two operations of the worker of metric ${leader}`, async () => {
          const { story, during } = largeStory();
          insertLarge(story, '1', 'first', versions);
          insertLarge(story, '2', 'second', versions);
          const world = await publishedWorld(story);
          const messages = during(() => write(story));
          for (let place = 1; ; place++) {
            const attempt = world.copy();
            let seen = 0;
            const gate = async (): Promise<void> => {
              seen++;
              if (seen !== place) return;
              const inner = await attempt.apply(messages.filter(isOfMetric(follower)));
              expect(inner.retryFrom).toBeUndefined();
            };
            const records = attempt.records(messages.filter(isOfMetric(leader)));
            const { retryFrom } = await replicateBatch(attempt.context(gate), records);
            if (seen < place) await attempt.apply(messages.filter(isOfMetric(follower)));
            expect(retryFrom, `before operation ${place}`).toBeUndefined();
            await attempt.drainQueue();
            expectPublished(attempt, story, `before operation ${place}`);
            if (seen < place) break;
          }
        });
      }
    }
  });
}
