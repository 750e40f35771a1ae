/**
 * Creates the LPH tables and fills them with the sample, once: a database that already has rows is left alone. All rows are
 * written in one transaction, so that an interrupted load leaves empty tables and not half a sample.
 */
import { readFile } from 'node:fs/promises';
import type { Connection } from 'mysql2/promise';
import { generateSample, type SampleOptions, type SampleTable } from './generate.ts';

export interface SampleProgress {
  readonly table: string;
  readonly rowsDone: number;
  readonly rowsTotal: number;
}

const ROWS_PER_INSERT = 500;

/** Creates the tables that are missing. */
export async function createSchema(connection: Connection): Promise<void> {
  const text = await readFile(new URL('./schema.sql', import.meta.url), 'utf8');
  const withoutComments = text.replace(/^--.*$/gm, '');
  for (const statement of withoutComments.split(/;\s*$/m)) {
    if (statement.trim() !== '') await connection.query(statement);
  }
}

/** Answers whether the sample was written; `false` when the tables had rows already. */
export async function loadSample(
  connection: Connection,
  options: SampleOptions = {},
  onProgress: (progress: SampleProgress) => void = () => {},
): Promise<boolean> {
  await createSchema(connection);
  const [found] = await connection.query({
    sql: 'SELECT 1 FROM metrics UNION ALL SELECT 1 FROM dimensions LIMIT 1',
    rowsAsArray: true,
  });
  if (Array.isArray(found) && found.length > 0) return false;
  await connection.beginTransaction();
  try {
    for (const table of generateSample(options)) await insertRows(connection, table, onProgress);
    await connection.commit();
  } catch (error) {
    await connection.rollback();
    throw error;
  }
  return true;
}

async function insertRows(
  connection: Connection,
  table: SampleTable,
  onProgress: (progress: SampleProgress) => void,
): Promise<void> {
  const columns = table.columns.map((column) => `\`${column}\``).join(', ');
  for (let start = 0; start < table.rows.length; start += ROWS_PER_INSERT) {
    const rows = table.rows.slice(start, start + ROWS_PER_INSERT);
    await connection.query(`INSERT INTO \`${table.table}\` (${columns}) VALUES ?`, [rows]);
    onProgress({ table: table.table, rowsDone: start + rows.length, rowsTotal: table.rows.length });
  }
}
