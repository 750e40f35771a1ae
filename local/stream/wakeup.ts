/** Lets one loop wait until another has something for it, or until a time has passed. Holds no state between waits. */
import type { Clock } from './clock.ts';

/** The longest delay a Node timer takes; used for "until woken". */
const FOREVER_MS = 2_147_483_647;
/** Nobody reads the reason; without one, each `abort` makes an error with its stack. */
const WOKEN = 'woken';

export class Wakeup {
  #waiting = new AbortController();

  /** Ends every wait that is under way. A wait that begins later is not affected, so check the condition first, without an await between. */
  notify(): void {
    this.#waiting.abort(WOKEN);
    this.#waiting = new AbortController();
  }

  async wait(clock: Clock, signal: AbortSignal, ms: number = FOREVER_MS): Promise<void> {
    if (signal.aborted) return;
    const woken = this.#waiting;
    const stop = (): void => woken.abort(WOKEN);
    signal.addEventListener('abort', stop, { once: true });
    try {
      await clock.sleep(ms, woken.signal);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}
