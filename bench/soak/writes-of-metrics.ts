/** Writes to metrics and their versions: birth, rename, swap, rotation, death, and birth again under the same id. */
import {
  anyOf,
  type Dice,
  GROUP_IDS,
  HYBRID_GROUP,
  insertMetric,
  insertVersion,
  insertWholeMetric,
  METRIC_IDS,
  newId,
  nextVersion,
  severalOf,
  someTime,
} from './dice.ts';
import { sameToTheCollation, someName } from './names.ts';
import type { SoakWrite } from './soak-write.ts';

const rename = (dice: Dice, id: string, name: string) =>
  dice.sql.change('UPDATE metrics SET name = ?, updated_at = ? WHERE id = ?', [name, someTime(dice), id]);

const nameOf = async (dice: Dice, id: string): Promise<string> =>
  (await dice.sql.rows('SELECT name FROM metrics WHERE id = ?', [id]))[0]?.[0] ?? '';

/** Each of the metrics takes the name of the next, the last that of the first. */
async function rotate(dice: Dice, ids: readonly string[]): Promise<void> {
  const names = await Promise.all(ids.map((id) => nameOf(dice, id)));
  const [first = ''] = ids;
  await rename(dice, first, `between ${first}-${dice.random.below(1_000_000)}`);
  for (let n = ids.length - 1; n >= 1; n--) {
    const id = ids[n] ?? '';
    // The name of the next one has been left already.
    await rename(dice, id, n === ids.length - 1 ? (names[0] ?? '') : (names[n + 1] ?? ''));
  }
  await rename(dice, first, names[1] ?? '');
}

async function bornAgain(dice: Dice, sameName: boolean): Promise<void> {
  const id = await anyOf(dice, 'metrics');
  if (id === undefined) return;
  const name = await nameOf(dice, id);
  await dice.sql.change('DELETE FROM metrics WHERE id = ?', [id]);
  await insertWholeMetric(dice, id, sameName ? name : undefined);
}

