/**
 * A MariaDB (or MySQL 8) server of the pipeline's own, with the binlog as DMS needs it, in the data directory and on loopback
 * only. It owns the server process and its directory. What was committed survives `kill -9` of everything: every commit is
 * handed to the operating system at once (it may be lost with the machine's power, which is enough for one machine).
 */
import { randomBytes } from 'node:crypto';
import { open, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import type { Log } from '../local-aws.ts';
import { prepareDataDirectory, socketPath, temporaryPath } from './data-directory.ts';
import { type GuardedChild, startGuardedChild } from './guarded-child.ts';
import { type DatabaseServer, findDatabaseServer } from './server-binary.ts';

export const PRIVATE_SCHEMA = 'lph';
const START_TIMEOUT_MS = 60_000;

export interface PrivateDatabaseOptions {
  readonly dataDirectory: string;
  readonly log: Log;
  readonly onProgress?: (step: string) => void;
  /** Fails rather than listen on another port than the last time: somebody knows the URL already. */
  readonly samePort?: boolean;
  /** Further schemas, outside of the binlog, each with a user of the same name who may do anything in it and nothing elsewhere. */
  readonly schemas?: readonly string[];
  /** Called once if the server ends while nobody asked it to. */
  readonly onUnexpectedEnd?: (reason: string) => void;
}

export interface PrivateDatabase {
  /** URL of an application user with all rights on the schema. */
  readonly url: string;
  /** URL of a user with exactly the rights that DMS needs. */
  readonly replicationUrl: string;
  /** URLs of the further schemas, by name. */
  readonly schemaUrls: ReadonlyMap<string, string>;
  stop(): Promise<void>;
}

/** What is kept between runs, so that URLs stay valid. */
interface Identity {
  port: number;
  readonly applicationPassword: string;
  readonly replicationPassword: string;
  /** By schema. */
  readonly schemaPasswords: readonly (readonly [schema: string, password: string])[];
}

function portIsFree(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}

async function readIdentity(path: string, samePort: boolean, schemas: readonly string[]): Promise<Identity> {
  const password = () => randomBytes(18).toString('hex');
  let kept: Partial<Identity> = {};
  try {
    kept = JSON.parse(await readFile(path, 'utf8')) as Partial<Identity>;
  } catch {
    // First use, or a file that was damaged: passwords are set again at every start, so new ones are as good.
  }
  const port = (await portIsFree(kept.port ?? 0)) ?? (await portIsFree(0));
  if (port === undefined) throw new Error('No free TCP port on 127.0.0.1 for the private database');
  if (samePort && port !== kept.port)
    throw new Error(`Port ${kept.port} of the private database was taken by another program while the server was down`);
  const keptPasswords = new Map(kept.schemaPasswords);
  const identity: Identity = {
    port,
    applicationPassword: kept.applicationPassword ?? password(),
    replicationPassword: kept.replicationPassword ?? password(),
    schemaPasswords: schemas.map((schema) => [schema, keptPasswords.get(schema) ?? password()]),
  };
  await writeFile(path, JSON.stringify(identity), { mode: 0o600 });
  return identity;
}

/**
 * Statements run by the server itself at every start, one a line. They stay out of the binlog. MariaDB splits REPLICATION
 * CLIENT in two: BINLOG MONITOR (where is the end of the binlog) and REPLICA MONITOR, which nobody needs here.
 */
function initStatements(identity: Identity, server: DatabaseServer): string {
  const clientRight = server.flavour === 'mariadb' ? 'BINLOG MONITOR' : 'REPLICATION CLIENT';
  const user = (name: string, password: string): string[] => [
    `CREATE USER IF NOT EXISTS '${name}'@'127.0.0.1' IDENTIFIED BY '${password}';`,
    `ALTER USER '${name}'@'127.0.0.1' IDENTIFIED BY '${password}';`,
    `REVOKE ALL PRIVILEGES, GRANT OPTION FROM '${name}'@'127.0.0.1';`,
  ];
  return [
    'SET SESSION sql_log_bin=0;',
    `CREATE DATABASE IF NOT EXISTS ${PRIVATE_SCHEMA} CHARACTER SET utf8mb4;`,
    ...user('relay', identity.applicationPassword),
    `GRANT ALL PRIVILEGES ON ${PRIVATE_SCHEMA}.* TO 'relay'@'127.0.0.1';`,
    `GRANT ${clientRight} ON *.* TO 'relay'@'127.0.0.1';`,
    ...user('dms', identity.replicationPassword),
    `GRANT SELECT ON ${PRIVATE_SCHEMA}.* TO 'dms'@'127.0.0.1';`,
    `GRANT ${clientRight}, REPLICATION SLAVE ON *.* TO 'dms'@'127.0.0.1';`,
    ...identity.schemaPasswords.flatMap(([schema, itsPassword]) => [
      `CREATE DATABASE IF NOT EXISTS ${schema} CHARACTER SET utf8mb4;`,
      ...user(schema, itsPassword),
      `GRANT ALL PRIVILEGES ON ${schema}.* TO '${schema}'@'127.0.0.1';`,
      // For people, who compare it with the source.
      `GRANT SELECT ON ${schema}.* TO 'relay'@'127.0.0.1';`,
    ]),
    '',
  ].join('\n');
}

function serverArguments(
  server: DatabaseServer,
  directory: string,
  port: number,
  schemas: readonly string[],
): string[] {
  const common = [
    '--no-defaults',
    `--datadir=${join(directory, 'data')}`,
    `--tmpdir=${temporaryPath(directory)}`,
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    `--socket=${socketPath(directory)}`,
    `--pid-file=${join(directory, 'server.pid')}`,
    `--init-file=${join(directory, 'init.sql')}`,
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
    '--skip-name-resolve',
    '--log-bin=binlog',
    '--binlog-format=ROW',
    '--binlog-row-image=FULL',
    '--binlog-row-metadata=FULL',
    '--server-id=1',
    ...schemas.map((schema) => `--binlog-ignore-db=${schema}`),
    '--max-binlog-size=128M',
    '--character-set-server=utf8mb4',
    '--innodb-buffer-pool-size=64M',
    '--innodb-flush-log-at-trx-commit=2',
    '--sync-binlog=0',
    '--max-connections=60',
    '--performance-schema=OFF',
  ];
  // The option names differ, not the meaning: seven days of binlog, no second protocol on a port of its own.
  if (server.flavour === 'mysql') return [...common, '--binlog-expire-logs-seconds=604800', '--mysqlx=OFF'];
  return [...common, '--expire-logs-days=7', '--innodb-log-file-size=32M'];
}

async function waitUntilReady(child: GuardedChild, url: string, logPath: string): Promise<void> {
  let exitCode: number | undefined;
  void child.ended.then((code) => {
    exitCode = code;
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      const connection = await createConnection({ uri: url, connectTimeout: 2000 });
      await connection.end();
      return;
    } catch (error) {
      if (exitCode === undefined && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        continue;
      }
      const why =
        exitCode === undefined
          ? `did not answer within ${START_TIMEOUT_MS / 1000} s`
          : `ended with exit code ${exitCode}`;
      const tail = (await readFile(logPath, 'utf8').catch(() => ''))
        .split('\n')
        .filter((line) => /\[ERROR\]|Aborting|^ERROR/.test(line));
      throw new Error(
        `The private database ${why} (${error instanceof Error ? error.message : String(error)}). ` +
          `Last errors of its log ${logPath}:\n  ${tail.slice(-5).join('\n  ') || '(none)'}\n` +
          'If its directory is damaged, remove it and start again: the sample is loaded anew.',
      );
    }
  }
}

/** Starts the server, making its directory on first use; resolves when it answers. */
export async function startPrivateDatabase(options: PrivateDatabaseOptions): Promise<PrivateDatabase> {
  const { dataDirectory, log, onProgress = () => {} } = options;
  const server = await findDatabaseServer();
  const directory = join(dataDirectory, 'mysql');
  await prepareDataDirectory(server, directory, onProgress);
  const { schemas = [] } = options;
  const identity = await readIdentity(join(directory, 'identity.json'), options.samePort === true, schemas);
  await writeFile(join(directory, 'init.sql'), initStatements(identity, server), { mode: 0o600 });

  onProgress('starting the database server');
  const logPath = join(directory, 'server.log');
  const logFile = await open(logPath, 'w');
  const child = startGuardedChild(
    server.server,
    serverArguments(server, directory, identity.port, schemas),
    logFile.fd,
  );
  await logFile.close();
  const url = (user: string, password: string, schema = PRIVATE_SCHEMA) =>
    `mysql://${user}:${password}@127.0.0.1:${identity.port}/${schema}`;
  const applicationUrl = url('relay', identity.applicationPassword);
  try {
    await waitUntilReady(child, applicationUrl, logPath);
  } catch (error) {
    await child.stop();
    throw error;
  }
  let stopping = false;
  void child.ended.then((code) => {
    if (!stopping)
      options.onUnexpectedEnd?.(`The private database ended with exit code ${code}. Its log is ${logPath}.`);
  });
  log('database', 'private database is ready', { port: identity.port, version: server.version, log: logPath });
  return {
    url: applicationUrl,
    replicationUrl: url('dms', identity.replicationPassword),
    schemaUrls: new Map(identity.schemaPasswords.map(([schema, password]) => [schema, url(schema, password, schema)])),
    stop() {
      stopping = true;
      return child.stop();
    },
  };
}
