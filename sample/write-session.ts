/**
 * One product write in progress: runs its statements in real transactions, counts the rows they change and notes where each
 * transaction ends in the binlog. Rows that ON DELETE changes are not counted, because they never reach the binlog.
 */
import type { Connection, ResultSetHeader } from 'mysql2/promise';
import { binlogEndPosition } from './binlog-end.ts';
import type { SeededRandom } from './seeded-random.ts';

export type SqlValue = string | number | null;

export interface WrittenTransaction {
  /** The binlog's end after the commit, `(file number << 32) | offset`: the transaction lies before it. */
  readonly endPosition: bigint;
  readonly committedAtMs: number;
  /** Rows inserted, changed or deleted by its statements. */
  readonly rows: number;
}

export class WriteSession {
  readonly random: SeededRandom;
  readonly transactions: WrittenTransaction[] = [];
  readonly #connection: Connection;
  #rows = 0;

  constructor(connection: Connection, random: SeededRandom) {
    this.#connection = connection;
    this.random = random;
  }

  /** Runs the statements of `work` in one transaction; a failure rolls it back. */
  async transaction(work: () => Promise<void>): Promise<void> {
    this.#rows = 0;
    await this.#connection.beginTransaction();
    try {
      await work();
      await this.#connection.commit();
    } catch (error) {
      await this.#connection.rollback();
      throw error;
    }
    const committedAtMs = Date.now();
    const endPosition = await binlogEndPosition(this.#connection);
    this.transactions.push({ endPosition, committedAtMs, rows: this.#rows });
  }

  /** Runs a statement that changes rows; answers the key it generated, as text. */
  async change(sql: string, values: readonly SqlValue[]): Promise<string> {
    const [result] = await this.#connection.query<ResultSetHeader>(sql, [...values]);
    this.#rows += /^\s*UPDATE/i.test(sql) ? result.changedRows : result.affectedRows;
    if (Number.isSafeInteger(result.insertId)) return String(result.insertId);
    // An id above 2^53 was rounded on its way here; the server still has its digits.
    return (await this.rows('SELECT CAST(LAST_INSERT_ID() AS CHAR)'))[0]?.[0] ?? '';
  }

  /** Rows as text, NULL as empty text. */
  async rows(sql: string, values: readonly SqlValue[] = []): Promise<string[][]> {
    // As text whatever the connection's options are: an id above 2^53 as a number would be another row's.
    const asText = (field: { string(): string | null }) => field.string();
    const [rows] = await this.#connection.query({ sql, values: [...values], rowsAsArray: true, typeCast: asText });
    return Array.isArray(rows)
      ? rows.map((row) =>
          Array.isArray(row) ? row.map((value: unknown) => (value === null ? '' : String(value))) : [],
        )
      : [];
  }

  /** One row of a query without LIMIT, chosen at random; undefined when it has none. */
  async pick(sql: string, values: readonly SqlValue[] = []): Promise<string[] | undefined> {
    const count = Number((await this.rows(`SELECT COUNT(*) FROM (${sql}) candidates`, values))[0]?.[0] ?? 0);
    if (count === 0) return undefined;
    return (await this.rows(`${sql} ORDER BY 1 LIMIT 1 OFFSET ${this.random.below(count)}`, values))[0];
  }
}
