/**
 * Looks whether a database can be replicated by DMS as it is: reachable, with the expected tables, a row binlog with full images
 * and a user with the rights of a replica. It only reads. Each finding says what is wrong and the exact statement or setting
 * that mends it; none of them ever holds a password.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { connectionOptions, connectSource, firstRow } from '../dms/source-connection.ts';
import type { SourceFinding } from './source-finding.ts';
import { grantFindings } from './source-grants.ts';

/** A table that must exist: `schema.table`, or with the columns that it must have. */
export type ExpectedTable =
  | string
  | { readonly schema: string; readonly table: string; readonly columns: readonly string[] };

export interface SourceCheck {
  /** What prevents the replication. */
  readonly findings: readonly SourceFinding[];
  /** What does not prevent it. */
  readonly warnings: readonly SourceFinding[];
}

export async function checkSource(url: string, tables: readonly ExpectedTable[]): Promise<SourceCheck> {
  const options = connectionOptions(url);
  let connection: Connection;
  try {
    connection = await connectSource(url);
  } catch (error) {
    return {
      findings: [
        connectionFinding(
          error,
          String(options.host),
          Number(options.port),
          String(options.user),
          String(options.database ?? ''),
        ),
      ],
      warnings: [],
    };
  }
  try {
    const all = [
      ...(await tableFindings(connection, tables)),
      ...(await settingFindings(connection)),
      ...(await grantFindings(connection)),
    ];
    return {
      findings: all.filter(({ severity }) => severity === 'error'),
      warnings: all.filter(({ severity }) => severity === 'warning'),
    };
  } finally {
    await connection.end().catch(() => {});
  }
}

function finding(
  code: string,
  message: string,
  fix: string,
  severity: SourceFinding['severity'] = 'error',
): SourceFinding {
  return { code, message, fix, severity };
}

