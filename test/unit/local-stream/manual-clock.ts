/** A clock that a test moves by hand. `advance` lets everything that became ready run before it moves on. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '#local/stream/clock.ts';

interface Sleeper {
  readonly untilMs: number;
  readonly wake: () => void;
}

export class ManualClock implements Clock {
  #nowMs = 1_700_000_000_000;
  readonly #sleepers = new Set<Sleeper>();

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper: Sleeper = { untilMs: this.#nowMs + ms, wake };
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  /** Lets everything run that does not wait for time. */
  async settle(): Promise<void> {
    for (let round = 0; round < 5; round += 1) await turn();
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await this.settle();
    for (;;) {
      const due = [...this.#sleepers].filter((sleeper) => sleeper.untilMs <= untilMs);
      due.sort((left, right) => left.untilMs - right.untilMs);
      const [first] = due;
      if (first === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, first.untilMs);
      first.wake();
      await this.settle();
    }
    this.#nowMs = untilMs;
  }
}
