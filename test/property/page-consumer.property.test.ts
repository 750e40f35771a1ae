/**
 * A consumer written from docs/events.md alone, without a line of this project, ends equal to the Metrics table: real events of random
 * histories, each several times, in any order, some while the table is being written, some too large to carry their metric. A failing seed is printed.
 */
import { describe, expect, test } from 'vitest';
import { plainJson } from '#core/event/plain-json.ts';
import { republishedEvent } from '#core/event/republished-event.ts';
import type { MetricChanged } from '#schemas/metric-changed.ts';
import { type FetchItem, type JsonObject, PageConsumer } from '../docs-consumer/page-consumer.ts';
import { asClaimCheck, tableMetrics } from '../support/consumer-world.ts';
import { randomHistory, randomWrite } from '../support/random-history.ts';
import { rebuildAll } from '../support/rebuild-all.ts';
import { RelayWorld } from '../support/relay-world.ts';
import { type SeededRandom, seededRandom } from '../support/seeded-random.ts';
import { metricRow, type SourceStory, versionRow } from '../support/source-story.ts';

const HISTORIES = Number(process.env.PAGE_HISTORIES ?? 240);
const FIRST_SEED = Number(process.env.SEED ?? 1);
const DELIVERIES_MIN = 10_000;
const EXTRA_COPIES_MAX = 3;
/** Above 2^53, where a number would be rounded. */
const LARGE_ID = '18446744073709551615';
/** Together with the same before, or alone, too large for an event. */
const FORMULA_LENGTHS = [96_000, 195_000];

/** Longest way of a read or of its answer, in microtasks; a batch of records takes some hundred. */
const TURNS_MAX = 600;

type Counts = Map<string, number>;
const count = (counts: Counts, what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);

function story(random: SeededRandom): SourceStory {
  const told = randomHistory(random, 1 + random.below(3));
  told.transaction(() => {
    told.insert('metrics', metricRow(LARGE_ID, 'large id'));
    told.insert('metric_versions', versionRow(LARGE_ID, '1', { aggregation_param: '1234567890.0123456789' }));
  });
  const isLarge = random.chance(0.1);
  for (let step = 6 + random.below(22); step > 0; step--)
    told.transaction(() => {
      if (isLarge && random.chance(0.3)) writeLarge(told, random);
      else randomWrite(told, random, 100 + step);
    });
  return told;
}

/** A new version with a formula that does not fit into an event. */
function writeLarge(told: SourceStory, random: SeededRandom): void {
  const ids = [...told.rows('metrics').keys()];
  if (ids.length === 0) return;
  const id = random.pick(ids);
  const versions = [...told.rows('metric_versions').values()].filter((row) => row.metric_id === id);
  const next = Math.max(0, ...versions.map((row) => Number(row.version))) + 1;
  const formula = random.pick(['a', 'b', 'c']).repeat(random.pick(FORMULA_LENGTHS));
  told.insert('metric_versions', versionRow(id, String(next), { hybrid_formula: formula }));
}

/** GetItem on the table as it is at some moment; the way there and back takes a while, in which the table is written and other events are taken. */
function fetchItem(world: RelayWorld, random: SeededRandom, counts: Counts): FetchItem {
  return async ({ table, name, version }) => {
    const key = world.tables.keyOf(table, { name: { S: name }, version: { S: version } });
    await turns(random.below(TURNS_MAX));
    const item = world.tables.table(table).get(key);
    count(counts, 'fetched');
    await turns(random.below(TURNS_MAX));
    return item && asSent(plainJson(item));
  };
}

async function turns(number: number): Promise<void> {
  for (let left = number; left > 0; left--) await undefined;
}

const asSent = (value: unknown): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;

/**
 * As it arrives: the whole event or its detail, perhaps of a later minor version; perhaps a claim check although the metric is small, as if
 * it were larger; a deletion perhaps without a last known state.
 */
function arriving(event: MetricChanged, random: SeededRandom): JsonObject {
  const { metadata, data } = !event.data.metricRef && random.chance(0.25) ? asClaimCheck(event) : event;
  const { metric: _, ...stateless } = data;
  const told = data.change === 'DELETED' && random.chance(0.2) ? stateless : data;
  const later = { metadata: { ...metadata, schemaVersion: '1.7', later: [1] }, data: { ...told, later: null } };
  const detail = random.chance(0.2) ? later : { metadata, data: told };
  return asSent(random.chance(0.5) ? { source: 'metric-relay', 'detail-type': 'MetricChanged', detail } : detail);
}

