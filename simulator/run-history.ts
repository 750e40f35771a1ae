/** Runs the history of a plan to its end, with every law looking on, and says what was seen. A broken law is a result, not an error. */
import { seededRandom } from './engine/random.ts';
import { NotAtRest } from './engine/virtual-time.ts';
import { checkAtRest } from './laws/rest-laws.ts';
import { Violation } from './laws/violation.ts';
import type { Plan } from './plan.ts';
import { World, type WorldCounts } from './world/world.ts';

export interface HistoryResult {
  readonly violation?: Violation;
  readonly counts: WorldCounts;
  readonly virtualMs: number;
}

/** After the last write and without faults, everything must have arrived within this time, virtual milliseconds. */
const DRAIN_MS = 6 * 3_600_000;

export async function runHistory(plan: Plan): Promise<HistoryResult> {
  const world = await World.create(plan);
  try {
    await world.live();
    await world.drain(DRAIN_MS);
    checkAtRest(world);
    await world.replayEverything(seededRandom(`${plan.seed}/replay`), DRAIN_MS);
    checkAtRest(world);
    return { counts: world.counts(), virtualMs: world.livedMs };
  } catch (error) {
    const violation =
      error instanceof NotAtRest ? new Violation('liveness', `${error.message}; ${world.whatWaits()}`) : error;
    if (!(violation instanceof Violation)) throw error;
    return { violation, counts: world.counts(), virtualMs: world.livedMs };
  } finally {
    world.leave();
  }
}
