/**
 * The side of the source: makes a table, writes every case by SQL, copies the rows inside the server for the change records, and asks the
 * server what each value is. It never decodes a value itself.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { KEY } from './catalogue.ts';
import { SESSION_ZONE } from './time-values.ts';
import type { ValueCase, ValueColumn } from './value-case.ts';

/** How a row came onto the stream. The offset is added to the row's number, so that each way has rows of its own. */
export const WAYS = { load: 0, insert: 100_000, update: 200_000 } as const;
export type Way = keyof typeof WAYS;

/** A column that nobody declares. Every update moves it: one that changes nothing writes no record. */
const TOUCHED = 'touched_by_update';

export type ColumnSet = ReadonlyMap<string, ValueColumn>;

const identifier = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
const list = (columns: ColumnSet): string => [...columns.keys()].map(identifier).join(', ');

/** The longest statement; the server takes 16 MiB. */
const STATEMENT_MAX = 1_000_000;

export function caseAt(column: ValueColumn, row: number): ValueCase | undefined {
  return column.cases[row - 1];
}

export const rowCount = (columns: ColumnSet): number =>
  Math.max(...[...columns.values()].map(({ cases }) => cases.length));

export async function createTable(
  connection: Connection,
  name: string,
  columns: ColumnSet,
  charset = 'utf8mb4',
): Promise<void> {
  // Nothing is refused or corrected that the type can hold: zero dates, member 0 of an ENUM. A backslash stays an escape.
  await connection.query(`SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '${SESSION_ZONE}'`);
  const declared = [...columns].map(([column, { sqlType }]) => `${identifier(column)} ${sqlType} NULL DEFAULT NULL`);
  await connection.query(
    `CREATE TABLE ${identifier(name)} (${identifier(KEY)} INT UNSIGNED PRIMARY KEY, ${declared.join(', ')}, ${TOUCHED} TINYINT NOT NULL DEFAULT 0)
     ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=${charset}`,
  );
}

/** Rows for the full load: every case by its literal, and empty rows that will be updated. */
export async function writeLoad(connection: Connection, name: string, columns: ColumnSet): Promise<void> {
  const rows = Array.from({ length: rowCount(columns) }, (_, index) => {
    const literals = [...columns.values()].map((column) => caseAt(column, index + 1)?.sql ?? 'NULL');
    return `(${index + 1}, ${literals.join(', ')})`;
  });
  const insert = `INSERT INTO ${identifier(name)} (${identifier(KEY)}, ${list(columns)}) VALUES `;
  for (let from = 0; from < rows.length; ) {
    let until = from + 1;
    for (let size = 0; until < rows.length && size < STATEMENT_MAX; until++) size += rows[until]?.length ?? 0;
    await connection.query(insert + rows.slice(from, until).join(', '));
    from = until;
  }
  await connection.query(
    `INSERT INTO ${identifier(name)} (${identifier(KEY)}) SELECT ${identifier(KEY)} + ${WAYS.update} FROM ${identifier(name)}`,
  );
}

/** The same values once more as inserts and as updates, copied by the server from the loaded rows. */
export async function writeChanges(connection: Connection, name: string, columns: ColumnSet): Promise<void> {
  const [table, key] = [identifier(name), identifier(KEY)];
  await connection.query(
    `INSERT INTO ${table} (${key}, ${list(columns)}) SELECT ${key} + ${WAYS.insert}, ${list(columns)} FROM ${table} WHERE ${key} < ${WAYS.insert}`,
  );
  const set = [...columns.keys()].map((column) => `new.${identifier(column)} = old.${identifier(column)}`);
  await connection.query(
    `UPDATE ${table} AS new JOIN ${table} AS old ON new.${key} = old.${key} + ${WAYS.update} SET ${set.join(', ')}, new.${TOUCHED} = 1`,
  );
}

export interface Answer {
  readonly inRecord: string | null;
  readonly inItem: string | null;
}

const asHex = (expression: string, column: string): string =>
  `HEX(CONVERT(${expression.replaceAll(/\bc\b/g, identifier(column).replaceAll('$', '$$$$'))} USING utf8mb4))`;

const fromHex = (hex: unknown): string | null =>
  hex === null || hex === undefined ? null : Buffer.from(String(hex), 'hex').toString('utf8');

/** What the server says each value is: row id → column → answer. In UTC, unlike the session that wrote. */
export async function askServer(
  connection: Connection,
  name: string,
  columns: ColumnSet,
): Promise<ReadonlyMap<number, ReadonlyMap<string, Answer>>> {
  await connection.query("SET SESSION time_zone = '+00:00'");
  const questions = [...columns].flatMap(([column, { inRecord, inItem }]) => [
    asHex(inRecord, column),
    asHex(inItem ?? inRecord, column),
  ]);
  const sql = `SELECT ${identifier(KEY)}, ${questions.map((question, index) => `${question} AS q${index}`).join(', ')} FROM ${identifier(name)}`;
  const [rows] = await connection.query<RowDataPacket[][]>({ sql, rowsAsArray: true });
  return new Map(
    rows.map((row) => {
      const answers = [...columns].map(([column, { notation }], index): [string, Answer] => {
        const read = (place: number): string | null => {
          const text = fromHex(row[1 + place]);
          return text === null || !notation ? text : notation(text);
        };
        return [column, { inRecord: read(2 * index), inItem: read(2 * index + 1) }];
      });
      return [Number(row[0]), new Map(answers)];
    }),
  );
}
