/**
 * Names that move between metrics: swaps, rotations, deletions and births under a name that was just left, settled by two workers that are
 * interleaved at every storage operation, while rows arrive in any order. A failing seed is printed; put it into REGRESSIONS.
 */
import { describe, expect, test } from 'vitest';
import { rowMirrorKey } from '#core/mirror/mirror-key.ts';
import type { RowLane, RowMirror } from '#core/mirror/row-mirror.ts';
import { settleMetric } from '#core/publication/settle-metric.ts';
import { changesOf } from '../support/dms-message.ts';
import { Interleaving } from '../support/interleaving.ts';
import { expectPublished } from '../support/published-laws.ts';
import { COMMIT } from '../support/registers.ts';
import { RelayWorld } from '../support/relay-world.ts';
import { type SeededRandom, seededRandom } from '../support/seeded-random.ts';
import { metricRow, SourceStory, versionRow } from '../support/source-story.ts';

/** Seeds that once failed, each with what it showed. 36: a deletion that another worker ends between two reads is no broken invariant. */
const REGRESSIONS: readonly number[] = [36];
const HISTORIES = Number(process.env.NAME_HISTORIES ?? 1_000);
const FIRST_SEED = Number(process.env.SEED ?? 1);
const IDS = ['1', '2', '3', '4'];
const NAMES = ['A', 'B', 'C', 'D', 'E'];

function insertMetric(story: SourceStory, id: string, name: string): void {
  story.insert('metrics', metricRow(id, name));
  story.insert('metric_versions', versionRow(id, '1'));
}

/** Gives each metric the name of the next one, through a name that nobody else has, as a unique key demands. */
function rotate(story: SourceStory, ids: readonly string[]): void {
  const names = ids.map((id) => story.rows('metrics').get(id)?.name ?? '');
  const [first = ''] = ids;
  story.update('metrics', [first], { name: 'rotating' });
  for (let place = ids.length - 1; place > 0; place--)
    story.update('metrics', [ids[place] ?? ''], { name: names[(place + 1) % ids.length] ?? '' });
  story.update('metrics', [first], { name: names[1] ?? '' });
}

function moveNames(story: SourceStory, random: SeededRandom): void {
  const ids = random.shuffle([...story.rows('metrics').keys()]);
  const taken = [...story.rows('metrics').values()].map(({ name }) => name);
  const free = NAMES.filter((name) => !taken.includes(name));
  const [id = ''] = ids;
  const dice = random.next();
  story.transaction(() => {
    if (ids.length === 0 || (dice < 0.2 && ids.length < IDS.length)) {
      insertMetric(story, random.pick(IDS.filter((one) => !ids.includes(one))), random.pick(free));
    } else if (dice < 0.45) story.update('metrics', [id], { name: random.pick(free) });
    else if (dice < 0.75 && ids.length > 1) rotate(story, ids.slice(0, 2 + random.below(ids.length - 1)));
    else {
      const name = story.rows('metrics').get(id)?.name ?? '';
      story.delete('metrics', [id]);
      if (random.chance(0.6)) insertMetric(story, random.pick([id, ...IDS.filter((one) => !ids.includes(one))]), name);
    }
  });
}

async function store(mirror: RowMirror, message: string): Promise<readonly string[]> {
  const changes = changesOf(message);
  const lanes = changes.map(
    (change): RowLane => ({ key: rowMirrorKey(change.table, change.key), table: change.table, changes: [change] }),
  );
  for (const result of await mirror.apply(lanes)) if (result.status === 'rejected') throw result.reason;
  return lanes.filter(({ key }) => key.pk.startsWith('metric#')).map(({ key }) => key.pk.slice('metric#'.length));
}

async function runHistory(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const story = new SourceStory();
  story.transaction(() => {
    story.insert('dimensions', { id: '1', name: 'country' });
    story.insert('metric_groups', { id: '1', name: 'group' });
    story.insert('dimensions_metric_groups', { dimension_id: '1', metric_group_id: '1' });
  });
  const world = new RelayWorld();
  await world.apply(story.messages);
  const from = story.messages.length;
  for (let moves = 2 + random.below(7); moves > 0; moves--) moveNames(story, random);
  const messages = story.messages.slice(from);
  if (random.chance(0.6)) random.shuffle(messages);

  const interleaving = new Interleaving(random);
  let running = 0;
  const failures: unknown[] = [];
  /** A worker stores a row, then settles the metric that it belongs to. */
  const work = async (): Promise<void> => {
    const { gate } = interleaving.worker();
    const context = world.context(gate);
    for (let message = messages.shift(); message !== undefined; message = messages.shift()) {
      for (const id of await store(context.mirror, message)) await settleMetric(context, id, COMMIT);
    }
  };
  for (let worker = 0; worker < 2; worker++) {
    running++;
    void work()
      .catch((error) => failures.push(error))
      .finally(() => running--);
  }
  for (let step = 0; running > 0; step++) {
    if (step > 100_000) throw new Error(`seed ${seed}: the workers do not come to rest`);
    await interleaving.step(0);
  }
  expect(failures, `seed ${seed}`).toEqual([]);
  expectPublished(world, story, `seed ${seed}`);
}

describe('names that move between metrics', () => {
  const seeds = [...REGRESSIONS, ...Array.from({ length: HISTORIES }, (_, index) => FIRST_SEED + index)];

  test(`end with the metrics that have them in the source, nobody waits, and no revision is left out (${seeds.length} histories)`, async () => {
    for (const seed of seeds) await runHistory(seed);
  });
});
