/**
 * What the source database says about its tables: columns in their order, types and primary keys, read from INFORMATION_SCHEMA.
 * Generated columns are left out, as DMS leaves them out.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { columnType, type SourceColumn } from './column-type.ts';

export interface TableShape {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly SourceColumn[];
  /** Names of the primary key's columns, in the key's order; empty when the table has none. */
  readonly primaryKey: readonly string[];
  /** Columns that are never sent: generated ones, and types that DMS does not know. */
  readonly omitted: ReadonlySet<string>;
}

const SYSTEM_SCHEMAS = ['mysql', 'information_schema', 'performance_schema', 'sys'];

async function rows(connection: Connection, sql: string, values: readonly string[]): Promise<string[][]> {
  const [found] = await connection.query<RowDataPacket[][]>({ sql, values: [...values], rowsAsArray: true });
  return found.map((row) => Array.from(row, String));
}

/** Every base table of the database that `wanted` accepts. */
export async function readCatalog(
  connection: Connection,
  wanted: (schema: string, table: string) => boolean,
): Promise<TableShape[]> {
  const tables = await rows(
    connection,
    `SELECT TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_TYPE = 'BASE TABLE'
       AND TABLE_SCHEMA NOT IN (?, ?, ?, ?) ORDER BY TABLE_SCHEMA, TABLE_NAME`,
    SYSTEM_SCHEMAS,
  );
  const shapes: TableShape[] = [];
  for (const [schema = '', table = ''] of tables) {
    if (wanted(schema, table)) shapes.push(await readTable(connection, schema, table));
  }
  return shapes;
}

export async function readTable(connection: Connection, schema: string, table: string): Promise<TableShape> {
  const found = await rows(
    connection,
    `SELECT COLUMN_NAME, COLUMN_TYPE, EXTRA, IS_NULLABLE FROM INFORMATION_SCHEMA.COLUMNS
      WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`,
    [schema, table],
  );
  const key = await rows(
    connection,
    `SELECT COLUMN_NAME FROM INFORMATION_SCHEMA.STATISTICS
      WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX`,
    [schema, table],
  );
  const omitted = new Set<string>();
  const columns: SourceColumn[] = [];
  for (const [name = '', sqlType = '', extra = '', nullable = ''] of found) {
    const type = columnType(sqlType);
    if (type.kind === 'unsupported' || /\b(VIRTUAL|STORED|PERSISTENT) GENERATED|\bINVISIBLE\b/i.test(extra))
      omitted.add(name);
    else columns.push({ name, nullable: nullable === 'YES', ...type });
  }
  return { schema, table, columns, primaryKey: key.map(([name = '']) => name), omitted };
}

/** A name as an SQL identifier. */
export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
