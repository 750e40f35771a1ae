/** The source database of a pipeline: a private one that belongs to it, or the user's own at SOURCE_URL after it has been checked. */
import { checkSource } from '#local/database/check-source.ts';
import { startPrivateDatabase } from '#local/database/private-database.ts';
import type { Log } from '#local/local-aws.ts';
import { SOURCE_SCHEMA, SOURCE_TABLES } from '#schemas/source/lph.ts';
import { messageOf, preconditionMissing } from '../command-failure.ts';

export const REPLICATED_TABLES: readonly string[] = SOURCE_TABLES.map(({ name }) => `${SOURCE_SCHEMA}.${name}`);

export interface SourceDatabase {
  /** For people and for writes. */
  readonly url: string;
  /** For the replication, with as few rights as it needs. */
  readonly replicationUrl: string;
  readonly isPrivate: boolean;
  stop(): Promise<void>;
}

export async function privateSource(
  dataDirectory: string,
  log: Log,
  onProgress: (line: string) => void,
): Promise<SourceDatabase> {
  const database = await startPrivateDatabase({ dataDirectory, log, onProgress });
  return { ...database, isPrivate: true, stop: () => database.stop() };
}

/** The user's own database; every wrong setting, missing grant and missing table is said at once. */
export async function ownSource(url: string): Promise<SourceDatabase> {
  const findings = await check(url);
  if (findings.length > 0) {
    const lines = findings.map(({ code, message, fix }) => `  ${code}: ${message}\n    fix: ${fix}`);
    throw preconditionMissing(
      `The database at SOURCE_URL cannot be replicated yet:\n${lines.join('\n')}`,
      'Correct it and start again; `npx relay doctor` checks without starting anything.',
    );
  }
  return { url, replicationUrl: url, isPrivate: false, stop: async () => {} };
}

async function check(url: string): Promise<readonly { code: string; message: string; fix: string }[]> {
  if (!URL.canParse(url) || new URL(url).protocol !== 'mysql:') {
    // The value is not shown: it may hold a password.
    throw preconditionMissing('SOURCE_URL is no mysql:// URL.', 'Give it as mysql://user:password@host:port/lph');
  }
  try {
    return (await checkSource(url, REPLICATED_TABLES)).findings;
  } catch (error) {
    const { hostname, port } = new URL(url);
    throw preconditionMissing(
      `The database at ${hostname}:${port || '3306'} (SOURCE_URL) could not be checked: ${messageOf(error)}`,
      'Check host, port, user and password, and that the server accepts connections from this machine.',
      error,
    );
  }
}
