// The private database and the check of a newcomer's own, on a real server.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkSource } from '#local/database/check-source.ts';
import { type PrivateDatabase, startPrivateDatabase } from '#local/database/private-database.ts';
import { createSchema, loadSample } from '#sample/load-sample.ts';
import { SOURCE_SCHEMA, SOURCE_TABLES } from '#schemas/source/lph.ts';

const TABLES = SOURCE_TABLES.map(({ name, columns }) => ({
  schema: SOURCE_SCHEMA,
  table: name,
  columns: Object.keys(columns),
}));
const log = (): void => {};
let directory: string;
let database: PrivateDatabase;
let connection: Connection;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'private-database-'));
  database = await startPrivateDatabase({ dataDirectory: directory, log });
  connection = await createConnection({ uri: database.url });
});
afterAll(async () => {
  await connection.end().catch(() => {});
  await database.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Runs statements as the server's own administrator, through its socket. */
async function asAdministrator(...statements: string[]): Promise<void> {
  const root = await createConnection({ socketPath: join(directory, 'mysql', 'server.sock'), user: 'root' });
  for (const statement of statements) await root.query(statement);
  await root.end();
}

describe('the private database', () => {
  it('gives the replication user the rights of DMS and no others', async () => {
    await createSchema(connection);
    const dms = await createConnection({ uri: database.replicationUrl });
    await dms.query('SELECT COUNT(*) FROM metrics');
    await dms.query('SHOW MASTER STATUS');
    await expect(dms.query('DELETE FROM metrics')).rejects.toThrow(/denied/);
    await expect(dms.query('SELECT * FROM mysql.global_priv')).rejects.toThrow(/denied/);
    await dms.end();
  });

  it('refuses a directory on which another server still runs, naming its process', async () => {
    const pid = (await readFile(join(directory, 'mysql', 'server.pid'), 'utf8')).trim();
    await expect(startPrivateDatabase({ dataDirectory: directory, log })).rejects.toThrow(`process id ${pid}`);
  });

  it('takes no temporary file away from another server of this machine, neither when it is made nor when it starts', async () => {
    const ofAnother = join(tmpdir(), `#sql-temptable-${process.pid}-1-1.MAI`);
    await writeFile(ofAnother, '');
    const own = await mkdtemp(join(tmpdir(), 'private-database-'));
    try {
      await (await startPrivateDatabase({ dataDirectory: own, log })).stop();
      expect(await readFile(ofAnother, 'utf8')).toBe('');
    } finally {
      await rm(ofAnother, { force: true });
      await rm(own, { recursive: true, force: true });
    }
  });

  it('keeps its rows, its port and its passwords over a restart', async () => {
    expect(await loadSample(connection, { primitives: 20, hybrids: 2, dimensions: 5 })).toBe(true);
    const url = database.url;
    await connection.end();
    await database.stop();
    database = await startPrivateDatabase({ dataDirectory: directory, log });
    expect(database.url).toBe(url);
    connection = await createConnection({ uri: database.url });
    expect(await loadSample(connection, { primitives: 20, hybrids: 2, dimensions: 5 })).toBe(false);
    const [rows] = await connection.query({ sql: 'SELECT COUNT(*) FROM metrics', rowsAsArray: true });
    expect(rows).toEqual([[22]]);
  });

  it('ends with its pipeline also when that is killed, and has lost nothing that was committed', async () => {
    const own = await mkdtemp(join(tmpdir(), 'killed-pipeline-'));
    const script = `
      import { startPrivateDatabase } from '#local/database/private-database.ts';
      import { createConnection } from 'mysql2/promise';
      const database = await startPrivateDatabase({ dataDirectory: process.env.OWN, log: () => {} });
      const connection = await createConnection({ uri: database.url });
      await connection.query('CREATE TABLE kept (n INT PRIMARY KEY)');
      for (let n = 1; n <= 50; n++) await connection.query('INSERT INTO kept VALUES (?)', [n]);
      process.kill(process.pid, 'SIGKILL');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, OWN: own },
      stdio: 'inherit',
    });
    await new Promise((resolve) => child.once('exit', resolve));
    const deadline = Date.now() + 30_000;
    let again: PrivateDatabase | undefined;
    // The guard ends the server a moment after its pipeline; until then the directory is refused.
    while (again === undefined) {
      again = await startPrivateDatabase({ dataDirectory: own, log }).catch((error: unknown) => {
        if (Date.now() > deadline) throw error;
        return undefined;
      });
    }
    const reader = await createConnection({ uri: again.url });
    const [rows] = await reader.query({ sql: 'SELECT COUNT(*) FROM kept', rowsAsArray: true });
    expect(rows).toEqual([[50]]);
    await reader.end();
    await again.stop();
    await rm(own, { recursive: true, force: true });
  });
});

describe('the check of a source', () => {
  it('finds nothing wrong with the private database', async () => {
    await createSchema(connection);
    expect(await checkSource(database.replicationUrl, TABLES)).toEqual({ findings: [], warnings: [] });
  });

  it('names a database that is not there and a wrong password, without ever repeating the password', async () => {
    const wrong = database.replicationUrl.replace(/:[0-9a-f]+@/, ':secret-canary@');
    const denied = await checkSource(wrong, TABLES);
    expect(denied.findings.map(({ code }) => code)).toEqual(['ACCESS_DENIED']);
    expect(JSON.stringify(denied)).not.toContain('secret-canary');
    const gone = await checkSource('mysql://u:secret-canary@127.0.0.1:1/lph', TABLES);
    expect(gone.findings.map(({ code }) => code)).toEqual(['UNREACHABLE']);
    expect(JSON.stringify(gone)).not.toContain('secret-canary');
  });

  it('has one finding for each thing that is wrong, each with the statement that mends it', async () => {
    await asAdministrator(
      "SET GLOBAL binlog_format = 'MIXED'",
      "SET GLOBAL binlog_row_image = 'MINIMAL'",
      "SET GLOBAL binlog_row_metadata = 'NO_LOG'",
      "CREATE OR REPLACE USER 'weak'@'127.0.0.1' IDENTIFIED BY 'x'",
      "GRANT SELECT ON lph.* TO 'weak'@'127.0.0.1'",
    );
    const url = database.url.replace(/\/\/.*@/, '//weak:x@');
    const check = await checkSource(url, [
      ...TABLES,
      'lph.no_such_table',
      { schema: 'lph', table: 'metrics', columns: ['id', 'colour'] },
    ]);
    const codes = [
      'NO_TABLE',
      'NO_COLUMN',
      'BINLOG_FORMAT',
      'BINLOG_ROW_IMAGE',
      'NO_REPLICATION_CLIENT',
      'NO_REPLICATION_SLAVE',
    ];
    expect(check.findings.map(({ code }) => code)).toEqual(codes);
    expect(check.warnings.map(({ code }) => code)).toEqual(['BINLOG_ROW_METADATA']);
    const statements = [...check.findings, ...check.warnings]
      .map(({ fix }) => /^(SET GLOBAL|GRANT) [^;]*;/.exec(fix)?.[0])
      .filter((statement) => statement !== undefined);
    await asAdministrator(...statements);
    expect(await checkSource(url, TABLES)).toEqual({ findings: [], warnings: [] });
  });
});
