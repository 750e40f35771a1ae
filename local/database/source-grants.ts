/** Whether the user of a connection has the rights that DMS needs: to read the tables, to ask where the binlog ends, to read it. */
import type { Connection } from 'mysql2/promise';
import { binlogEnd } from '../dms/snapshot.ts';
import { firstRow } from '../dms/source-connection.ts';
import type { SourceFinding } from './source-finding.ts';

/** Rights that let a user read the binlog, in the words of either server. */
const READ_BINLOG = ['REPLICATION SLAVE', 'REPLICATION REPLICA', 'ALL PRIVILEGES'];

/** The rights granted on `*.*`, in upper case. The password hash that MariaDB adds to such a line is never looked at. */
async function globalRights(connection: Connection): Promise<Set<string>> {
  const [rows] = await connection.query({ sql: 'SHOW GRANTS', rowsAsArray: true });
  const lines = Array.isArray(rows) ? rows.map((row) => (Array.isArray(row) ? String(row[0]) : '')) : [];
  const rights = lines.map((line) => /^GRANT (.*) ON \*\.\* TO /.exec(line)?.[1] ?? '');
  return new Set(rights.flatMap((list) => list.toUpperCase().split(',')).map((right) => right.trim()));
}

export async function grantFindings(connection: Connection): Promise<SourceFinding[]> {
  const [account = ''] = await firstRow(connection, 'SELECT CURRENT_USER()');
  const user = account
    .split('@')
    .map((part) => `'${part}'`)
    .join('@');
  const findings: SourceFinding[] = [];
  const missing = (code: string, right: string, why: string): void => {
    findings.push({
      code,
      message: `User ${user} lacks ${right}: ${why}`,
      fix: `GRANT ${right} ON *.* TO ${user};`,
      severity: 'error',
    });
  };
  try {
    await binlogEnd(connection);
  } catch (error) {
    const denied = error instanceof Error && 'code' in error && error.code === 'ER_SPECIFIC_ACCESS_DENIED_ERROR';
    // Without a binlog the statement answers nothing; that is a finding of its own.
    if (denied) missing('NO_REPLICATION_CLIENT', 'REPLICATION CLIENT', 'it cannot ask where the binlog ends');
  }
  const rights = await globalRights(connection);
  if (!READ_BINLOG.some((right) => rights.has(right)))
    missing('NO_REPLICATION_SLAVE', 'REPLICATION SLAVE', 'it cannot read the binlog');
  return findings;
}
