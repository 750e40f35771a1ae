/**
 * Ctrl-C, SIGTERM and the end of the parent process as one AbortSignal. The first asks a command to stop cleanly, the second ends it at
 * once. Repeats within half a second are the same key press: the terminal, npm and npx may each pass it on.
 */
import { Socket } from 'node:net';
import { EXIT } from './exit-code.ts';

const SAME_KEY_PRESS_MS = 500;

export interface Interruption {
  readonly signal: AbortSignal;
  /** Stops the command as an interruption would, for reasons of its own (the reader of stdout has gone). */
  stop(): void;
  /** Whether a person or another process asked for the stop. */
  readonly requested: boolean;
}

export function listenForInterruption(say: (line: string) => void): Interruption {
  const controller = new AbortController();
  let requestedAt: number | undefined;
  const interrupt = (signal: NodeJS.Signals): void => {
    const now = Date.now();
    if (requestedAt === undefined) {
      requestedAt = now;
      controller.abort();
      return;
    }
    if (now - requestedAt < SAME_KEY_PRESS_MS) return;
    say(`${signal} again: stopping at once.`);
    process.exit(EXIT.interrupted);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  watchParent(() => interrupt('SIGHUP'));
  return {
    signal: controller.signal,
    stop: () => controller.abort(),
    get requested() {
      return requestedAt !== undefined;
    },
  };
}

/** The bootstrap holds the other end of this pipe; it closes when the bootstrap ends, however it ends. */
function watchParent(onGone: () => void): void {
  const descriptor = Number(process.env.RELAY_PARENT_FD ?? '');
  delete process.env.RELAY_PARENT_FD;
  if (!Number.isInteger(descriptor) || descriptor < 3) return;
  const pipe = new Socket({ fd: descriptor });
  pipe.on('error', () => {});
  pipe.on('close', onGone);
  pipe.resume();
  pipe.unref();
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
