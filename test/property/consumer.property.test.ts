/** Any duplication and any order of the events of any history leave a consumer's copy equal to the Metrics table. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyIfNewer } from '#consumer/apply-if-newer.ts';
import { effectIfNewer } from '#consumer/effect-if-newer.ts';
import { fetchFromDynamoDb } from '#consumer/fetch-from-dynamodb.ts';
import { handleSqsBatch } from '#consumer/metric-batch.ts';
import type { MetricState } from '#consumer/metric-state.ts';
import { delivered, inSqs } from '#consumer/sample-events.ts';
import { MemoryMetricStore } from '#consumer/stores/memory.ts';
import type { MetricChanged } from '#schemas/metric-changed.ts';
import { asClaimCheck, getItemClient, tableMetrics, worldOf } from '../support/consumer-world.ts';
import { randomHistory } from '../support/random-history.ts';
import { RelayWorld } from '../support/relay-world.ts';
import { seededRandom } from '../support/seeded-random.ts';

const history = { seed: fc.nat(1_000_000), steps: fc.integer({ min: 2, max: 16 }) };
/** Which events come first, also twice; the rest follows from the last to the first. */
const picks = fc.array(fc.nat(1_000), { maxLength: 60 });

function inAnyOrder(events: readonly MetricChanged[], order: readonly number[]): MetricChanged[] {
  const first = order.flatMap((pick) => events[pick % events.length] ?? []);
  return [...first, ...events.filter((event) => !first.includes(event)).reverse()];
}

const copyOf = (store: MemoryMetricStore): Map<string, unknown> =>
  new Map(store.live().map(({ metricId, metric }) => [metricId, metric]));

describe('a copy', () => {
  test('ends equal to the table whatever order and duplication its events come in', async () => {
    let compared = 0;
    let deleted = 0;
    await fc.assert(
      fc.asyncProperty(fc.record(history), picks, async ({ seed, steps }, order) => {
        const world = await worldOf(seed, steps);
        const events = world.events();
        const store = new MemoryMetricStore();
        for (const event of inAnyOrder(events, order)) await applyIfNewer(event, { store });
        const table = tableMetrics(world.tables.table('Metrics').values());
        expect(copyOf(store)).toEqual(table);
        compared += table.size;
        deleted += events.filter(({ data }) => data.change === 'DELETED').length;
      }),
      { numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(300); // or nothing was compared
    expect(deleted).toBeGreaterThan(50);
  });

  test('ends equal to the table when events carry only a place, fetched while the history goes on', async () => {
    const outcomes = new Map<string, number>();
    const count = (outcome: string): void => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    await fc.assert(
      fc.asyncProperty(fc.record(history), fc.array(fc.nat(9), { minLength: 1, maxLength: 40 }), async (of, dice) => {
        const random = seededRandom(of.seed);
        const world = new RelayWorld();
        const store = new MemoryMetricStore();
        const options = { store, fetchCurrent: fetchFromDynamoDb(getItemClient(world)) };
        const apply = async (event: MetricChanged): Promise<void> =>
          count((await applyIfNewer(random.chance(0.7) ? asClaimCheck(event) : event, options)).outcome);
        let turn = 0;
        for (const message of random.shuffle([...randomHistory(random, of.steps).messages])) {
          await world.apply([message]);
          const events = world.events();
          // Now and then one of the events so far comes, at once or late.
          const pick = dice[turn++ % dice.length] ?? 0;
          const event = pick < 5 ? events[events.length - 1 - pick] : undefined;
          if (event) await apply(event);
        }
        await world.drainQueue();
        for (const event of random.shuffle([...world.events()])) await apply(event);
        expect(copyOf(store)).toEqual(tableMetrics(world.tables.table('Metrics').values()));
      }),
      { numRuns: 300 },
    );
    // Each way that a claim check can end came up.
    for (const outcome of ['applied', 'stale', 'duplicate', 'superseded'])
      expect(outcomes.get(outcome), outcome).toBeGreaterThan(20);
  });

  test('ends equal to the table from batches of which any message may fail and come again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(history), fc.nat(1_000), async ({ seed, steps }, luck) => {
        const world = await worldOf(seed, steps);
        const random = seededRandom(luck);
        const store = new MemoryMetricStore();
        const waiting = [...delivered(world.events(), luck)];
        while (waiting.length > 0) {
          const sent = waiting.splice(0, 10);
          const response = await handleSqsBatch(
            inSqs(sent),
            async (event) => {
              if (random.chance(0.2)) throw new Error('before the write');
              await applyIfNewer(event, { store });
              if (random.chance(0.2)) throw new Error('after the write');
            },
            { onFailure: () => {}, concurrency: 3 },
          );
          const failed = new Set(response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
          waiting.push(...sent.filter((_, index) => failed.has(`message-${index}`)));
        }
        expect(copyOf(store)).toEqual(tableMetrics(world.tables.table('Metrics').values()));
      }),
      { numRuns: 100 },
    );
  });

  test('made by effects of one worker ends equal to the table, although any effect may run twice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(history), picks, fc.nat(1_000), async ({ seed, steps }, order, luck) => {
        const world = await worldOf(seed, steps);
        const random = seededRandom(luck);
        const store = new MemoryMetricStore();
        const copy = new Map<string, unknown>();
        const effect = (state: MetricState): void => {
          if (random.chance(0.1)) throw new Error('down');
          if (state.deleted) copy.delete(state.metricId);
          else copy.set(state.metricId, state.metric);
          if (random.chance(0.1)) throw new Error('crashed between the effect and remembering it');
        };
        const waiting = inAnyOrder(world.events(), order);
        for (let event = waiting.shift(); event; event = waiting.shift()) {
          const again = event;
          await effectIfNewer(event, { store, effect }).catch(() => waiting.push(again));
        }
        expect(copy).toEqual(tableMetrics(world.tables.table('Metrics').values()));
      }),
      { numRuns: 100 },
    );
  });
});
