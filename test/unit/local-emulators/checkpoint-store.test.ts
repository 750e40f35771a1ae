import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCheckpointStore } from '#local/checkpoint-store.ts';
import { lockDataDirectory } from '#local/data-directory-lock.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'checkpoints-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('the checkpoint store', () => {
  it('gives back what was set, also after it was opened again', async () => {
    const file = join(directory, 'c.sqlite');
    const store = openCheckpointStore(file);
    await Promise.all([store.set('a', { at: '1' }), store.set('__proto__', [1]), store.set('a', { at: '2' })]);
    expect(store.get('a')).toEqual({ at: '2' });
    store.close();
    const again = openCheckpointStore(file);
    expect([again.get('a'), again.get('__proto__'), again.get('none')]).toEqual([{ at: '2' }, [1], undefined]);
    again.close();
  });

  it('does not give back what is not yet durable', async () => {
    const store = openCheckpointStore(join(directory, 'c.sqlite'));
    const written = store.set('a', 1);
    expect(store.get('a')).toBeUndefined();
    await written;
    expect(store.get('a')).toBe(1);
    store.close();
  });

  it('keeps every set that was answered before the process is killed', () => {
    const file = join(directory, 'c.sqlite');
    const module = new URL('../../../local/checkpoint-store.ts', import.meta.url).href;
    const script = `const { openCheckpointStore } = await import(${JSON.stringify(module)});
      const store = openCheckpointStore(${JSON.stringify(file)});
      for (let n = 1; n <= 300; n++) await store.set('n', n);
      process.kill(process.pid, 'SIGKILL');`;
    expect(() => execFileSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' })).toThrow();
    const store = openCheckpointStore(file);
    expect(store.get('n')).toBe(300);
    store.close();
  });

  it('refuses what is no JSON value', async () => {
    const store = openCheckpointStore(join(directory, 'c.sqlite'));
    await expect(store.set('a', undefined)).rejects.toThrow(/checkpoint a/);
    store.close();
  });
});

describe('the lock of a data directory', () => {
  it('refuses a second pipeline and says which process has it', () => {
    const lock = lockDataDirectory(directory);
    expect(() => lockDataDirectory(directory)).toThrow(
      new RegExp(`in use by another pipeline \\(process id ${process.pid}\\)`),
    );
    lock.release();
    lockDataDirectory(directory).release();
  });

  it('is free again when its owner was killed', () => {
    const module = new URL('../../../local/data-directory-lock.ts', import.meta.url).href;
    const script = `const { lockDataDirectory } = await import(${JSON.stringify(module)});
      lockDataDirectory(${JSON.stringify(directory)});
      process.kill(process.pid, 'SIGKILL');`;
    expect(() => execFileSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' })).toThrow();
    expect(() => lockDataDirectory(directory).release()).not.toThrow();
  });
});
