/** Lets a simulated world live until a promise has settled, for tests that look at one service alone. */
import { type Faults, NO_FAULTS } from '#simulator/engine/faults.ts';
import type { VirtualTime } from '#simulator/engine/virtual-time.ts';

const LIMIT_MS = 24 * 3_600_000;

export async function lived<T>(time: VirtualTime, promise: Promise<T>): Promise<T> {
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  promise.then(over, over);
  await time.runUntil(() => isOver, LIMIT_MS, 'the promise is settled');
  return promise;
}

/** No accidents but these. */
export const only = (faults: Partial<Faults>): { faults: Faults } => ({ faults: { ...NO_FAULTS, ...faults } });

/** The name of what the promise rejects with, or undefined when it resolves. */
export async function errorName(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}
