/** Who must be recomputed after a change: never fewer than the metrics whose items really differ, as the source alone tells. */
import { describe, expect, test } from 'vitest';
import { affectedMetrics, directUsers } from '#core/affected/affected-metrics.ts';
import { entityOf, rowMirrorKey } from '#core/mirror/mirror-key.ts';
import { changesOf } from '../support/dms-message.ts';
import { randomHistory } from '../support/random-history.ts';
import { RelayWorld } from '../support/relay-world.ts';
import { seededRandom } from '../support/seeded-random.ts';
import type { SourceStory } from '../support/source-story.ts';

const HISTORIES = Number(process.env.AFFECTED_HISTORIES ?? 600);

/** Everything that a reader finds of each metric, by its id. */
function itemsById(story: SourceStory): Map<string, string> {
  const items = new Map<string, string>();
  for (const [key, item] of [...story.expectedItems()].sort()) {
    const id = String(item.metricId);
    items.set(id, `${items.get(id) ?? ''}${key}${JSON.stringify(item)}`);
  }
  return items;
}

function differing(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((id) => before.get(id) !== after.get(id));
}

/** All metrics that a fan-out ends in, by the steps of the projector. */
async function fanOut(world: RelayWorld, partitions: readonly string[]): Promise<readonly string[]> {
  const { store } = world.context();
  const found = await Promise.all(partitions.map((partition) => directUsers(store, 'SourceRows', partition)));
  const users = found.flat();
  const further = users.filter((user) => entityOf(user)[0] !== 'metric');
  const metrics = users.filter((user) => entityOf(user)[0] === 'metric').map((user) => entityOf(user)[1]);
  return [...metrics, ...(further.length > 0 ? await fanOut(world, further) : [])];
}

describe('the metrics that a change concerns', () => {
  for (const limit of [100, 1]) {
    test(`contain all whose items differ before and after it, found at once or by a fan-out beyond ${limit}`, async () => {
      let concerned = 0;
      for (let seed = 1; seed <= HISTORIES; seed++) {
        const random = seededRandom(seed);
        const story = randomHistory(random, 4 + random.below(10));
        // The last transaction is the change; the story before it is told again by the same seed.
        const again = seededRandom(seed);
        const steps = 4 + again.below(10);
        const earlier = randomHistory(again, steps - 1);
        const change = story.messages.slice(earlier.messages.length);
        if (change.length === 0) continue;
        const world = new RelayWorld();
        await world.apply(earlier.messages);
        await world.drainQueue();
        const { mirror, store } = world.context();
        const found = new Set<string>();
        for (const { table, key, ...rest } of change.flatMap((message) => changesOf(message))) {
          const lane = { key: rowMirrorKey(table, key), table, changes: [{ table, key, ...rest }] };
          await mirror.apply([lane]);
          const affected = await affectedMetrics(store, 'SourceRows', [lane], limit);
          for (const id of affected.metricIds) found.add(id);
          if (affected.kind === 'fanOut') for (const id of await fanOut(world, affected.partitions)) found.add(id);
        }
        const naive = differing(itemsById(earlier), itemsById(story));
        concerned += naive.length;
        expect(
          naive.filter((id) => !found.has(id)),
          `seed ${seed}: metrics that differ and were not found`,
        ).toEqual([]);
      }
      expect(concerned).toBeGreaterThan(HISTORIES / 2); // or nothing was compared
    });
  }
});
