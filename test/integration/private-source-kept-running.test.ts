import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { privateSource, type SourceDatabase } from '#cli/pipeline/source.ts';
import { connectSource, scalar } from '#local/dms/source-connection.ts';

let directory: string;
let source: SourceDatabase;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kept-source-'));
  source = await privateSource(
    directory,
    () => {},
    () => {},
  );
});
afterAll(async () => {
  await source?.stop();
  await rm(directory, { recursive: true, force: true });
});

const serverPid = (): number => Number(readFileSync(join(directory, 'mysql', 'server.pid'), 'utf8'));

it('a private database that is killed comes back at the same URL with what was committed', async () => {
  const before = await connectSource(source.url);
  await before.query('CREATE TABLE kept (id INT PRIMARY KEY)');
  await before.query('INSERT INTO kept VALUES (1)');
  const pid = serverPid();
  process.kill(pid, 'SIGKILL');
  await expect
    .poll(
      async () => {
        const after = await connectSource(source.url);
        const found = await scalar(after, 'SELECT COUNT(*) FROM kept');
        await after.end();
        return found;
      },
      { timeout: 60_000 },
    )
    .toBe('1');
  expect(serverPid()).not.toBe(pid);
  before.destroy();
});
