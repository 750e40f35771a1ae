/**
 * The directory of the private database: made on first use, refused when another server still works in it or when it was
 * left half made. It never removes anything that holds data.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DatabaseServer } from './server-binary.ts';

/** The path of a Unix socket has room for 107 bytes (sockaddr_un), so a deep directory gets a socket elsewhere. */
const SOCKET_PATH_BYTES = 107;

export function socketPath(directory: string): string {
  const path = join(directory, 'server.sock');
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES) return path;
  return join(tmpdir(), `relay-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}.sock`);
}

/** For temporary files: a server that starts removes those of all others that share its directory. */
export const temporaryPath = (directory: string): string => join(directory, 'tmp');

/** The process id of a server that still runs on this directory, if there is one. */
async function runningServer(directory: string): Promise<number | undefined> {
  const text = await readFile(join(directory, 'server.pid'), 'utf8').catch(() => '');
  const pid = Number(text.trim());
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  // The number may have gone to another program since: on Linux its command line names the directory, or it is not ours.
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  if (commandLine !== undefined) return commandLine.includes(directory) ? pid : undefined;
  if (process.platform === 'linux') return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}

export async function prepareDataDirectory(
  server: DatabaseServer,
  directory: string,
  onProgress: (step: string) => void,
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const pid = await runningServer(directory);
  if (pid !== undefined) {
    throw new Error(
      `The data directory ${directory} is in use by the database server with process id ${pid}: another pipeline runs on it. ` +
        'Stop that pipeline, or give this one another data directory.',
    );
  }
  await mkdir(temporaryPath(directory), { recursive: true, mode: 0o700 });
  const target = join(directory, 'data');
  const files = await readdir(target).catch((): string[] => []);
  if (files.includes('mysql')) return;
  if (files.length > 0) {
    throw new Error(
      `${target} is not a database directory: it holds ${files.length} files but no system tables. Remove it and start again.`,
    );
  }
  // Made beside its place and renamed when complete: a kill in the middle leaves no directory that looks whole.
  onProgress('creating the database directory');
  const unfinished = join(directory, 'unfinished');
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  const common = [
    '--no-defaults',
    `--datadir=${unfinished}`,
    `--tmpdir=${temporaryPath(directory)}`,
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
  ];
  const run = promisify(execFile);
  try {
    if (server.installer === undefined) {
      await run(server.server, [...common, '--initialize-insecure']);
    } else {
      await run(server.installer, [...common, '--skip-test-db']);
    }
  } catch (error) {
    const text =
      error instanceof Error && 'stderr' in error ? `${error.message}\n${String(error.stderr)}` : String(error);
    throw new Error(
      `The database directory ${target} could not be made with ${server.installer ?? server.server}: ${text}`,
    );
  }
  await rm(target, { recursive: true, force: true });
  await rename(unfinished, target);
}
