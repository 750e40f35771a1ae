import { describe, expect, it } from 'vitest';
import { CommandFailure } from '#cli/command-failure.ts';
import { COPY_SCHEMA, copySecrets } from '#cli/pipeline/copy-database.ts';
import { COPY_SECRET_ARN } from '#cli/pipeline/parameters.ts';
import { databaseAddress } from '#subscribers/sql-copy/database-address.ts';

const none = { schemaUrls: new Map<string, string>() };

describe('the database of the SQL copy', () => {
  it('reaches the worker as a secret that the worker can read', () => {
    const schemaUrls = new Map([[COPY_SCHEMA, 'mysql://copy:p%40ss@127.0.0.1:3307/metrics_copy']]);
    const secret = copySecrets({ schemaUrls }, undefined).get(COPY_SECRET_ARN) ?? '';
    expect(databaseAddress(secret)).toMatchObject({
      host: '127.0.0.1',
      port: 3307,
      user: 'copy',
      password: 'p@ss',
      database: 'metrics_copy',
    });
    expect(databaseAddress(secret)).not.toHaveProperty('ssl');
  });

  it('is the one that the user names, before the schema of the private server', () => {
    const schemaUrls = new Map([[COPY_SCHEMA, 'mysql://copy:x@127.0.0.1:1/metrics_copy']]);
    const secret = copySecrets({ schemaUrls }, 'mysql://me:y@db/mine').get(COPY_SECRET_ARN) ?? '';
    expect(databaseAddress(secret)).toMatchObject({ host: 'db', port: 3306, database: 'mine' });
  });

  it('must be named beside a source that is only read', () => {
    expect(() => copySecrets(none, undefined)).toThrow(CommandFailure);
    expect(() => copySecrets(none, undefined)).toThrow(/must be written somewhere/);
  });

  it('that is no URL of a database is refused without being shown', () => {
    for (const url of ['hush', 'mysql://me:hush@db', 'postgres://me:hush@db/x'])
      expect(() => copySecrets(none, url)).toThrow(/^COPY_URL is no mysql:\/\/ URL with a database\.$/);
  });
});
