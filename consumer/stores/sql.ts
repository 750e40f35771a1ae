/**
 * A copy in a SQL table keyed by metric id. State and revision are one row, written by one statement that writes only what is newer, so no
 * transaction and no lock is needed. Works with any driver through a port of one method.
 */
import type { MetricState, MetricStore, Remembered } from '../metric-state.ts';
import { type SqlColumn, type SqlDialect, SqlStatements, type SqlValue } from './sql-statements.ts';

export interface SqlAnswer {
  readonly rows: readonly { readonly [column: string]: unknown }[];
  /** Rows that the driver counts as written; 0 for a SELECT. */
  readonly affectedRows: number;
}

/** Runs one statement, committed when it returns, or inside a transaction of the caller's. */
export type SqlExecute = (sql: string, parameters: readonly SqlValue[]) => Promise<SqlAnswer>;

export interface SqlStoreOptions {
  readonly execute: SqlExecute;
  readonly dialect: SqlDialect;
  /** Default `metric_copy`. A plain name, not quoted. */
  readonly table?: string;
  /** Columns of your own beside those of the kit, computed from the state. */
  readonly columns?: readonly SqlColumn[];
}

export class SqlMetricStore implements MetricStore {
  readonly #execute: SqlExecute;
  readonly #dialect: SqlDialect;
  readonly statements: SqlStatements;

  constructor({ execute, dialect, table = 'metric_copy', columns = [] }: SqlStoreOptions) {
    this.#execute = execute;
    this.#dialect = dialect;
    this.statements = new SqlStatements(dialect, table, columns);
  }

  /** Creates the table when it is not there. For production put `statements.createTable` into your migrations instead. */
  async createTable(): Promise<void> {
    for (const statement of this.statements.createTable) await this.#execute(statement, []);
  }

  async lastRevision(metricId: string): Promise<number> {
    const { rows } = await this.#execute(this.statements.selectRevision, [metricId]);
    return Number(rows[0]?.revision ?? 0);
  }

  /** What is not newer costs one read. A revision only grows, so "not newer" cannot become wrong; "newer" is decided by the write. */
  async remember(state: MetricState): Promise<Remembered> {
    const lastRevision = await this.lastRevision(state.metricId);
    if (lastRevision >= state.revision) return { written: false, lastRevision };
    const { affectedRows } = await this.#execute(this.statements.upsert, this.statements.parametersOf(state));
    if (affectedRows === (this.#dialect === 'mysql' ? 2 : 1)) return { written: true, lastRevision };
    const now = await this.lastRevision(state.metricId);
    // MySQL counts 2 for an update, 1 for an insert, and for a row left as it was 0, or 1 when the driver asks for found rows (mysql2 does). So
    // 1 without a row before is an insert, or another worker's insert of this same revision at this same moment: then both are told "written".
    const inserted = affectedRows === 1 && lastRevision === 0 && now === state.revision;
    return { written: inserted, lastRevision: inserted ? 0 : now };
  }
}