export const WRITES_OF_METRICS: readonly SoakWrite[] = [
  {
    kind: 'create',
    weight: 14,
    async write(dice) {
      await insertWholeMetric(dice, newId(dice, METRIC_IDS));
    },
  },
  {
    kind: 'create-unfinished',
    weight: 2,
    async write(dice) {
      const id = newId(dice, METRIC_IDS);
      const group = (await anyOf(dice, 'metric_groups')) ?? HYBRID_GROUP;
      await insertMetric(dice, { id, group, hybrid: dice.random.chance(0.5) });
      if (dice.random.chance(0.5)) await insertVersion(dice, id, 1);
    },
  },
  {
    kind: 'new-version',
    weight: 14,
    async write(dice) {
      const id = await anyOf(dice, 'metrics');
      if (id === undefined) return;
      await insertVersion(dice, id, await nextVersion(dice, id));
      await dice.sql.change('UPDATE metrics SET updated_at = ? WHERE id = ?', [someTime(dice), id]);
    },
  },
  {
    kind: 'drop-version',
    weight: 2,
    async write(dice) {
      const id = await anyOf(dice, 'metrics');
      if (id !== undefined)
        await dice.sql.change('DELETE FROM metric_versions WHERE metric_id = ? ORDER BY version DESC LIMIT 1', [id]);
    },
  },
  {
    kind: 'renumber-version',
    weight: 2,
    async write(dice) {
      const id = await anyOf(dice, 'metrics');
      if (id !== undefined)
        await dice.sql.change(
          'UPDATE metric_versions SET version = version + ? WHERE metric_id = ? ORDER BY version DESC',
          [1 + dice.random.below(3), id],
        );
    },
  },
  {
    kind: 'rename',
    weight: 10,
    async write(dice) {
      const id = await anyOf(dice, 'metrics');
      if (id !== undefined) await rename(dice, id, someName(dice.random));
    },
  },
  {
    kind: 'rename-within-collation',
    weight: 5,
    async write(dice) {
      const id = await anyOf(dice, 'metrics');
      if (id !== undefined) await rename(dice, id, sameToTheCollation(await nameOf(dice, id), dice.random));
    },
  },
  {
    kind: 'rename-there-and-back',
    weight: 3,
    async write(dice) {
      const id = await anyOf(dice, 'metrics');
      if (id === undefined) return;
      const name = await nameOf(dice, id);
      await rename(dice, id, someName(dice.random));
      await rename(dice, id, name);
    },
  },
  {
    kind: 'swap',
    weight: 6,
    async write(dice) {
      const ids = await severalOf(dice, 'metrics', 2);
      if (ids.length === 2) await rotate(dice, ids);
    },
  },
  {
    kind: 'rotate',
    weight: 6,
    async write(dice) {
      const ids = await severalOf(dice, 'metrics', 3);
      if (ids.length === 3) await rotate(dice, ids);
    },
  },
  {
    kind: 'delete',
    weight: 7,
    async write(dice) {
      const id = await anyOf(dice, 'metrics');
      if (id !== undefined) await dice.sql.change('DELETE FROM metrics WHERE id = ?', [id]);
    },
  },
  {
    kind: 'name-to-a-newcomer',
    weight: 4,
    async write(dice) {
      const id = await anyOf(dice, 'metrics');
      if (id === undefined) return;
      const name = await nameOf(dice, id);
      if (dice.random.chance(0.5)) await dice.sql.change('DELETE FROM metrics WHERE id = ?', [id]);
      else await rename(dice, id, someName(dice.random));
      await insertWholeMetric(dice, newId(dice, METRIC_IDS), name);
    },
  },
  { kind: 'born-again-same-name', weight: 5, write: (dice) => bornAgain(dice, true) },
  { kind: 'born-again-other-name', weight: 5, write: (dice) => bornAgain(dice, false) },
  {
    kind: 'chain',
    weight: 5,
    async write(dice) {
      const [id, other] = await severalOf(dice, 'metrics', 2);
      const none = dice.random.chance(0.3);
      await dice.sql.change('UPDATE metrics SET chained_metric_id = ?, chain_cutoff_date = ? WHERE id = ?', [
        none ? null : (other ?? null),
        none ? null : someTime(dice).slice(0, 19),
        id ?? null,
      ]);
    },
  },
  {
    kind: 'other-type-or-group',
    weight: 3,
    async write(dice) {
      const id = await anyOf(dice, 'metrics');
      const group = (await anyOf(dice, 'metric_groups')) ?? HYBRID_GROUP;
      const type = dice.random.pick(['SCALAR', 'HYBRID', 'PERCENTILE']);
      await dice.sql.change('UPDATE metrics SET value_type = ?, metric_group_id = ? WHERE id = ?', [
        type,
        group,
        id ?? null,
      ]);
    },
  },
  {
    kind: 'replace-metric',
    weight: 4,
    async write(dice) {
      // With its own id, or with another one's name: then that one goes, with everything that hangs on it.
      const id = await anyOf(dice, 'metrics');
      if (id === undefined) return;
      const name = await nameOf(dice, id);
      const target = dice.random.chance(0.5) ? id : newId(dice, METRIC_IDS);
      const group = (await anyOf(dice, 'metric_groups')) ?? HYBRID_GROUP;
      await insertMetric(dice, { id: target, group, hybrid: group === HYBRID_GROUP, name, verb: 'REPLACE' });
      if (dice.random.chance(0.8)) await insertVersion(dice, target, 1, 'REPLACE');
    },
  },
  {
    kind: 'insert-or-update',
    weight: 5,
    async write(dice) {
      const id = newId(dice, METRIC_IDS);
      const group = (await anyOf(dice, 'metric_groups')) ?? newId(dice, GROUP_IDS);
      const when = someTime(dice);
      await dice.sql.change(
        `INSERT INTO metrics VALUES (?, ?, 'SCALAR', ?, NULL, NULL, ?, 'upsert', ?)
         ON DUPLICATE KEY UPDATE name = CONCAT(LEFT(name, 240), ?), updated_at = VALUES(updated_at)`,
        [id, someName(dice.random), group, when, when, ` u${dice.random.below(100_000)}`],
      );
      await dice.sql.change(
        `INSERT INTO metric_versions (metric_id, version, aggregation_style, created_at, created_by)
         SELECT id, 1, 'SUM', ?, 'upsert' FROM metrics WHERE id = ?
         ON DUPLICATE KEY UPDATE aggregation_style = VALUES(aggregation_style), hybrid_formula = ?`,
        [when, id, `upsert ${dice.random.below(1000)}`],
      );
    },
  },
];
