/** Writes to what metrics refer to, and writes to many rows at once: dimensions, groups, relationships, cascades, bulk updates. */
import {
  anyOf,
  DIMENSION_IDS,
  type Dice,
  GROUP_IDS,
  HYBRID_GROUP,
  insertDimension,
  insertGroup,
  newId,
  putIntoGroup,
  severalOf,
  someTime,
} from './dice.ts';
import { sameToTheCollation, someName } from './names.ts';
import type { SoakWrite } from './soak-write.ts';

async function renameOne(dice: Dice, table: 'dimensions' | 'metric_groups'): Promise<void> {
  const id = await anyOf(dice, table);
  if (id === undefined) return;
  const [[name = ''] = []] = await dice.sql.rows(`SELECT name FROM ${table} WHERE id = ?`, [id]);
  const next = dice.random.chance(0.3) ? sameToTheCollation(name, dice.random) : someName(dice.random);
  await dice.sql.change(`UPDATE ${table} SET name = ? WHERE id = ?`, [next, id]);
}

export const WRITES_OF_RELATIONS: readonly SoakWrite[] = [
  { kind: 'rename-dimension', weight: 5, write: (dice) => renameOne(dice, 'dimensions') },
  { kind: 'rename-group', weight: 1, write: (dice) => renameOne(dice, 'metric_groups') },
  {
    kind: 'swap-dimensions',
    weight: 3,
    async write(dice) {
      const [one, other] = await severalOf(dice, 'dimensions', 2);
      if (one === undefined || other === undefined) return;
      const names = await dice.sql.rows('SELECT name FROM dimensions WHERE id IN (?, ?) ORDER BY id = ?', [
        one,
        other,
        other,
      ]);
      await dice.sql.change('UPDATE dimensions SET name = ? WHERE id = ?', [
        `between ${dice.random.below(1_000_000)}`,
        one,
      ]);
      await dice.sql.change('UPDATE dimensions SET name = ? WHERE id = ?', [names[0]?.[0] ?? '', other]);
      await dice.sql.change('UPDATE dimensions SET name = ? WHERE id = ?', [names[1]?.[0] ?? '', one]);
    },
  },
  {
    kind: 'new-dimension',
    weight: 5,
    async write(dice) {
      const id = newId(dice, DIMENSION_IDS);
      await insertDimension(dice, id);
      for (const group of await severalOf(dice, 'metric_groups', 3, `id <> ${HYBRID_GROUP}`))
        await putIntoGroup(dice, group, [id]);
    },
  },
  {
    kind: 'delete-dimension',
    weight: 4,
    async write(dice) {
      const id = await anyOf(dice, 'dimensions');
      await dice.sql.change('DELETE FROM dimensions WHERE id = ?', [id ?? null]);
    },
  },
  {
    kind: 'dimension-born-again',
    weight: 3,
    async write(dice) {
      const id = await anyOf(dice, 'dimensions');
      if (id === undefined) return;
      await dice.sql.change('DELETE FROM dimensions WHERE id = ?', [id]);
      await insertDimension(dice, id);
      for (const group of await severalOf(dice, 'metric_groups', 2, `id <> ${HYBRID_GROUP}`))
        await putIntoGroup(dice, group, [id]);
    },
  },
  {
    kind: 'delete-group-with-metrics',
    weight: 2,
    async write(dice) {
      const group = await anyOf(dice, 'metric_groups', `id <> ${HYBRID_GROUP}`);
      await dice.sql.change('DELETE FROM metrics WHERE metric_group_id = ?', [group ?? null]);
      await dice.sql.change('DELETE FROM metric_groups WHERE id = ?', [group ?? null]);
    },
  },
  {
    kind: 'delete-used-group',
    weight: 1,
    async write(dice) {
      const group = await anyOf(dice, 'metric_groups', `id <> ${HYBRID_GROUP}`);
      await dice.sql.change('DELETE FROM metric_groups WHERE id = ?', [group ?? null]);
    },
  },
  {
    kind: 'other-dimensions',
    weight: 6,
    async write(dice) {
      const group = await anyOf(dice, 'metric_groups', `id <> ${HYBRID_GROUP}`);
      if (group === undefined) return;
      await dice.sql.change('DELETE FROM dimensions_metric_groups WHERE metric_group_id = ?', [group]);
      await putIntoGroup(dice, group, await severalOf(dice, 'dimensions', 1 + dice.random.below(5)));
    },
  },
  {
    kind: 'replace-membership',
    weight: 3,
    async write(dice) {
      const group = (await anyOf(dice, 'metric_groups')) ?? HYBRID_GROUP;
      for (const dimension of await severalOf(dice, 'dimensions', 3))
        await dice.sql.change('REPLACE INTO dimensions_metric_groups VALUES (?, ?)', [dimension, group]);
    },
  },
  {
    kind: 'move-membership',
    weight: 2,
    async write(dice) {
      const [from, to] = await severalOf(dice, 'dimensions', 2);
      await dice.sql.change('UPDATE IGNORE dimensions_metric_groups SET dimension_id = ? WHERE dimension_id = ?', [
        to ?? null,
        from ?? null,
      ]);
    },
  },
  {
    kind: 'other-consumed-metrics',
    weight: 6,
    async write(dice) {
      const hybrid = await anyOf(dice, 'metrics', "value_type = 'HYBRID'");
      if (hybrid === undefined) return;
      await dice.sql.change('DELETE FROM metric_relationships WHERE consumer_metric_id = ?', [hybrid]);
      for (const one of await severalOf(dice, 'metrics', 1 + dice.random.below(4)))
        await dice.sql.change('INSERT INTO metric_relationships VALUES (?, ?)', [one, hybrid]);
    },
  },
  {
    kind: 'group-under-another-id',
    weight: 1,
    async write(dice) {
      const id = newId(dice, GROUP_IDS);
      await insertGroup(dice, id);
      await dice.sql.change('UPDATE metrics SET metric_group_id = ? WHERE metric_group_id <> ? ORDER BY id LIMIT 1', [
        id,
        HYBRID_GROUP,
      ]);
    },
  },
  {
    kind: 'bulk-versions',
    weight: 2,
    async write(dice) {
      await dice.sql.change('UPDATE metric_versions SET aggregation_param = ?, created_by = ?', [
        `${dice.random.below(1000)}.${dice.random.below(1000)}`,
        `bulk${dice.random.below(100)}`,
      ]);
    },
  },
  {
    kind: 'bulk-metrics',
    weight: 2,
    async write(dice) {
      await dice.sql.change('UPDATE metrics SET chain_cutoff_date = ?, updated_at = ? WHERE id % 3 = ?', [
        someTime(dice).slice(0, 19),
        someTime(dice),
        dice.random.below(3),
      ]);
    },
  },
  {
    kind: 'bulk-rename',
    weight: 1,
    async write(dice) {
      await dice.sql.change("UPDATE metrics SET name = CONCAT(LEFT(name, 245), ' b', id) WHERE id % 4 = ?", [
        dice.random.below(4),
      ]);
    },
  },
  {
    kind: 'bulk-deprecate-and-restore',
    weight: 1,
    async write(dice) {
      const when = dice.random.chance(0.5) ? someTime(dice) : null;
      await dice.sql.change(
        'UPDATE metric_versions SET deprecated_at = ?, deprecated_by = ?, deprecated_reason = ? WHERE metric_id % 5 = ?',
        [when, when === null ? null : 'soak', when === null ? null : someName(dice.random), dice.random.below(5)],
      );
    },
  },
];