interface Run {
  readonly random: SeededRandom;
  readonly counts: Counts;
  readonly consumer: PageConsumer;
  /** Highest revision that the copy has shown of each metric. */
  readonly shown: Map<string, number>;
}

/** Several are taken at the same time, as by a function with a batch. What the copy shows never gets older. */
async function deliver({ random, counts, consumer, shown }: Run, events: readonly MetricChanged[]): Promise<void> {
  const rest = [...events];
  while (rest.length > 0) {
    const batch = rest.splice(0, 1 + random.below(8));
    for (const { data } of batch) {
      count(counts, 'delivered');
      if (data.change === 'DELETED') count(counts, 'deletions');
      if (data.metricRef) count(counts, 'real claim checks');
      if (data.previousOmitted) count(counts, 'previous values left out');
    }
    const taken = await Promise.all(batch.map((event) => consumer.take(arriving(event, random))));
    for (const outcome of taken) count(counts, outcome);
    for (const [metricId, { revision }] of consumer.state()) {
      expect(revision, `metric ${metricId}`).toBeGreaterThanOrEqual(shown.get(metricId) ?? 1);
      shown.set(metricId, Number(revision));
    }
  }
}

/** The table is lost in part, and rebuilt: what was told before is told again. */
async function loseAndRebuild(world: RelayWorld, random: SeededRandom): Promise<void> {
  await world.drainQueue();
  const items = world.tables.table('Metrics');
  for (const key of [...items.keys()]) if (random.chance(0.5)) items.delete(key);
  await rebuildAll(world);
}

async function history(random: SeededRandom, counts: Counts): Promise<{ world: RelayWorld; consumer: PageConsumer }> {
  const world = new RelayWorld();
  const consumer = new PageConsumer(fetchItem(world, random, counts));
  const { messages } = story(random);
  const records = random.chance(0.5) ? random.shuffle([...messages]) : [...messages];
  const waiting: MetricChanged[] = [];
  let told = 0;
  const hear = (): void => {
    const events = world.events();
    for (const event of events.slice(told))
      for (let copies = 1 + random.below(EXTRA_COPIES_MAX + 1); copies > 0; copies--) waiting.push(event);
    told = events.length;
    random.shuffle(waiting);
  };
  const run: Run = { random, counts, consumer, shown: new Map() };
  const underway: Promise<void>[] = [];
  let rebuildAt = random.chance(0.3) ? random.below(records.length) : -1;
  while (records.length > 0) {
    if (random.chance(0.3)) hear();
    const writing = world.apply(records.splice(0, 1 + random.below(4)));
    if (random.chance(0.3)) underway.push(deliver(run, waiting.splice(0, random.below(waiting.length + 1))));
    await writing;
    if (records.length > rebuildAt) continue;
    rebuildAt = -1;
    await Promise.all(underway);
    await loseAndRebuild(world, random);
  }
  await world.drainQueue();
  hear();
  await Promise.all(underway);
  await deliver(run, waiting);
  return { world, consumer };
}

describe('a consumer written from the page', () => {
  test(`ends equal to the table after at least ${DELIVERIES_MIN} shuffled and duplicated deliveries`, async () => {
    const counts: Counts = new Map();
    for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed++) {
      const random = seededRandom(seed);
      const run = await history(random, counts).catch((cause) => {
        throw new Error(`seed ${seed}: ${cause}`, { cause });
      });
      const { world, consumer } = run;
      const table = tableMetrics(world.tables.table('Metrics').values());
      expect(consumer.state(), `seed ${seed}`).toEqual(table);
      for (const _ of table) count(counts, 'compared');

      const empty = new PageConsumer(fetchItem(world, random, counts));
      const items = [...world.tables.table('Metrics').values()].filter((item) => item.version?.S === '0');
      const again = items.flatMap((item) => republishedEvent(item, 'Metrics') ?? []);
      for (const event of random.shuffle(again)) await empty.take(arriving(event, random));
      expect(empty.state(), `seed ${seed}: an empty copy after a republish`).toEqual(table);
    }
    if (process.env.PAGE_HISTORIES) return;
    expect(counts.get('delivered')).toBeGreaterThanOrEqual(DELIVERIES_MIN);
    // Or something was not tried.
    const tried = ['compared', 'applied', 'ignored', 'left', 'fetched', 'deletions', 'real claim checks'];
    for (const what of tried) expect(counts.get(what) ?? 0, what).toBeGreaterThan(50);
    expect(counts.get('previous values left out')).toBeGreaterThan(20);
  });
});
