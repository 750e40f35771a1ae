/**
 * A consistent snapshot of the source together with the binlog coordinate that belongs to it: every transaction before the
 * coordinate is in the snapshot, every one after it is not. A coordinate read beside the snapshot would not do: the end of the
 * binlog may already name a transaction that InnoDB does not show yet, and that transaction would be lost.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import type { BinlogCoordinate } from './binlog-coordinate.ts';
import { firstRow, scalar } from './source-connection.ts';

/** How long a commit may take from the binlog to InnoDB when it cannot be waited for exactly. */
const COMMIT_SETTLE_MS = 2000;

/** The end of the binlog. MySQL 8.2 renamed the statement and 8.4 removed the old name. */
export async function binlogEnd(connection: Connection): Promise<BinlogCoordinate> {
  const read = async (statement: string): Promise<BinlogCoordinate> => {
    const [file = '', offset = '0'] = await firstRow(connection, statement);
    if (file === '') throw new Error('The source has no binlog (log_bin is OFF); DMS needs it');
    return { file, offset: Number(offset) };
  };
  return read('SHOW MASTER STATUS').catch((error: unknown) => {
    if (isSyntaxError(error)) return read('SHOW BINARY LOG STATUS');
    throw error;
  });
}

function isSyntaxError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ER_PARSE_ERROR';
}

/** Begins the snapshot transaction on the connection; it lasts until the connection ends or commits. */
export async function beginSnapshot(connection: Connection, mariadb: boolean): Promise<BinlogCoordinate> {
  await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  if (mariadb) return beginMariaDbSnapshot(connection);
  return beginMySqlSnapshot(connection);
}

/** MariaDB takes the coordinate of a consistent snapshot itself, under the lock that orders commits. */
async function beginMariaDbSnapshot(connection: Connection): Promise<BinlogCoordinate> {
  await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
  const file = await scalar(connection, "SHOW STATUS LIKE 'binlog_snapshot_file'", 1);
  const offset = Number(await scalar(connection, "SHOW STATUS LIKE 'binlog_snapshot_position'", 1));
  if (file === '' || !(offset > 0))
    throw new Error('The source gave no binlog coordinate for its snapshot (log_bin is OFF); DMS needs the binlog');
  return { file, offset };
}

/**
 * MySQL has no such variables. With the RELOAD right a global read lock of a moment makes both agree. Without it, the coordinate
 * is read first and the snapshot begins after every commit of that time has become visible: what lies between is in the
 * snapshot and comes again through the binlog, which the consumers must bear anyway.
 */
async function beginMySqlSnapshot(connection: Connection): Promise<BinlogCoordinate> {
  const locked = await connection.query('FLUSH TABLES WITH READ LOCK').then(
    () => true,
    () => false,
  );
  try {
    const coordinate = await binlogEnd(connection);
    if (!locked) await sleep(COMMIT_SETTLE_MS);
    await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
    return coordinate;
  } finally {
    if (locked) await connection.query('UNLOCK TABLES');
  }
}
