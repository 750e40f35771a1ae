/** Republished events meet consumers that use the kit: one that has everything changes nothing, an empty one is filled to the table. A failing seed is printed. */
import { expect, test } from 'vitest';
import { applyIfNewer } from '#consumer/apply-if-newer.ts';
import { MemoryMetricStore } from '#consumer/stores/memory.ts';
import { republishedEvent } from '#core/event/republished-event.ts';
import type { MetricChanged } from '#schemas/metric-changed.ts';
import { randomHistory } from '../support/random-history.ts';
import { RelayWorld } from '../support/relay-world.ts';
import { seededRandom } from '../support/seeded-random.ts';

const HISTORIES = Number(process.env.REPUBLISH_HISTORIES ?? 150);
const FIRST_SEED = Number(process.env.SEED ?? 1);

test(`a consumer that has them already changes nothing, a new one is filled to the table (${HISTORIES} histories)`, async () => {
  let republished = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed++) {
    const random = seededRandom(seed);
    const world = new RelayWorld();
    await world.apply(randomHistory(random, 3 + random.below(10)).messages);
    await world.drainQueue();
    const live = world.events();
    const latest = [...world.tables.table('Metrics').values()].filter(({ version }) => version?.S === '0');
    const again = latest.flatMap((item) => republishedEvent(item, 'Metrics') ?? []);
    republished += again.length;

    const known = new MemoryMetricStore();
    for (const event of random.shuffle([...live])) await applyIfNewer(event, { store: known });
    for (const event of random.shuffle([...again]))
      expect((await applyIfNewer(event, { store: known })).outcome, `seed ${seed}`).toBe('duplicate');

    // Live events of the past, redelivered late, do not spoil what the republish has filled.
    const filled = new MemoryMetricStore();
    const late = live.filter(() => random.chance(0.3));
    for (const event of random.shuffle([...again, ...again, ...late])) await applyIfNewer(event, { store: filled });
    for (const event of again) expectState(filled, event, `seed ${seed}`);
    const ids = new Set(live.map(({ metadata }) => metadata.eventId));
    for (const { metadata } of again) {
      expect(metadata.replay).toBe(true);
      expect(ids.has(metadata.eventId), `seed ${seed}: ${metadata.eventId} was told before`).toBe(true);
    }
  }
  expect(republished).toBeGreaterThan(HISTORIES);
});

function expectState(store: MemoryMetricStore, { data }: MetricChanged, history: string): void {
  expect(store.state(data.metricId), history).toMatchObject({
    revision: data.revision,
    name: data.name,
    metric: data.metric,
  });
}
