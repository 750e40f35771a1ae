/** What the writes of the soak are made of: random rows that exist, and rows to insert. Nothing here commits. */
import type { SeededRandom } from '#sample/seeded-random.ts';
import { someName } from './names.ts';
import type { Sql, Value } from './source-session.ts';

export interface Dice {
  readonly sql: Sql;
  readonly random: SeededRandom;
}

/** Ids come again and again, so that a deleted row is often born again under the same key. */
export const METRIC_IDS = 160;
export const DIMENSION_IDS = 30;
export const GROUP_IDS = 170;
/** The group of all hybrids. */
export const HYBRID_GROUP = '1';

export type Table = 'metrics' | 'metric_groups' | 'dimensions';

/** The id of a random row that exists; the transaction is taken back as refused when there is none. */
export async function anyOf({ sql, random }: Dice, table: Table, where = 'TRUE'): Promise<string | undefined> {
  const ids = await sql.rows(`SELECT id FROM ${table} WHERE ${where} ORDER BY id`);
  return ids.length === 0 ? undefined : random.pick(ids)[0];
}

export async function severalOf({ sql, random }: Dice, table: Table, count: number, where = 'TRUE'): Promise<string[]> {
  const ids = await sql.rows(`SELECT id FROM ${table} WHERE ${where} ORDER BY id`);
  return random.sample(ids, count).flatMap(([id]) => id ?? []);
}

export const newId = ({ random }: Dice, ids: number): string => String(2 + random.below(ids));

export const someTime = ({ random }: Dice): string => {
  const two = (limit: number, first = 0): string => String(first + random.below(limit)).padStart(2, '0');
  const fraction = random.chance(0.5) ? `.${String(random.below(1_000_000)).padStart(6, '0')}` : '';
  return `20${two(30, 10)}-${two(12, 1)}-${two(28, 1)} ${two(24)}:${two(60)}:${two(60)}${fraction}`;
};

const WHO = ['ann', 'böb', "o'neill", '🧑‍💻', ''] as const;

export async function insertDimension(dice: Dice, id: string, name = someName(dice.random)): Promise<void> {
  await dice.sql.change('INSERT INTO dimensions VALUES (?, ?, ?, ?)', [
    id,
    name,
    someTime(dice),
    dice.random.pick(WHO),
  ]);
}

export async function insertGroup(dice: Dice, id: string, name = someName(dice.random)): Promise<void> {
  await dice.sql.change('INSERT INTO metric_groups VALUES (?, ?, ?, ?)', [
    id,
    name,
    someTime(dice),
    dice.random.pick(WHO),
  ]);
}

export async function putIntoGroup(dice: Dice, group: string, dimensions: readonly string[]): Promise<void> {
  for (const dimension of dimensions)
    await dice.sql.change('INSERT INTO dimensions_metric_groups VALUES (?, ?)', [dimension, group]);
}

export async function insertMetric(
  dice: Dice,
  metric: { id: string; group: string; hybrid: boolean; name?: string; verb?: 'INSERT' | 'REPLACE' },
): Promise<void> {
  const { random, sql } = dice;
  const type = metric.hybrid ? 'HYBRID' : random.pick(['SCALAR', 'WEIGHTED_AVERAGE', 'PERCENTILE']);
  const chained = random.chance(0.2) ? await anyOf(dice, 'metrics') : undefined;
  const values: Value[] = [metric.id, metric.name ?? someName(random), type, metric.group, chained ?? null];
  const cutoff = chained === undefined ? null : someTime(dice).slice(0, 19);
  await sql.change(`${metric.verb ?? 'INSERT'} INTO metrics VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, [
    ...values,
    cutoff,
    someTime(dice),
    random.pick(WHO),
    someTime(dice),
  ]);
}

export async function insertVersion(
  dice: Dice,
  metric: string,
  version: number,
  verb: 'INSERT' | 'REPLACE' = 'INSERT',
): Promise<void> {
  const { random, sql } = dice;
  const deprecated = random.chance(0.1);
  await sql.change(`${verb} INTO metric_versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, [
    metric,
    version,
    random.pick(['SUM', 'LAST_DAY_OF_PERIOD', 'PERCENTILE']),
    random.chance(0.5) ? `${random.below(1_000_000_000)}.${random.below(10_000_000)}` : null,
    random.chance(0.7) ? `a + b * ${random.below(1000)} 🧮` : null,
    someTime(dice),
    random.pick(WHO),
    deprecated ? someTime(dice) : null,
    deprecated ? random.pick(WHO) : null,
    deprecated ? someName(random) : null,
  ]);
}

export async function nextVersion({ sql }: Dice, metric: string): Promise<number> {
  return Number(
    (await sql.rows('SELECT COALESCE(MAX(version), 0) + 1 FROM metric_versions WHERE metric_id = ?', [metric]))[0]?.[0],
  );
}

/** A whole primitive with a group of its own, or a whole hybrid. */
export async function insertWholeMetric(dice: Dice, id: string, name?: string): Promise<void> {
  const { random, sql } = dice;
  const hybrid = random.chance(0.3);
  const named = name === undefined ? {} : { name };
  if (hybrid) {
    const consumed = await severalOf(dice, 'metrics', 1 + random.below(3), `id <> ${Number(id)}`);
    await insertMetric(dice, { id, group: HYBRID_GROUP, hybrid, ...named });
    for (const one of consumed) await sql.change('INSERT INTO metric_relationships VALUES (?, ?)', [one, id]);
  } else {
    const group =
      (await anyOf(
        dice,
        'metric_groups',
        `id <> ${HYBRID_GROUP} AND id NOT IN (SELECT metric_group_id FROM metrics)`,
      )) ?? newId(dice, GROUP_IDS);
    await sql.change('DELETE FROM metric_groups WHERE id = ?', [group]);
    await insertGroup(dice, group);
    await putIntoGroup(dice, group, await severalOf(dice, 'dimensions', 1 + random.below(4)));
    await insertMetric(dice, { id, group, hybrid, ...named });
  }
  for (let version = 1; version <= 1 + random.below(3); version++) await insertVersion(dice, id, version);
}
