/**
 * The kinds of write that the product and its operators make, as transactions over the LPH tables. Each picks its own target and
 * answers what it wrote, or undefined when the database has no row it could apply to.
 */
import type { WriteSession } from './write-session.ts';

export interface WrittenMetric {
  /** Undefined for a write that is not about one metric. */
  readonly metricId: string | undefined;
  readonly name: string;
  readonly description: string;
}

export type WriteKind = (session: WriteSession) => Promise<WrittenMetric | undefined>;

const NOW = 'UTC_TIMESTAMP(6)';
const AUTHOR = 'product';
const PRIMITIVE = "SELECT id, name, metric_group_id FROM metrics WHERE value_type <> 'HYBRID'";
const HYBRID = "SELECT id, name FROM metrics WHERE value_type = 'HYBRID'";
const ANY = 'SELECT id, name, value_type FROM metrics';
const STYLES = ['SUM', 'LAST_DAY_OF_PERIOD'] as const;

/** A name that no metric, group or dimension has. */
async function freshName(session: WriteSession, stem: string): Promise<string> {
  for (;;) {
    const name = `${stem}_${session.random.below(36 ** 6).toString(36)}`;
    const taken = await session.rows(
      'SELECT 1 FROM metrics WHERE name = ? UNION SELECT 1 FROM metric_groups WHERE name = ? UNION SELECT 1 FROM dimensions WHERE name = ?',
      [name, name, name],
    );
    if (taken.length === 0) return name;
  }
}

async function someDimensions(session: WriteSession): Promise<string[]> {
  const ids = await session.rows('SELECT id FROM dimensions ORDER BY id');
  return session.random.sample(ids.flat(), 1 + session.random.below(4));
}

async function addDimensions(session: WriteSession, groupId: string, dimensionIds: readonly string[]): Promise<void> {
  for (const dimensionId of dimensionIds)
    await session.change('INSERT INTO dimensions_metric_groups (dimension_id, metric_group_id) VALUES (?, ?)', [
      dimensionId,
      groupId,
    ]);
}

/** The next version of a metric, and the touch of `updated_at` that goes with it. */
async function addVersion(
  session: WriteSession,
  id: string,
  formula: string | null,
  deprecation: string | null = null,
): Promise<void> {
  const [last = '0'] =
    (await session.rows('SELECT MAX(version) FROM metric_versions WHERE metric_id = ?', [id]))[0] ?? [];
  const deprecated = deprecation === null ? 'NULL, NULL' : `${NOW}, '${AUTHOR}'`;
  const style = session.random.chance(0.2) ? 'PERCENTILE' : session.random.pick(STYLES);
  const param = style === 'PERCENTILE' ? `0.${1 + session.random.below(998)}` : null;
  await session.change(
    `INSERT INTO metric_versions (metric_id, version, aggregation_style, aggregation_param, hybrid_formula, created_at, created_by, deprecated_at, deprecated_by, deprecated_reason)
     VALUES (?, ?, ?, ?, ?, ${NOW}, '${AUTHOR}', ${deprecated}, ?)`,
    [id, Number(last) + 1, style, param, formula, deprecation],
  );
  await session.change(`UPDATE metrics SET updated_at = ${NOW} WHERE id = ?`, [id]);
}

async function formulaOf(session: WriteSession, id: string): Promise<string | null> {
  const [formula = ''] =
    (
      await session.rows(
        'SELECT hybrid_formula FROM metric_versions WHERE metric_id = ? ORDER BY version DESC LIMIT 1',
        [id],
      )
    )[0] ?? [];
  return formula === '' ? null : formula;
}

async function insertMetric(
  session: WriteSession,
  name: string,
  type: string,
  groupId: string,
  id: string | null = null,
): Promise<string> {
  const generated = await session.change(
    `INSERT INTO metrics (id, name, value_type, metric_group_id, created_at, created_by, updated_at) VALUES (?, ?, ?, ?, ${NOW}, '${AUTHOR}', ${NOW})`,
    [id, name, type, groupId],
  );
  return id ?? generated;
}

const createPrimitive: WriteKind = async (session) => {
  const name = await freshName(session, 'metric');
  const dimensionIds = await someDimensions(session);
  let groupId = '';
  await session.transaction(async () => {
    groupId = await session.change(
      `INSERT INTO metric_groups (name, created_at, created_by) VALUES (?, ${NOW}, '${AUTHOR}')`,
      [name],
    );
    await addDimensions(session, groupId, dimensionIds);
  });
  let id = '';
  await session.transaction(async () => {
    id = await insertMetric(session, name, 'SCALAR', groupId);
    await addVersion(session, id, null);
  });
  return {
    metricId: id,
    name,
    description: `new primitive with ${dimensionIds.length} dimensions, in two transactions`,
  };
};

