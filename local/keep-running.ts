/**
 * A server of the pipeline that ends by itself (killed, crashed, out of memory) is started again on the same state, and the pipeline
 * goes on: its callers meet a service that does not answer for a moment, as they may on AWS. One that keeps ending is given up with
 * one clear error. It must never start a second one while the first may still run.
 */
import { setTimeout as delay } from 'node:timers/promises';

export interface Server {
  stop(): Promise<void>;
}

export interface KeepRunningOptions<S extends Server> {
  /** For messages. */
  readonly name: string;
  /** Starts it; `onUnexpectedEnd` is called once if it ends while nobody asked it to, with the reason. */
  start(onUnexpectedEnd: (reason: string) => void): Promise<S>;
  readonly say: (message: string, level: 'warning' | 'error') => void;
  /** Called once, when it has ended too often; nothing is started any more. */
  readonly onGivenUp: (message: string) => void;
  readonly now?: () => number;
  readonly pause?: (ms: number) => Promise<unknown>;
}

export interface KeptRunning<S extends Server> {
  /** The one that runs, or the last one while the next is being started. */
  readonly current: S;
  /** How often it has been started again. */
  readonly restarts: number;
  stop(): Promise<void>;
}

/** A fault that lasts shows itself at once; somebody who kills servers to see what happens needs longer. */
const RESTARTS_MAX = 5;
const WITHIN_MS = 60_000;
const PAUSE_AFTER_FAILURE_MS = 1_000;

/** Rejects when the first start fails. */
export async function keepRunning<S extends Server>(options: KeepRunningOptions<S>): Promise<KeptRunning<S>> {
  const { name, say, onGivenUp, now = Date.now, pause = delay } = options;
  const endedAt: number[] = [];
  let stopping = false;
  let restarts = 0;
  let restarting: Promise<void> | undefined;

  const tooOften = (): boolean => {
    endedAt.push(now());
    return endedAt.filter((time) => time > now() - WITHIN_MS).length > RESTARTS_MAX;
  };
  const startAgain = async (first: string): Promise<void> => {
    for (let reason = first; !stopping; ) {
      if (tooOften()) {
        const message = `${reason}\nIt has ended ${RESTARTS_MAX + 1} times within ${WITHIN_MS / 1000} s and is not started again.`;
        say(message, 'error');
        onGivenUp(message);
        return;
      }
      say(`${reason}\n${name} is started again.`, 'error');
      try {
        current = await options.start(ended);
        restarts += 1;
        say(`${name} runs again.`, 'warning');
        return;
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
        await pause(PAUSE_AFTER_FAILURE_MS);
      }
    }
  };
  const ended = (reason: string): void => {
    if (stopping) return;
    // It may end again while the start before is not quite over.
    restarting = (restarting ?? Promise.resolve()).then(() => startAgain(reason));
  };

  let current = await options.start(ended);
  return {
    get current() {
      return current;
    },
    get restarts() {
      return restarts;
    },
    async stop() {
      stopping = true;
      await restarting;
      await current.stop();
    },
  };
}
