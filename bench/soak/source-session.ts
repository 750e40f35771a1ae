/**
 * One connection that writes to the source while servers die: it comes back after a lost connection, and calls a transaction that the
 * database refused (a taken name, a foreign key, a deadlock) refused and not failed. What was committed is for the database to say.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection, ResultSetHeader } from 'mysql2/promise';
import { connectSource, isConnectionLost } from '#local/dms/source-connection.ts';

export type Value = string | number | null;

/** What a transaction's statements are made with. */
export interface Sql {
  /** Runs a statement that changes rows; answers how many it found. */
  change(statement: string, values?: readonly Value[]): Promise<number>;
  /** Rows as text, NULL as empty text. */
  rows(statement: string, values?: readonly Value[]): Promise<string[][]>;
}

export type TransactionOutcome = 'committed' | 'rolled back' | 'refused' | 'connection lost';

/** Thrown by the body of a transaction that is to be taken back. */
export class TakeBack extends Error {}

/** Taken name, missing or used row, deadlock, lock wait, value out of range or too long. */
const REFUSALS = new Set([1062, 1205, 1213, 1216, 1217, 1264, 1406, 1451, 1452, 1690]);
const CONNECT_AGAIN_MS = 300;

export class SourceSession implements Sql {
  readonly #url: string;
  #connection: Connection | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  async transaction(body: (sql: Sql) => Promise<void>, signal: AbortSignal): Promise<TransactionOutcome> {
    try {
      const connection = await this.#connected(signal);
      await connection.beginTransaction();
      await body(this);
      await connection.commit();
      return 'committed';
    } catch (error) {
      if (error instanceof TakeBack || isRefusal(error)) {
        const taken = await this.#connection?.rollback().then(
          () => true,
          () => false,
        );
        if (taken === true) return error instanceof TakeBack ? 'rolled back' : 'refused';
      } else if (!isConnectionLost(error) && !signal.aborted) {
        throw error;
      }
      this.#connection?.destroy();
      this.#connection = undefined;
      return 'connection lost';
    }
  }

  async change(statement: string, values: readonly Value[] = []): Promise<number> {
    if (this.#connection === undefined) throw new Error('no transaction is open');
    const [result] = await this.#connection.query<ResultSetHeader>(statement, [...values]);
    return result.affectedRows;
  }

  async rows(statement: string, values: readonly Value[] = []): Promise<string[][]> {
    if (this.#connection === undefined) throw new Error('no transaction is open');
    const asText = (field: { string(): string | null }) => field.string();
    const [rows] = await this.#connection.query({
      sql: statement,
      values: [...values],
      rowsAsArray: true,
      typeCast: asText,
    });
    return Array.isArray(rows)
      ? rows.map((row) => (Array.isArray(row) ? row.map((cell: unknown) => (cell === null ? '' : String(cell))) : []))
      : [];
  }

  async close(): Promise<void> {
    await this.#connection?.end().catch(() => {});
  }

  async #connected(signal: AbortSignal): Promise<Connection> {
    while (this.#connection === undefined) {
      signal.throwIfAborted();
      try {
        const connection = await connectSource(this.#url);
        await connection.query('SET SESSION innodb_lock_wait_timeout = 3');
        this.#connection = connection;
      } catch (error) {
        if (!isConnectionLost(error)) throw error;
        await delay(CONNECT_AGAIN_MS);
      }
    }
    return this.#connection;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && REFUSALS.has(Number(error.errno));
}