async function consumableMetrics(session: WriteSession, count: number): Promise<string[]> {
  const ids = new Set<string>();
  for (let attempt = 0; attempt < count; attempt++) {
    const [id] = (await session.pick(PRIMITIVE)) ?? [];
    if (id !== undefined) ids.add(id);
  }
  return [...ids];
}

const createHybrid: WriteKind = async (session) => {
  const consumed = await consumableMetrics(session, 2 + session.random.below(2));
  const [groupId] =
    (await session.rows("SELECT metric_group_id FROM metrics WHERE value_type = 'HYBRID' LIMIT 1"))[0] ?? [];
  if (groupId === undefined || consumed.length === 0) return undefined;
  const name = await freshName(session, 'ratio');
  let id = '';
  await session.transaction(async () => {
    id = await insertMetric(session, name, 'HYBRID', groupId);
    await addVersion(session, id, 'a / nullif(b, 0)');
    for (const consumedId of consumed)
      await session.change('INSERT INTO metric_relationships (consumed_metric_id, consumer_metric_id) VALUES (?, ?)', [
        consumedId,
        id,
      ]);
  });
  return { metricId: id, name, description: `new hybrid of ${consumed.length} metrics` };
};

const newVersion: WriteKind = async (session) => {
  const [id, name] = (await session.pick(ANY)) ?? [];
  if (id === undefined || name === undefined) return undefined;
  const formula = await formulaOf(session, id);
  await session.transaction(() => addVersion(session, id, formula));
  return { metricId: id, name, description: 'new version' };
};

const replaceDimensions: WriteKind = async (session) => {
  const [id, name, groupId] = (await session.pick(PRIMITIVE)) ?? [];
  if (id === undefined || name === undefined || groupId === undefined) return undefined;
  const dimensionIds = await someDimensions(session);
  await session.transaction(async () => {
    await addVersion(session, id, null);
    await session.change('DELETE FROM dimensions_metric_groups WHERE metric_group_id = ?', [groupId]);
    await addDimensions(session, groupId, dimensionIds);
  });
  return { metricId: id, name, description: `new version with ${dimensionIds.length} other dimensions` };
};

const replaceRelationships: WriteKind = async (session) => {
  const [id, name] = (await session.pick(HYBRID)) ?? [];
  const consumed = await consumableMetrics(session, 2 + session.random.below(3));
  if (id === undefined || name === undefined || consumed.length === 0) return undefined;
  const formula = `${session.random.below(100)} * a / b`;
  await session.transaction(async () => {
    await addVersion(session, id, formula);
    await session.change('DELETE FROM metric_relationships WHERE consumer_metric_id = ?', [id]);
    for (const consumedId of consumed)
      await session.change('INSERT INTO metric_relationships (consumed_metric_id, consumer_metric_id) VALUES (?, ?)', [
        consumedId,
        id,
      ]);
  });
  return { metricId: id, name, description: `new version that consumes ${consumed.length} other metrics` };
};

/** Metrics whose latest version is, or is not, deprecated. */
const latestDeprecated = (deprecated: boolean): string =>
  `SELECT m.id, m.name FROM metrics m JOIN metric_versions v ON v.metric_id = m.id
    WHERE v.version = (SELECT MAX(w.version) FROM metric_versions w WHERE w.metric_id = m.id) AND v.deprecated_at IS ${deprecated ? 'NOT NULL' : 'NULL'}`;

const deprecate: WriteKind = async (session) => {
  const [id, name] = (await session.pick(latestDeprecated(false))) ?? [];
  if (id === undefined || name === undefined) return undefined;
  const formula = await formulaOf(session, id);
  await session.transaction(() => addVersion(session, id, formula, 'No longer reported'));
  return { metricId: id, name, description: 'deprecated by a new version' };
};

const restore: WriteKind = async (session) => {
  const [id, name] = (await session.pick(latestDeprecated(true))) ?? [];
  if (id === undefined || name === undefined) return undefined;
  const formula = await formulaOf(session, id);
  await session.transaction(() => addVersion(session, id, formula));
  return { metricId: id, name, description: 'restored by a new version' };
};

const rename: WriteKind = async (session) => {
  const [id, old, type] = (await session.pick(ANY)) ?? [];
  if (id === undefined || old === undefined) return undefined;
  const name = await freshName(session, 'renamed');
  await session.transaction(async () => {
    await session.change('UPDATE metrics SET name = ? WHERE id = ?', [name, id]);
    // A primitive's group bears its metric's name; the group of all hybrids keeps its own.
    if (type !== 'HYBRID')
      await session.change(
        'UPDATE metric_groups g JOIN metrics m ON m.metric_group_id = g.id SET g.name = ? WHERE m.id = ?',
        [name, id],
      );
  });
  return { metricId: id, name, description: `renamed from ${old}` };
};

