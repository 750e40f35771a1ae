/**
 * `relay` as a process of its own, started as a user starts it, with everything it says. A test ends it by its process id, and asks
 * afterwards whether anything that it had started still runs or listens.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { PROJECT_ROOT } from '#cli/project.ts';
import { eventually, until } from './eventually.ts';
import {
  descendantsOf,
  type KnownProcess,
  type Listener,
  listenersOf,
  stillListening,
  stillRunning,
} from './process-tree.ts';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RelayProcess {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  stdout(): string;
  stderr(): string;
  /** Waits for a line on stderr that matches. */
  said(pattern: RegExp, withinMs?: number): Promise<void>;
  /** Does nothing to a process that has ended. */
  kill(signal: NodeJS.Signals): void;
  /** The processes below it and every address on which it or they listen, now. */
  footprint(): Footprint;
}

export interface Footprint {
  readonly processes: readonly KnownProcess[];
  readonly listeners: readonly Listener[];
}

/** `launcher`: what a user calls; `main` is the same without the bootstrap in between. */
export function startRelay(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  launcher: 'bin' | 'main' = 'main',
): RelayProcess {
  const program = launcher === 'bin' ? join('bin', 'relay.mjs') : join('cli', 'main.ts');
  const { SOURCE_URL: _, RELAY_DATA_DIR: __, ...inherited } = process.env;
  const child: ChildProcess = spawn(process.execPath, [join(PROJECT_ROOT, program), ...args], {
    cwd: PROJECT_ROOT,
    env: { ...inherited, NO_COLOR: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`relay ${args.join(' ')} could not be started`);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  let over = false;
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => {
      over = true;
      resolve({ code, signal, ...output });
    });
  });
  return {
    pid,
    ended,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    async said(pattern, withinMs = 120_000) {
      await eventually(
        `relay ${args.join(' ')} says ${pattern}`,
        () => {
          if (pattern.test(output.stderr)) return true;
          if (over) throw new Error('it has ended');
          return undefined;
        },
        () => output,
        withinMs,
      );
    },
    kill(signal) {
      if (!over) process.kill(pid, signal);
    },
    footprint() {
      const processes = descendantsOf(pid);
      return { processes, listeners: listenersOf([pid, ...processes.map((one) => one.pid)]) };
    },
  };
}

/** Runs a command to its end. */
export function runRelay(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return startRelay(args, environment, 'bin').ended;
}

/** Waits until nothing of a footprint is left; after a kill the children end by themselves, which takes a moment. */
export async function gone({ processes, listeners }: Footprint): Promise<void> {
  const left = () => [...stillRunning(processes).map(({ command }) => command), ...stillListening(listeners)];
  await until('no process and no listener of the ended pipeline is left', () => left().length === 0, left, 90_000);
}
