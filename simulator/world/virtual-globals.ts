/**
 * Puts the clock, the timers and the dice of the process into the hands of the world that is running. The functions take them when they are
 * loaded (`Date.now`, `Math.random`), so this must be installed before. One world at a time lives in a process.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import type { Random } from '../engine/random.ts';
import type { VirtualTime } from '../engine/virtual-time.ts';

interface Hands {
  readonly time: VirtualTime;
  readonly random: Random;
}

let hands: Hands | undefined;

/** From now on the process lives in this world; undefined gives it back to the machine. */
export function enterWorld(world: Hands | undefined): void {
  hands = world;
}

let installed = false;

export function installVirtualGlobals(): void {
  if (installed) return;
  installed = true;
  const realNow = Date.now;
  const realRandom = Math.random;
  const realSetTimeout = globalThis.setTimeout;
  const realClearTimeout = globalThis.clearTimeout;
  Date.now = () => hands?.time.nowMs() ?? realNow();
  Math.random = () => hands?.random.next() ?? realRandom();
  const virtualSetTimeout = (run: (...values: unknown[]) => void, delayMs = 0, ...values: unknown[]): unknown => {
    if (!hands) return realSetTimeout(run, delayMs, ...values);
    return { cancel: hands.time.after(delayMs, () => run(...values)) };
  };
  const virtualClearTimeout = (timer: unknown): void => {
    if (typeof timer === 'object' && timer !== null && 'cancel' in timer) (timer.cancel as () => void)();
    else realClearTimeout(timer as NodeJS.Timeout | undefined);
  };
  const timers = createRequire(import.meta.url)('node:timers') as Record<string, unknown>;
  for (const holder of [globalThis as unknown as Record<string, unknown>, timers]) {
    holder.setTimeout = virtualSetTimeout;
    holder.clearTimeout = virtualClearTimeout;
  }
  // Packages that import from node:timers see the new functions too.
  syncBuiltinESMExports();
}
