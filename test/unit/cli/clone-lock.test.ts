import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeLock, tryLock } from '../../../scripts/bootstrap/clone-lock.mjs';

describe('the lock of a clone', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'relay-lock-'));
    path = join(directory, 'some.lock');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('has one holder, and names it to the second', () => {
    const first = tryLock(path);
    expect(first.release).toBeDefined();
    expect(tryLock(path)).toEqual({ holder: String(process.pid) });
    first.release?.();
    expect(tryLock(path).release).toBeDefined();
  });

  it('is taken over from a process that is gone', () => {
    writeFileSync(path, '999999999 1\n');
    expect(tryLock(path).release).toBeDefined();
  });

  it.runIf(process.platform === 'linux')(
    'is taken over when the id of its dead holder belongs to another process now',
    () => {
      writeFileSync(path, `${process.pid} 1\n`);
      expect(tryLock(path).release).toBeDefined();
      expect(readFileSync(path, 'utf8')).not.toContain(' 1\n');
    },
  );

  it('makes the second wait until the first is done, and says for whom', async () => {
    const { release } = tryLock(path);
    const waits: string[] = [];
    const releaseSecond = await takeLock(path, (holder) => {
      waits.push(holder);
      release?.();
    });
    releaseSecond();
    expect(waits).toEqual([String(process.pid)]);
  });
});
