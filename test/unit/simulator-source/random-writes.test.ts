/** Random writes are worth something only if they reach the rare cases, can be left out one by one, and can be drawn again. */
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#simulator/engine/random.ts';
import { WORLD_START_MS } from '#simulator/engine/virtual-time.ts';
import { initialRows, writeStep } from '#simulator/source/random-writes.ts';
import { type Commit, SourceDatabase } from '#simulator/source/source-database.ts';
import { FOREIGN_KEYS, rowKey, UNIQUE_NAMES } from '#simulator/source/table-constraints.ts';

const STEPS = 25;

function history(seed: string, isMade: (step: number) => boolean = () => true): SourceDatabase {
  const random = seededRandom(seed);
  const database = new SourceDatabase();
  initialRows(database, random.fork('initial'), WORLD_START_MS);
  for (let step = 0; step < STEPS; step++) {
    if (isMade(step)) writeStep(database, random.fork(`write ${step}`), WORLD_START_MS + step * 100);
  }
  return database;
}

const histories = Array.from({ length: 400 }, (_, index) => history(`writes ${index}`));
const commits = histories.flatMap((database) => database.commits);
const deletes = (commit: Commit, table: string): ReadonlySet<string | null | undefined> =>
  new Set(
    commit.changes
      .filter((change) => change.operation === 'delete' && change.table === table)
      .map(({ row }) => row.get('id')),
  );

describe('random writes', () => {
  test.each<[string, number, (commit: Commit) => boolean]>([
    [
      'swaps of names in one transaction',
      100,
      ({ changes }) =>
        changes.filter(
          ({ table, before, row }) => table === 'metrics' && before && before.get('name') !== row.get('name'),
        ).length >= 3,
    ],
    [
      'metrics born again under their id in the transaction of their death',
      100,
      (commit) =>
        commit.changes.some(
          ({ table, operation, row }) =>
            table === 'metrics' && operation === 'insert' && deletes(commit, 'metrics').has(row.get('id')),
        ),
    ],
    [
      'dimensions born again under their id',
      30,
      (commit) =>
        commit.changes.some(
          ({ table, operation, row }) =>
            table === 'dimensions' && operation === 'insert' && deletes(commit, 'dimensions').has(row.get('id')),
        ),
    ],
    ['changed keys of versions', 30, (commit) => movesKey(commit, 'metric_versions')],
    ['changed keys of relationships', 5, (commit) => movesKey(commit, 'metric_relationships')],
    ['changed keys of links', 5, (commit) => movesKey(commit, 'dimensions_metric_groups')],
    ['changed ids of metrics', 10, (commit) => movesKey(commit, 'metrics')],
    ['more changes than a target transaction holds', 2, ({ changes }) => changes.length > 100],
    ['added columns', 5, ({ alteration }) => alteration !== undefined],
    ['fail-overs with a full load', 2, ({ failOver }) => failOver?.fullLoad === true],
    ['fail-overs without one', 2, ({ failOver }) => failOver?.fullLoad === false],
    ['chained metrics', 100, ({ changes }) => changes.some(({ row }) => row.get('chained_metric_id') != null)],
    ['deprecations', 100, ({ changes }) => changes.some(({ row }) => row.get('deprecated_at') != null)],
    ['transaction ids beyond 2^53', 20, ({ transactionId }) => transactionId > 2n ** 53n],
  ])('hold %s', (_, atLeast, holds) => {
    expect(commits.filter(holds).length).toBeGreaterThanOrEqual(atLeast);
  });

  test('hold transactions that are rolled back and statements that are refused, and most of all others', () => {
    const sum = (count: (database: SourceDatabase) => number): number =>
      histories.reduce((all, one) => all + count(one), 0);
    expect(sum(({ rolledBack }) => rolledBack)).toBeGreaterThan(50);
    expect(sum(({ refused }) => refused)).toBeGreaterThan(50);
    expect(commits.length / STEPS / histories.length).toBeGreaterThan(0.6);
  });

  test('never break a constraint', () => {
    for (const database of histories) {
      for (const { table, column, parent } of FOREIGN_KEYS) {
        for (const row of database.rows(table).values()) {
          const id = row.get(column);
          if (id) expect(database.rows(parent).has(id)).toBe(true);
        }
      }
      for (const table of UNIQUE_NAMES) {
        const names = [...database.rows(table).values()].map((row) => row.get('name'));
        expect(new Set(names).size).toBe(names.length);
      }
    }
  });

  test('are the same for the same seed', () => {
    expect(history('twice').commits).toEqual(history('twice').commits);
  });

  test('may be left out: the rest still is a history, and what comes before the gap is the same', () => {
    for (let seed = 0; seed < 50; seed++) {
      const whole = history(`gap ${seed}`, (step) => step < 10);
      const gap = history(`gap ${seed}`, (step) => step < 10 || step % 3 === 0);
      expect(gap.commits.slice(0, whole.commits.length)).toEqual(whole.commits);
      expect(gap.commits.length).toBeGreaterThan(whole.commits.length);
    }
  });
});

function movesKey({ changes }: Commit, table: string): boolean {
  return changes.some(
    ({ table: of, before, row }) =>
      of === table && before !== undefined && rowKey(table, before) !== rowKey(table, row),
  );
}
