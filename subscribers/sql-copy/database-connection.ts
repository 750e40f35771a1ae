/**
 * One connection to the database of the copy, kept between invocations and made anew after an error, with the address asked for again: a
 * rotated password is in the secret by then. The table is made with the first statement of a connection.
 */
import { type Connection, type ConnectionOptions, createConnection, type ResultSetHeader } from 'mysql2/promise';
import type { SqlAnswer, SqlExecute } from '#consumer/stores/sql.ts';

export class DatabaseConnection {
  readonly #address: () => Promise<ConnectionOptions>;
  readonly #onOpen: (execute: SqlExecute) => Promise<void>;
  #connection: Promise<Connection> | undefined;

  constructor(address: () => Promise<ConnectionOptions>, onOpen: (execute: SqlExecute) => Promise<void>) {
    this.#address = address;
    this.#onOpen = onOpen;
  }

  readonly execute: SqlExecute = async (sql, parameters) => {
    this.#connection ??= this.#open();
    try {
      return await run(await this.#connection, sql, parameters);
    } catch (error) {
      // Whatever it was, the next statement must not depend on what this connection is in the middle of.
      await this.#drop();
      throw error;
    }
  };

  async #open(): Promise<Connection> {
    const connection = await createConnection(await this.#address());
    // Without a listener a connection that is lost between two invocations would end the process.
    connection.on('error', () => void this.#drop());
    try {
      await connection.query("SET time_zone = '+00:00'");
      await this.#onOpen((sql, parameters) => run(connection, sql, parameters));
      return connection;
    } catch (error) {
      // Every delivery tries again: what is not closed here would use up the connections of the database.
      connection.destroy();
      throw error;
    }
  }

  async #drop(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    (await connection?.catch(() => undefined))?.destroy();
  }
}

async function run(connection: Connection, sql: string, parameters: Parameters<SqlExecute>[1]): Promise<SqlAnswer> {
  const [answer] = await connection.query(sql, [...parameters]);
  if (Array.isArray(answer)) return { rows: answer as SqlAnswer['rows'], affectedRows: 0 };
  return { rows: [], affectedRows: (answer as ResultSetHeader).affectedRows };
}
