/**
 * What the Metrics table must hold, stated a second time and independently of the projection: plain SQL over the source tables,
 * joined and grouped by the database. A mistake in the projection shows as a difference here. It must never use core/.
 */
import type { Connection } from 'mysql2/promise';

/** Attribute values without DynamoDB's type letters: text, exact digits of a number, true, or the sorted members of a set. */
export type PlainValue = string | true | readonly string[];
export type PlainItem = ReadonlyMap<string, PlainValue>;
/** Items by `itemKey`. */
export type PlainItems = ReadonlyMap<string, PlainItem>;

export const itemKey = (name: string, version: string): string => `${name}\u0000${version}`;

/** A date-time in the target's form: `Z`, the source's digits, trailing zeros of the fraction dropped. */
const iso = (column: string): string =>
  `CONCAT(DATE_FORMAT(${column}, '%Y-%m-%dT%H:%i:%s'), TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM DATE_FORMAT(${column}, '.%f'))), 'Z')`;

const LATEST = 'SELECT metric_id, MAX(version) AS version FROM metric_versions GROUP BY metric_id';

/** One row per published version; `is_latest` marks the one that item "0" copies. */
const VERSIONS = `
  SELECT m.name, CAST(v.version AS CHAR), CAST(m.id AS CHAR), v.version = l.version AS is_latest,
         ${iso('m.created_at')}, m.created_by, ${iso('v.created_at')}, v.created_by,
         ${iso('v.deprecated_at')}, v.deprecated_by, v.deprecated_reason, v.aggregation_style,
         TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(v.aggregation_param AS CHAR))), v.hybrid_formula,
         m.value_type, c.name, ${iso('m.chain_cutoff_date')}
    FROM metrics m
    JOIN metric_versions v ON v.metric_id = m.id
    JOIN (${LATEST}) l ON l.metric_id = m.id
    LEFT JOIN metrics c ON c.id = m.chained_metric_id`;

const RELATED_DIMENSIONS = `
  SELECT m.name, d.name FROM metrics m
    JOIN dimensions_metric_groups dg ON dg.metric_group_id = m.metric_group_id
    JOIN dimensions d ON d.id = dg.dimension_id
   WHERE m.value_type <> 'HYBRID'`;

const CONSUMED_METRICS = `
  SELECT m.name, c.name FROM metrics m
    JOIN metric_relationships r ON r.consumer_metric_id = m.id
    JOIN metrics c ON c.id = r.consumed_metric_id
   WHERE m.value_type = 'HYBRID'`;

type Cell = string | null;

/** The whole target, read in one consistent snapshot of the source. */
export async function expectedItems(connection: Connection): Promise<PlainItems> {
  const read = async (sql: string): Promise<Cell[][]> => {
    const [rows] = await connection.query({ sql, rowsAsArray: true });
    return Array.isArray(rows)
      ? rows.map((row) => (Array.isArray(row) ? row.map((cell: unknown) => (cell === null ? null : String(cell))) : []))
      : [];
  };
  await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
  try {
    const sets = new Map([
      ['relatedDimensions', namesByMetric(await read(RELATED_DIMENSIONS))],
      ['consumedMetrics', namesByMetric(await read(CONSUMED_METRICS))],
    ]);
    const items = new Map<string, PlainItem>();
    for (const row of await read(VERSIONS)) addItems(items, row, sets);
    return items;
  } finally {
    await connection.query('COMMIT');
  }
}

function namesByMetric(rows: readonly Cell[][]): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const [metric, name] of rows) {
    if (typeof metric !== 'string' || typeof name !== 'string') continue;
    names.set(metric, [...(names.get(metric) ?? []), name]);
  }
  for (const members of names.values()) members.sort();
  return names;
}

function addItems(
  items: Map<string, PlainItem>,
  row: readonly Cell[],
  sets: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>,
): void {
  const [name, version, metricId, isLatest, createdAt, createdBy, ...rest] = row;
  const [
    updatedAt,
    updatedBy,
    deprecatedAt,
    deprecatedBy,
    deprecatedReason,
    aggregationStyle,
    aggregationParam,
    ...tail
  ] = rest;
  const [hybridFormula, valueType, chainedMetric, chainCutoffDate] = tail;
  if (typeof name !== 'string' || typeof version !== 'string')
    throw new Error('A metric version without a name or number; the source breaks its own keys');
  const content = new Map<string, PlainValue>();
  const common: readonly (readonly [string, Cell | undefined])[] = [
    ['name', name],
    ['metricId', metricId],
    ['updatedAt', updatedAt],
    ['updatedBy', updatedBy],
    ['deprecatedAt', deprecatedAt],
    ['deprecatedBy', deprecatedBy],
    ['deprecatedReason', deprecatedReason],
    ['aggregationStyle', aggregationStyle],
    ['aggregationParam', aggregationParam],
    ['hybridFormula', hybridFormula],
    ['valueType', valueType],
    ['chainedMetric', chainedMetric],
    ['chainCutoffDate', chainCutoffDate],
  ];
  for (const [attribute, value] of common) {
    if (value !== null && value !== undefined) content.set(attribute, value);
  }
  if (isLatest !== '1') {
    items.set(itemKey(name, version), new Map(content).set('version', version));
    return;
  }
  for (const [attribute, names] of sets) {
    const members = names.get(name);
    if (members !== undefined) content.set(attribute, members);
  }
  items.set(itemKey(name, version), new Map(content).set('version', version));
  const current = new Map(content).set('version', '0').set('latestVersion', version);
  if (createdAt) current.set('createdAt', createdAt);
  if (typeof createdBy === 'string') current.set('createdBy', createdBy);
  items.set(itemKey(name, '0'), current);
}
