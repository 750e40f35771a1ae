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

interface MetricColumns {
  readonly type?: string;
  readonly chained?: number;
  readonly cutoff?: string;
}

export function metric(id: number | string, name: string, groupId: number, columns: MetricColumns = {}): string {
  const { type = 'SCALAR', chained, cutoff } = columns;
  return `INSERT INTO metrics VALUES (${id}, ${quoted(name)}, '${type}', ${groupId}, ${chained ?? 'NULL'},
    ${cutoff === undefined ? 'NULL' : quoted(cutoff)}, '${WHEN}', 'ann', '${WHEN}')`;
}

interface VersionColumns {
  readonly style?: string;
  readonly param?: string;
  readonly formula?: string;
  readonly at?: string;
  readonly by?: string;
  /** Sets all three columns of a deprecation. */
  readonly deprecatedFor?: string;
}

export function version(metricId: number | string, number: number, columns: VersionColumns = {}): string {
  const { style = 'SUM', param = 'NULL', formula, at = WHEN, by = 'ann', deprecatedFor } = columns;
  const deprecation = deprecatedFor === undefined ? 'NULL, NULL, NULL' : `'${at}', '${by}', ${quoted(deprecatedFor)}`;
  return `INSERT INTO metric_versions VALUES (${metricId}, ${number}, '${style}', ${param},
    ${formula === undefined ? 'NULL' : quoted(formula)}, '${at}', '${by}', ${deprecation})`;
}

export const consumes = (consumerId: number, ...consumedIds: readonly number[]): string =>
  `INSERT INTO metric_relationships VALUES ${consumedIds.map((id) => `(${id}, ${consumerId})`).join(', ')}`;

export const touch = (metricId: number): string => `UPDATE metrics SET updated_at = NOW(6) WHERE id = ${metricId}`;
