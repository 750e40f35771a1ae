/**
 * The statements of the SQL copy, per dialect, pure. Every value is a parameter; names of tables and columns are the programmer's and are
 * checked, because they become part of the statement.
 */
import type { MetricState } from '../metric-state.ts';

/** `mysql` is MariaDB as well, and has placeholders `?` like `sqlite`; `postgresql` has `$1`. */
export type SqlDialect = 'mysql' | 'sqlite' | 'postgresql';

export type SqlValue = string | number | null;

export interface SqlColumn {
  readonly name: string;
  /** Type in the words of the database, for `createTable`. */
  readonly type: string;
  readonly value: (state: MetricState) => SqlValue;
}

/** Text types: a JSON column of MySQL would round decimals, and a collation would fold names that differ. */
const TEXT = { mysql: 'LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin', sqlite: 'TEXT', postgresql: 'TEXT' };
const ID = { mysql: 'VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin', sqlite: 'TEXT', postgresql: 'VARCHAR(20)' };
const NAME = { mysql: 'VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin', sqlite: 'TEXT', postgresql: 'TEXT' };

const columnsOfTheKit = (dialect: SqlDialect): readonly SqlColumn[] => [
  { name: 'metric_id', type: `${ID[dialect]} NOT NULL PRIMARY KEY`, value: ({ metricId }) => metricId },
  { name: 'name', type: `${NAME[dialect]} NOT NULL`, value: ({ name }) => name },
  { name: 'deleted', type: 'SMALLINT NOT NULL', value: ({ deleted }) => (deleted ? 1 : 0) },
  { name: 'occurred_at', type: 'VARCHAR(40) NOT NULL', value: ({ occurredAt }) => occurredAt },
  { name: 'metric', type: TEXT[dialect], value: (state) => (state.deleted ? null : JSON.stringify(state.metric)) },
];

/** Last: MySQL assigns from left to right, so every other column must still see the old revision. */
const REVISION: SqlColumn = { name: 'revision', type: 'BIGINT NOT NULL', value: ({ revision }) => revision };

export class SqlStatements {
  /** The table, and an index for reading by name. The index is not unique: two metrics may have one name for a moment. */
  readonly createTable: readonly string[];
  readonly selectRevision: string;
  /** Inserts, or updates where the row's revision is lower: one statement, decided by the database. */
  readonly upsert: string;
  readonly #columns: readonly SqlColumn[];

  constructor(dialect: SqlDialect, table: string, columns: readonly SqlColumn[]) {
    this.#columns = [...columnsOfTheKit(dialect), ...columns, REVISION];
    for (const name of [table, ...this.#columns.map((column) => column.name)]) checkName(name);
    const names = this.#columns.map(({ name }) => name);
    const places = names.map((_, index) => (dialect === 'postgresql' ? `$${index + 1}` : '?'));
    this.createTable = [createTable(dialect, table, this.#columns), ...createIndex(dialect, table)];
    this.selectRevision = `SELECT revision FROM ${table} WHERE metric_id = ${places[0]}`;
    this.upsert = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${places.join(', ')}) ${onConflict(dialect, table, names.slice(1))}`;
  }

  parametersOf(state: MetricState): readonly SqlValue[] {
    return this.#columns.map(({ value }) => value(state));
  }
}

function onConflict(dialect: SqlDialect, table: string, names: readonly string[]): string {
  if (dialect === 'mysql') {
    const assignments = names.map((name) => `${name} = IF(revision < VALUES(revision), VALUES(${name}), ${name})`);
    return `ON DUPLICATE KEY UPDATE ${assignments.join(', ')}`;
  }
  const assignments = names.map((name) => `${name} = excluded.${name}`);
  return `ON CONFLICT (metric_id) DO UPDATE SET ${assignments.join(', ')} WHERE ${table}.revision < excluded.revision`;
}

function createTable(dialect: SqlDialect, table: string, columns: readonly SqlColumn[]): string {
  const index = dialect === 'mysql' ? [`INDEX ${table}_by_name (name)`] : [];
  const lines = [...columns.map(({ name, type }) => `${name} ${type}`), ...index];
  return `CREATE TABLE IF NOT EXISTS ${table} (\n  ${lines.join(',\n  ')}\n)`;
}

const createIndex = (dialect: SqlDialect, table: string): readonly string[] =>
  dialect === 'mysql' ? [] : [`CREATE INDEX IF NOT EXISTS ${table}_by_name ON ${table} (name)`];

function checkName(name: string): void {
  if (/^[a-z_][a-z0-9_]{0,49}$/i.test(name)) return;
  throw new RangeError(
    `${JSON.stringify(name)} cannot be a table or column name here: letters, digits and _ only, at most 50, not beginning with a digit`,
  );
}
