/**
 * Writes to the source by plain SQL, as somebody at a SQL client makes them: each call is one transaction, and answers where in the
 * binlog it lies, so that an event can be held against the commit it names.
 */
import type { Connection } from 'mysql2/promise';
import { connectSource, scalar } from '#local/dms/source-connection.ts';
import { binlogEndPosition } from '#sample/binlog-end.ts';

export interface Commit {
  /** The transaction lies after `after` and before `end`, both `(binlog file number << 32) | offset`. */
  readonly after: bigint;
  readonly end: bigint;
}

export interface SourceWrites {
  readonly connection: Connection;
  /** Runs the statements in one transaction. */
  transaction(...statements: readonly string[]): Promise<Commit>;
  /** Runs the statements in one transaction and takes it back. */
  rolledBack(...statements: readonly string[]): Promise<void>;
  value(sql: string): Promise<string>;
  close(): Promise<void>;
}

export async function openSourceWrites(url: string): Promise<SourceWrites> {
  const connection = await connectSource(url);
  const run = async (statements: readonly string[], end: 'commit' | 'rollback'): Promise<void> => {
    await connection.beginTransaction();
    try {
      for (const statement of statements) await connection.query(statement);
      await connection[end]();
    } catch (error) {
      await connection.rollback();
      throw error;
    }
  };
  return {
    connection,
    async transaction(...statements) {
      const after = await binlogEndPosition(connection);
      await run(statements, 'commit');
      return { after, end: await binlogEndPosition(connection) };
    },
    rolledBack: (...statements) => run(statements, 'rollback'),
    value: (sql) => scalar(connection, sql),
    close: () => connection.end(),
  };
}

/** SQL text literal. */
export const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

export const WHEN = '2026-03-04 05:06:07.250000';
export const WHEN_ISO = '2026-03-04T05:06:07.25Z';

export const dimension = (id: number, name: string): string =>
  `INSERT INTO dimensions VALUES (${id}, ${quoted(name)}, '${WHEN}', 'ann')`;

export const group = (id: number, name: string): string =>
  `INSERT INTO metric_groups VALUES (${id}, ${quoted(name)}, '${WHEN}', 'ann')`;

export const inGroup = (groupId: number, ...dimensionIds: readonly number[]): string =>
  `INSERT INTO dimensions_metric_groups VALUES ${dimensionIds.map((id) => `(${id}, ${groupId})`).join(', ')}`;

export function metric(
  id: number | string,
  name: string,
  groupId: number,
  { type = 'SCALAR', chained = null as number | null, cutoff = null as string | null } = {},
): string {
  return `INSERT INTO metrics VALUES (${id}, ${quoted(name)}, '${type}', ${groupId}, ${chained ?? 'NULL'},
    ${cutoff === null ? 'NULL' : quoted(cutoff)}, '${WHEN}', 'ann', '${WHEN}')`;
}

export function version(
  metricId: number | string,
  number: number,
  { style = 'SUM', param = null as string | null, formula = null as string | null, reason = undefined as string | undefined } = {},
): string {
  const deprecation = reason === undefined ? 'NULL, NULL, NULL' : `'${WHEN}', 'bob', ${quoted(reason)}`;
  return `INSERT INTO metric_versions VALUES (${metricId}, ${number}, '${style}', ${param ?? 'NULL'},
    ${formula === null ? 'NULL' : quoted(formula)}, '${WHEN}', 'ann', ${deprecation})`;
}

export const consumes = (consumerId: number, ...consumedIds: readonly number[]): string =>
  `INSERT INTO metric_relationships VALUES ${consumedIds.map((id) => `(${id}, ${consumerId})`).join(', ')}`;

export const touch = (metricId: number): string =>
  `UPDATE metrics SET updated_at = NOW(6) WHERE id = ${metricId}`;
