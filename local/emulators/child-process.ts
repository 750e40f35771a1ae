/**
 * One emulator as a child process: starts it, waits until it says on which port it listens, keeps its output in a log file, stops it
 * by its handle. The child reads its standard input and ends when that closes, so it never outlives this process, even after
 * `kill -9`. It must never be found or ended by name.
 */
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { rememberProcess, waitForPredecessor } from './predecessor.ts';

export interface EmulatorOptions {
  /** For messages: `DynamoDB Local`. */
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly logFile: string;
  readonly readyWithinMs?: number;
  /** After this long it is killed. */
  readonly stopWithinMs?: number;
  /** Called once if the emulator ends while nobody asked it to. */
  readonly onUnexpectedEnd?: (message: string) => void;
}

export interface Emulator {
  readonly name: string;
  readonly endpoint: string;
  readonly pid: number;
  /** Asks it to end, kills it after a grace period, resolves when it is gone. */
  stop(): Promise<void>;
}

const READY_LINE = /^listening on 127\.0\.0\.1:(\d+)$/;
const STOP_WITHIN_MS = 5_000;
const TAIL_LINES = 15;

export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  mkdirSync(dirname(options.logFile), { recursive: true });
  await waitForPredecessor(options);
  const log = createWriteStream(options.logFile, { flags: 'w' });
  const child = spawn(options.command, options.arguments, {
    cwd: options.workingDirectory,
    env: { ...process.env, ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) rememberProcess(options.workingDirectory, child.pid);
  child.stdin.on('error', () => {}); // It may be gone already; its end is seen by 'exit'.
  child.stderr.pipe(log, { end: false });

  let stopping = false;
  let ready = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`ended with ${signal ?? `exit code ${code}`}`));
  });
  const stop = async (): Promise<void> => {
    stopping = true;
    child.stdin.end();
    const kill = setTimeout(() => child.kill('SIGKILL'), options.stopWithinMs ?? STOP_WITHIN_MS);
    await ended;
    clearTimeout(kill);
    await new Promise<void>((resolve) => log.end(resolve));
  };

  return await new Promise<Emulator>((resolve, reject) => {
    const fail = (reason: string): void => {
      log.end(() => reject(new Error(startFailure(options, reason))));
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`did not become ready within ${options.readyWithinMs ?? 60_000} ms`);
    }, options.readyWithinMs ?? 60_000);
    createInterface({ input: child.stdout }).on('line', (line) => {
      log.write(`${line}\n`);
      const port = READY_LINE.exec(line)?.[1];
      if (port === undefined || ready || child.pid === undefined) return;
      ready = true;
      clearTimeout(timer);
      resolve({ name: options.name, endpoint: `http://127.0.0.1:${port}`, pid: child.pid, stop });
    });
    void ended.then((reason) => {
      clearTimeout(timer);
      if (!ready) fail(reason);
      else if (!stopping) log.end(() => options.onUnexpectedEnd?.(startFailure(options, reason)));
    });
  });
}

function startFailure(options: EmulatorOptions, reason: string): string {
  const tail = logTail(options.logFile);
  return `${options.name} ${reason}. Its log is ${options.logFile}${tail === '' ? ' (empty).' : `; it ends with:\n${tail}`}`;
}

function logTail(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
  } catch {
    return '';
  }
}
