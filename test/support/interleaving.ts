/**
 * Runs workers interleaved at every storage operation, chosen by a seeded generator, and lets a worker die at any of them. A dead worker's
 * pending operations never happen, and neither do its later ones.
 */
import type { SeededRandom } from './seeded-random.ts';

export class Crash extends Error {}

interface Waiter {
  readonly worker: number;
  readonly go: () => void;
  readonly die: () => void;
}

export class Interleaving {
  readonly #random: SeededRandom;
  readonly #dead = new Set<number>();
  #waiters: Waiter[] = [];
  #workers = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** A new worker and the gate that stands before each of its operations. */
  worker(): { readonly id: number; readonly gate: () => Promise<void> } {
    const id = this.#workers++;
    const gate = (): Promise<void> =>
      new Promise((resolve, reject) => {
        if (this.#dead.has(id)) reject(new Crash());
        else this.#waiters.push({ worker: id, go: resolve, die: () => reject(new Crash()) });
      });
    return { id, gate };
  }

  /** Lets one operation happen, or one worker die; false when nobody waits. */
  async step(crashProbability: number): Promise<boolean> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#waiters.length === 0) return false;
    const index = this.#random.below(this.#waiters.length);
    const [waiter] = this.#waiters.splice(index, 1);
    if (!waiter) return false;
    if (this.#random.chance(crashProbability)) {
      this.#dead.add(waiter.worker);
      const dying = this.#waiters.filter(({ worker }) => worker === waiter.worker);
      this.#waiters = this.#waiters.filter(({ worker }) => worker !== waiter.worker);
      for (const { die } of [waiter, ...dying]) die();
    } else waiter.go();
    return true;
  }
}
