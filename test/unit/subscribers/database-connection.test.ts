/** The worker's connection, against a server that speaks MySQL's protocol and refuses the statements it is told to. */
import type { AddressInfo, Server } from 'node:net';
import mysql, { type Connection } from 'mysql2';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DatabaseConnection } from '#subscribers/sql-copy/database-connection.ts';
import { until } from '../../end-to-end/support/eventually.ts';

/** What mysql2 has for a server and does not declare. */
interface Answering {
  writeOk(): void;
  writeError(error: { readonly code: number; readonly message: string }): void;
  _resetSequenceId(): void;
}

const open = new Set<Connection>();
let opened: number;
let refused: RegExp;
let server: Server;

beforeEach(async () => {
  open.clear();
  opened = 0;
  const mysqlServer = mysql.createServer(accept);
  server = (mysqlServer as unknown as { readonly _server: Server })._server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  for (const connection of open) connection.destroy();
  await new Promise((resolve) => server.close(resolve));
});

function accept(connection: Connection): void {
  const client = connection as Connection & Answering;
  open.add(connection);
  opened += 1;
  connection.on('error', () => {});
  connection.on('end', () => open.delete(connection));
  const answer = (sql: string): void => {
    if (refused.test(sql)) client.writeError({ code: 1142, message: `denied: ${sql}` });
    else client.writeOk();
    client._resetSequenceId();
  };
  connection.on('query', answer);
  // So mysql2 calls a SET.
  connection.on('stmt_prepare', answer);
  connection.serverHandshake({
    protocolVersion: 10,
    serverVersion: '10.11.0-MariaDB',
    connectionId: opened,
    statusFlags: 2,
    characterSet: 45,
    capabilityFlags: 0xff_f7_ff,
    authCallback: (_: unknown, accepted: (error: null) => void) => {
      accepted(null);
      client._resetSequenceId();
    },
  });
}

const worker = () =>
  new DatabaseConnection(
    async () => ({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, user: 'copy' }),
    async (execute) => void (await execute('CREATE TABLE metrics', [])),
  );

const openAre = (count: number) =>
  until(
    `${count} connections are open`,
    () => open.size === count,
    () => open.size,
    2_000,
  );

test.each([
  ['whose table cannot be made', /CREATE/],
  ['whose time zone cannot be set', /SET/],
])('a connection %s is closed, however often it is tried', async (_, statement) => {
  refused = statement;
  const database = worker();
  for (let tries = 0; tries < 3; tries++) await expect(database.execute('SELECT 1', [])).rejects.toThrow('denied');
  expect(opened).toBe(3);
  await openAre(0);
});

test('after an error the next statement has a new connection, and the old one is closed', async () => {
  refused = /second/;
  const database = worker();
  await database.execute('INSERT first', []);
  await database.execute('INSERT again', []);
  expect(opened).toBe(1);
  await expect(database.execute('INSERT second', [])).rejects.toThrow('denied');
  await database.execute('INSERT third', []);
  expect(opened).toBe(2);
  await openAre(1);
});
