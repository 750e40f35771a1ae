/**
 * Those who wait for something that may come before their time is over: a record of a shard, a message of a queue. Whoever brings it wakes
 * them. What they wait for is not known here, so whoever was woken looks for himself whether it is there.
 */
import type { Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

export class Waiters {
  readonly #time: VirtualTime;
  readonly #wake = new Set<() => void>();

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  /** Resolves when woken, after `ms`, or when the signal aborts; it never rejects. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        cancel();
        this.#wake.delete(finish);
        signal.removeEventListener('abort', finish);
        resolve();
      };
      const cancel = this.#time.after(ms, finish);
      this.#wake.add(finish);
      signal.addEventListener('abort', finish, { once: true });
    });
  }

  wakeAll(): void {
    for (const wake of [...this.#wake]) wake();
  }

  /** Any of them, if there are any. */
  wakeOne(random: Random): void {
    if (this.#wake.size > 0) random.pick([...this.#wake])();
  }
}
