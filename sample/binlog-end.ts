/**
 * Where the source's binlog ends, as the number that DMS gives a transaction: `(file number << 32) | offset`. Read right after a
 * commit, it lies after that commit's transaction, so that an event can be matched with the write it came from.
 */
import type { Connection } from 'mysql2/promise';

/** MySQL 8.4 dropped the first statement; MariaDB and older MySQL do not know the second. */
const STATEMENTS = ['SHOW MASTER STATUS', 'SHOW BINARY LOG STATUS'] as const;

export async function binlogEndPosition(connection: Connection): Promise<bigint> {
  const [first, second] = STATEMENTS;
  const [rows] = await connection.query({ sql: first, rowsAsArray: true }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ER_PARSE_ERROR')
      return connection.query({ sql: second, rowsAsArray: true });
    throw error;
  });
  const row: unknown = Array.isArray(rows) ? rows[0] : undefined;
  const [file, offset]: unknown[] = Array.isArray(row) ? row : [];
  const number = /\.(\d+)$/.exec(String(file))?.[1];
  if (number === undefined)
    throw new Error('The source database writes no binlog (log_bin is OFF); without it nothing is replicated');
  return (BigInt(number) << 32n) | BigInt(String(offset));
}
