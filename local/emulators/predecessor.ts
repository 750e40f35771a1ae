/**
 * After `kill -9` of a pipeline its emulators end by themselves, but the next one may start before they are gone. Two emulators on one
 * file would spoil it, so a new one waits until the one before has ended. It never ends a process itself.
 */
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 50;
const LONGEST_WAIT_MS = 70_000;

export function rememberProcess(workingDirectory: string, pid: number): void {
  writeFileSync(pidFile(workingDirectory), `${pid}\n`);
}

export async function waitForPredecessor(options: {
  readonly name: string;
  readonly workingDirectory: string;
}): Promise<void> {
  const giveUpAt = Date.now() + LONGEST_WAIT_MS;
  for (
    let pid = predecessor(options.workingDirectory);
    pid !== undefined;
    pid = predecessor(options.workingDirectory)
  ) {
    if (Date.now() > giveUpAt) {
      throw new Error(
        `${options.name} of an earlier pipeline (process id ${pid}) still works in ${options.workingDirectory}. ` +
          'Stop that pipeline, or use another data directory.',
      );
    }
    await delay(POLL_MS);
  }
}

/** The number may have gone to another program since: ours has the emulator's folder as its working directory. */
function predecessor(workingDirectory: string): number | undefined {
  const pid = Number(readText(pidFile(workingDirectory)));
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  if (process.platform === 'linux') {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === workingDirectory ? pid : undefined;
    } catch {
      return undefined;
    }
  }
  try {
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}

function pidFile(workingDirectory: string): string {
  return join(workingDirectory, 'emulator.pid');
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