const swapNames: WriteKind = async (session) => {
  const [first, firstName] = (await session.pick(ANY)) ?? [];
  const [second, secondName] = (await session.pick(`${ANY} WHERE id <> ?`, [first ?? null])) ?? [];
  if (first === undefined || firstName === undefined || second === undefined || secondName === undefined)
    return undefined;
  const between = await freshName(session, 'swap');
  await session.transaction(async () => {
    await session.change('UPDATE metrics SET name = ? WHERE id = ?', [between, first]);
    await session.change('UPDATE metrics SET name = ? WHERE id = ?', [firstName, second]);
    await session.change('UPDATE metrics SET name = ? WHERE id = ?', [secondName, first]);
  });
  return { metricId: first, name: secondName, description: `swapped names with metric ${second}, now ${firstName}` };
};

/** A primitive without which every hybrid still consumes something, so that the delete leaves no hybrid incomplete. */
const DELETABLE = `${PRIMITIVE} AND NOT EXISTS (
  SELECT 1 FROM metric_relationships r WHERE r.consumed_metric_id = metrics.id
     AND 1 = (SELECT COUNT(*) FROM metric_relationships o WHERE o.consumer_metric_id = r.consumer_metric_id))`;

const remove: WriteKind = async (session) => {
  const [id, name, groupId] = (await session.pick(DELETABLE)) ?? [];
  if (id === undefined || name === undefined || groupId === undefined) return undefined;
  await session.transaction(async () => {
    await session.change('DELETE FROM metrics WHERE id = ?', [id]);
    await session.change('DELETE FROM metric_groups WHERE id = ?', [groupId]);
  });
  return { metricId: id, name, description: 'deleted, its versions and relationships by cascade' };
};

const recreate: WriteKind = async (session) => {
  const [id, name, groupId] = (await session.pick(DELETABLE)) ?? [];
  if (id === undefined || name === undefined || groupId === undefined) return undefined;
  await session.transaction(async () => {
    await session.change('DELETE FROM metrics WHERE id = ?', [id]);
  });
  await session.transaction(async () => {
    await insertMetric(session, name, 'WEIGHTED_AVERAGE', groupId, id);
    await addVersion(session, id, null);
  });
  return { metricId: id, name, description: 'deleted and created again under the same id, in two transactions' };
};

const changeChain: WriteKind = async (session) => {
  const [id, name] = (await session.pick(PRIMITIVE)) ?? [];
  const [target] = (await session.pick(`${PRIMITIVE} AND id <> ?`, [id ?? null])) ?? [];
  if (id === undefined || name === undefined || target === undefined) return undefined;
  const chained = session.random.chance(0.7) ? target : null;
  const cutoff = chained === null ? null : `2026-0${1 + session.random.below(9)}-01 00:00:00`;
  await session.transaction(async () => {
    await session.change(
      `UPDATE metrics SET chained_metric_id = ?, chain_cutoff_date = ?, updated_at = ${NOW} WHERE id = ?`,
      [chained, cutoff, id],
    );
  });
  return { metricId: id, name, description: chained === null ? 'no longer chained' : `chained to metric ${chained}` };
};

const renameDimension: WriteKind = async (session) => {
  const [id, old] = (await session.pick('SELECT id, name FROM dimensions')) ?? [];
  if (id === undefined) return undefined;
  const name = await freshName(session, 'dimension');
  await session.transaction(async () => {
    await session.change('UPDATE dimensions SET name = ? WHERE id = ?', [name, id]);
  });
  return { metricId: undefined, name, description: `dimension renamed from ${old}` };
};

/** Every kind with its weight: new versions are everyday, swaps of names are rare. */
export const WRITE_KINDS: readonly { readonly kind: string; readonly weight: number; readonly write: WriteKind }[] = [
  { kind: 'create-primitive', weight: 10, write: createPrimitive },
  { kind: 'create-hybrid', weight: 4, write: createHybrid },
  { kind: 'new-version', weight: 30, write: newVersion },
  { kind: 'replace-dimensions', weight: 12, write: replaceDimensions },
  { kind: 'replace-relationships', weight: 8, write: replaceRelationships },
  { kind: 'deprecate', weight: 6, write: deprecate },
  { kind: 'restore', weight: 5, write: restore },
  { kind: 'rename', weight: 5, write: rename },
  { kind: 'swap-names', weight: 3, write: swapNames },
  { kind: 'delete', weight: 4, write: remove },
  { kind: 'recreate', weight: 3, write: recreate },
  { kind: 'change-chain', weight: 6, write: changeChain },
  { kind: 'rename-dimension', weight: 4, write: renameDimension },
];
