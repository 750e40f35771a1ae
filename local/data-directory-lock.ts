/**
 * Makes sure that only one pipeline works on a data directory. The lock is SQLite's on a file that holds nothing else, so the operating
 * system takes it back when its owner dies, however it dies: there are no stale locks. The process id beside it is for the message.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface DataDirectoryLock {
  release(): void;
}

export function lockDataDirectory(dataDirectory: string): DataDirectoryLock {
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  const pidFile = join(dataDirectory, 'pipeline.pid');
  const lock = new DatabaseSync(join(dataDirectory, 'pipeline.lock'));
  try {
    // A pipeline that was killed this very moment may not be gone yet.
    lock.exec('PRAGMA busy_timeout = 1000; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!(error as Error).message.includes('locked')) throw error;
    throw new Error(
      `${dataDirectory} is in use by another pipeline (process id ${ownerOf(pidFile)}). ` +
        'Stop that one, or give this one another data directory.',
    );
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  return { release: () => lock.close() };
}

function ownerOf(pidFile: string): string {
  try {
    return readFileSync(pidFile, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
