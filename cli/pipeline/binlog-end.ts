/** Where the binlog ends now, as the number that DMS gives a transaction: everything committed before lies below it. */
import type { Connection } from 'mysql2/promise';
import { coordinateNumber } from '#local/dms/binlog-coordinate.ts';
import { firstRow } from '#local/dms/source-connection.ts';

export async function binlogEnd(connection: Connection): Promise<bigint> {
  // MySQL 8.4 dropped the old statement, MariaDB and older MySQL do not know the new one.
  const [file = '', offset = ''] = await firstRow(connection, 'SHOW MASTER STATUS').catch(() =>
    firstRow(connection, 'SHOW BINARY LOG STATUS'),
  );
  return coordinateNumber({ file, offset: Number(offset) });
}
