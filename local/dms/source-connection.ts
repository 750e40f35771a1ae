/**
 * Connections to the source database: the options that keep every value exact (no dates, no numbers, UTC), and the reading of a
 * source URL. Passwords never enter a message.
 */
import { type Connection as CallbackConnection, type ConnectionOptions, createConnection } from 'mysql2';
import { type Connection, createConnection as connect } from 'mysql2/promise';

/** @throws when the text is no MySQL URL; the message never repeats it, because it may hold a password. */
export function connectionOptions(sourceUrl: string): ConnectionOptions {
  let url: URL;
  try {
    url = new URL(sourceUrl);
  } catch {
    throw new Error('The source URL is no URL; expected mysql://user:password@host:port/schema');
  }
  if (url.protocol !== 'mysql:' && url.protocol !== 'mariadb:') {
    throw new Error(`The source URL begins with ${url.protocol}//; expected mysql://user:password@host:port/schema`);
  }
  const schema = decodeURIComponent(url.pathname.slice(1));
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 3306 : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    ...(schema === '' ? {} : { database: schema }),
    charset: 'utf8mb4',
    // TIMESTAMP leaves the server as UTC text, and no value becomes a Date or a rounded number.
    timezone: 'Z',
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    jsonStrings: true,
    connectTimeout: 10_000,
  };
}

export async function connectSource(sourceUrl: string): Promise<Connection> {
  return withUtc(await connect(connectionOptions(sourceUrl)));
}

async function withUtc(connection: Connection): Promise<Connection> {
  // Without a listener a lost connection would end the process; the next query reports it anyway.
  connection.on('error', () => {});
  await connection.query("SET time_zone = '+00:00'");
  return connection;
}

/** The callback form, which can stream rows. */
export function openStreamingConnection(sourceUrl: string): CallbackConnection {
  const connection = createConnection(connectionOptions(sourceUrl));
  connection.on('error', () => {});
  return connection;
}

/** What identifies the server's binlog: another server, or the same one made anew, numbers its files from one again. */
export async function serverIdentity(
  connection: Connection,
): Promise<{ mariadb: boolean; version: string; uuid: string }> {
  const version = await scalar(connection, 'SELECT VERSION()');
  const mariadb = version.includes('MariaDB');
  const uuid = await scalar(connection, mariadb ? 'SELECT @@global.server_uid' : 'SELECT @@global.server_uuid').catch(
    () => '',
  );
  return { mariadb, version, uuid };
}

/** The first row as text; empty when there is none. NULL becomes empty text. */
export async function firstRow(connection: Connection, sql: string): Promise<string[]> {
  const [rows] = await connection.query({ sql, rowsAsArray: true });
  const first: unknown = Array.isArray(rows) ? rows[0] : undefined;
  return Array.isArray(first)
    ? Array.from(first, (value: unknown) => (value === undefined || value === null ? '' : String(value)))
    : [];
}

/** One column of the first row as text. */
export async function scalar(connection: Connection, sql: string, column = 0): Promise<string> {
  return (await firstRow(connection, sql))[column] ?? '';
}

/** Whether the server is shutting down, starting, or gone, or is what the driver says of a connection that it has lost. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  const errno = 'errno' in error ? Number(error.errno) : 0;
  return (
    /^(ECONN|EPIPE|ETIMEDOUT|ENOENT|PROTOCOL_|ER_SERVER_SHUTDOWN|ER_CON_COUNT|ER_CONNECTION_KILLED)/.test(code) ||
    [1053, 1158, 1159, 1160, 1161, 1927].includes(errno) ||
    /closed state|connection (is )?(closed|lost)/i.test(error.message)
  );
}