function connectionFinding(error: unknown, host: string, port: number, user: string, schema: string): SourceFinding {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const place = `${host}:${port}`;
  switch (code) {
    case 'ECONNREFUSED':
      return finding(
        'UNREACHABLE',
        `Nothing listens at ${place}`,
        'Start the database there, or correct host and port of the URL.',
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return finding('UNREACHABLE', `The host name ${host} is not known`, 'Correct the host of the URL.');
    case 'ER_ACCESS_DENIED_ERROR':
    case 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR':
      return finding(
        'ACCESS_DENIED',
        `The server at ${place} refuses user ${JSON.stringify(user)} with this password from this machine`,
        `Correct user and password of the URL, or: ALTER USER '${user}'@'%' IDENTIFIED BY '<password>';`,
      );
    case 'ER_DBACCESS_DENIED_ERROR':
    case 'ER_BAD_DB_ERROR':
      return finding(
        'NO_SCHEMA',
        `Schema ${JSON.stringify(schema)} does not exist at ${place}, or user ${JSON.stringify(user)} may not see it`,
        `GRANT SELECT ON \`${schema}\`.* TO '${user}'@'%';`,
      );
    default:
      return finding(
        'UNREACHABLE',
        `The database at ${place} does not answer: ${error instanceof Error ? error.message : String(error)}`,
        'Check host, port and firewall.',
      );
  }
}

async function tableFindings(connection: Connection, tables: readonly ExpectedTable[]): Promise<SourceFinding[]> {
  const findings: SourceFinding[] = [];
  for (const expected of tables) {
    const [schema = '', table = ''] =
      typeof expected === 'string' ? expected.split('.') : [expected.schema, expected.table];
    const wanted = typeof expected === 'string' ? [] : expected.columns;
    const [rows] = await connection.query<RowDataPacket[][]>({
      sql: 'SELECT COLUMN_NAME FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?',
      values: [schema, table],
      rowsAsArray: true,
    });
    const columns = new Set(Array.from(rows, (row) => String(row[0]).toLowerCase()));
    const missing = wanted.filter((column) => !columns.has(column.toLowerCase()));
    if (columns.size === 0) {
      findings.push(
        finding(
          'NO_TABLE',
          `Table ${schema}.${table} does not exist, or the user may not see it`,
          `Create it (the DDL is in sample/schema.sql), or: GRANT SELECT ON \`${schema}\`.* TO <user>;`,
        ),
      );
    } else if (missing.length > 0) {
      findings.push(
        finding(
          'NO_COLUMN',
          `Table ${schema}.${table} has no column ${missing.join(', ')}`,
          'Add what is missing (the DDL is in sample/schema.sql), or change the declaration of the table.',
        ),
      );
    }
  }
  return findings;
}

/** A server variable in upper case; undefined when this server has no such variable. */
async function variable(connection: Connection, name: string): Promise<string | undefined> {
  const [, value] = await firstRow(connection, `SHOW GLOBAL VARIABLES LIKE '${name}'`);
  return value?.toUpperCase();
}

async function settingFindings(connection: Connection): Promise<SourceFinding[]> {
  const findings: SourceFinding[] = [];
  if ((await variable(connection, 'log_bin')) !== 'ON') {
    const fix =
      'In the server configuration under [mysqld]: log_bin=binlog and server_id=1, then restart. On Aurora: binlog_format=ROW in the cluster parameter group, then reboot.';
    findings.push(
      finding('BINLOG_OFF', 'The server writes no binlog (log_bin is OFF), so changes cannot be followed', fix),
    );
  }
  const required: readonly (readonly [name: string, wanted: string, code: string, why: string])[] = [
    ['binlog_format', 'ROW', 'BINLOG_FORMAT', 'only row events hold the values'],
    ['binlog_row_image', 'FULL', 'BINLOG_ROW_IMAGE', 'otherwise columns that did not change are missing'],
  ];
  for (const [name, wanted, code, why] of required) {
    const value = await variable(connection, name);
    if (value !== undefined && value !== wanted) {
      findings.push(
        finding(
          code,
          `${name} is ${value}; it must be ${wanted}: ${why}`,
          `SET GLOBAL ${name} = '${wanted}'; and the same in the server configuration. Sessions that are open keep the old value: reconnect them.`,
        ),
      );
    }
  }
  const metadata = await variable(connection, 'binlog_row_metadata');
  if (metadata !== 'FULL') {
    const text = `binlog_row_metadata is ${metadata ?? 'not known to this server'}; column names are then read from INFORMATION_SCHEMA, which may be wrong for changes older than an ALTER TABLE`;
    findings.push(finding('BINLOG_ROW_METADATA', text, "SET GLOBAL binlog_row_metadata = 'FULL';", 'warning'));
  }
  if ((await variable(connection, 'binlog_transaction_compression')) === 'ON') {
    findings.push(
      finding(
        'BINLOG_COMPRESSED',
        'binlog_transaction_compression is ON; DMS cannot read compressed transactions',
        'SET GLOBAL binlog_transaction_compression = OFF; and the same in the server configuration.',
      ),
    );
  }
  if ((await variable(connection, 'binlog_row_value_options'))?.includes('PARTIAL_JSON') === true) {
    findings.push(
      finding(
        'BINLOG_PARTIAL_JSON',
        'binlog_row_value_options is PARTIAL_JSON; rows would hold only parts of JSON columns',
        "SET GLOBAL binlog_row_value_options = '';",
      ),
    );
  }
  const logsUpdates =
    (await variable(connection, 'log_slave_updates')) ?? (await variable(connection, 'log_replica_updates'));
  if (logsUpdates === 'OFF' && (await variable(connection, 'read_only')) === 'ON') {
    findings.push(
      finding(
        'READ_REPLICA',
        'The server is a read replica that does not log what it replicates (log_slave_updates is OFF), so its binlog has no changes',
        'Use the writer as the source, or set log_slave_updates=ON in the server configuration and restart.',
      ),
    );
  }
  return findings;
}
