/**
 * The database of the SQL copy on this machine: a second schema of the private server, whose user may do nothing elsewhere, or the one that
 * the user names. Its address reaches the worker as a secret, as it does on AWS.
 */
import { preconditionMissing } from '../command-failure.ts';
import { COPY_SECRET_ARN } from './parameters.ts';
import type { SourceDatabase } from './source.ts';

export const COPY_SCHEMA = 'metrics_copy';

/** The secret by its ARN. The user's own source is only read, so that the copy needs a database of its own then. */
export function copySecrets(
  source: Pick<SourceDatabase, 'schemaUrls'>,
  ownUrl: string | undefined,
): ReadonlyMap<string, string> {
  const url = ownUrl ?? source.schemaUrls.get(COPY_SCHEMA);
  if (url !== undefined) return new Map([[COPY_SECRET_ARN, secretOf(url)]]);
  throw preconditionMissing(
    'SOURCE_URL is your own database, which is only read, and the SQL copy of --subscribers must be written somewhere.',
    'Name an empty database with COPY_URL=mysql://user:password@host:port/database, or leave SOURCE_URL or --subscribers out.',
  );
}

/** What RDS writes into a secret, and `tls`, which only this machine may switch off. */
function secretOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'mysql:' || url.pathname.length < 2) {
    // The value is not shown: it may hold a password.
    throw preconditionMissing(
      'COPY_URL is no mysql:// URL with a database.',
      'Give it as mysql://user:password@host:port/database',
    );
  }
  return JSON.stringify({
    engine: 'mysql',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 3306 : Number(url.port),
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    dbname: decodeURIComponent(url.pathname.slice(1)),
    tls: 'none',
  });
}
