/**
 * Where the database of the copy is, out of the secret: the members that RDS itself writes into a secret, and `tls`. No message ever shows
 * a value of it.
 */
import type { ConnectionOptions } from 'mysql2/promise';
import * as z from 'zod/mini';

const secret = z.object({
  host: z.string(),
  port: z._default(z.coerce.number(), 3306),
  username: z.string(),
  password: z.string(),
  dbname: z.string(),
  /** `none` only where the network is this machine; anything else is verified against the authorities of RDS. */
  tls: z._default(z.enum(['rds', 'none']), 'rds'),
});

export function databaseAddress(secretString: string): ConnectionOptions {
  const parsed = secret.safeParse(jsonOf(secretString));
  if (!parsed.success) {
    const members = parsed.error.issues.map(({ path }) => path.join('.')).join(', ') || 'everything';
    throw new Error(
      `The secret of the copy's database is not usable: look at ${members}. It is a JSON object with host, port, username, password, ` +
        'dbname and, without TLS, "tls": "none".',
    );
  }
  const { host, port, username, password, dbname, tls } = parsed.data;
  return {
    host,
    port,
    user: username,
    password,
    database: dbname,
    charset: 'utf8mb4',
    timezone: 'Z',
    connectTimeout: 10_000,
    supportBigNumbers: true,
    bigNumberStrings: true,
    ...(tls === 'none' ? {} : { ssl: 'Amazon RDS' }),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
