/** The source database of a pipeline: a private one that belongs to it, or the user's own at SOURCE_URL after it has been checked. */
import { checkSource, type ExpectedTable, type SourceCheck } from '#local/database/check-source.ts';
import { startPrivateDatabase } from '#local/database/private-database.ts';
import { keepRunning } from '#local/keep-running.ts';
import type { Log } from '#local/local-aws.ts';
import { SOURCE_SCHEMA, SOURCE_TABLES } from '#schemas/source/lph.ts';
import { messageOf, preconditionMissing } from '../command-failure.ts';

/** The tables, with the columns, that a source must have. */
export const REPLICATED_TABLES: readonly ExpectedTable[] = SOURCE_TABLES.map(({ name, columns }) => ({
  schema: SOURCE_SCHEMA,
  table: name,
  columns: Object.keys(columns),
}));

export interface SourceDatabase {
  /** For people and for writes. */
  readonly url: string;
  /** For the replication, with as few rights as it needs. */
  readonly replicationUrl: string;
  readonly isPrivate: boolean;
  /** URLs of the further schemas of a private one, by name. */
  readonly schemaUrls: ReadonlyMap<string, string>;
  /** Resolves with the reason when a private one ends again and again and is given up. */
  readonly broken: Promise<string>;
  stop(): Promise<void>;
}

export async function privateSource(
  dataDirectory: string,
  log: Log,
  onProgress: (line: string) => void,
  schemas: readonly string[] = [],
): Promise<SourceDatabase> {
  const broken = Promise.withResolvers<string>();
  let started = false;
  const server = await keepRunning({
    name: 'The private database',
    start: async (onUnexpectedEnd) => {
      const database = await startPrivateDatabase({
        dataDirectory,
        log,
        schemas,
        onUnexpectedEnd,
        samePort: started,
        ...(started ? {} : { onProgress }),
      });
      started = true;
      return database;
    },
    say: (message, level) => log('database', message, { level }),
    onGivenUp: broken.resolve,
  });
  const { url, replicationUrl, schemaUrls } = server.current;
  return { url, replicationUrl, schemaUrls, isPrivate: true, broken: broken.promise, stop: () => server.stop() };
}

/** The user's own database; every wrong setting, missing grant and missing table is said at once. */
export async function ownSource(url: string, say: (line: string) => void): Promise<SourceDatabase> {
  const { findings, warnings } = await check(url);
  for (const { code, message, fix } of warnings) say(`${code}: ${message} (${fix})`);
  if (findings.length > 0) {
    const lines = findings.map(({ code, message, fix }) => `  ${code}: ${message}\n    fix: ${fix}`);
    throw preconditionMissing(
      `The database at SOURCE_URL cannot be replicated yet:\n${lines.join('\n')}`,
      'Correct it and start again; `npx relay doctor` checks without starting anything.',
    );
  }
  return {
    url,
    replicationUrl: url,
    isPrivate: false,
    schemaUrls: new Map(),
    broken: new Promise(() => {}),
    stop: async () => {},
  };
}

async function check(url: string): Promise<SourceCheck> {
  if (!URL.canParse(url) || new URL(url).protocol !== 'mysql:') {
    // The value is not shown: it may hold a password.
    throw preconditionMissing('SOURCE_URL is no mysql:// URL.', 'Give it as mysql://user:password@host:port/lph');
  }
  try {
    return await checkSource(url, REPLICATED_TABLES);
  } catch (error) {
    const { hostname, port } = new URL(url);
    throw preconditionMissing(
      `The database at ${hostname}:${port || '3306'} (SOURCE_URL) could not be checked: ${messageOf(error)}`,
      'Check host, port, user and password, and that the server accepts connections from this machine.',
      error,
    );
  }
}
