/**
 * What a simulated history is made of: everything follows from a plan, so a plan is what a failure prints, what shrinking makes smaller and what
 * a regression keeps. A write is known by its number: leaving one out does not change what the others draw.
 */
import { type Faults, NO_FAULTS } from './engine/faults.ts';
import { type Random, seededRandom } from './engine/random.ts';

export interface WorldSettings {
  readonly shards: number;
  readonly batchSize: number;
  readonly batchWindowMs: number;
  readonly parallelization: number;
  readonly pipeBatchSize: number;
  readonly projectorConcurrency: number;
  readonly fanOutLimit: number;
  readonly graceSeconds: number;
  /** Mean time between two writes, milliseconds. */
  readonly writeEveryMs: number;
  /** Writes that were made before the replication starts, so that they come by the full load. */
  readonly writesBeforeLoad: number;
  /** Chance of a replay to begin at a write; absent is none. */
  readonly replay?: number;
}

export interface Plan {
  readonly seed: string;
  /** Numbers of the writes to make, in order. */
  readonly writes: readonly number[];
  readonly settings: WorldSettings;
  readonly faults: Faults;
}

/** The history of a seed. Kinds of faults are switched on one by one, so that quiet worlds and worlds with a single trouble are met too. */
export function planOf(seed: string): Plan {
  const random = seededRandom(`${seed}/plan`);
  const count = random.between(5, random.chance(0.15) ? 60 : 18);
  return {
    seed,
    writes: Array.from({ length: count }, (_, index) => index),
    settings: {
      shards: random.between(1, 4),
      batchSize: random.pick([1, 2, 3, 5, 10, 50]),
      batchWindowMs: random.pick([0, 0, 200, 2000]),
      parallelization: random.pick([1, 1, 2, 4]),
      pipeBatchSize: random.between(1, 5),
      projectorConcurrency: random.between(2, 5),
      fanOutLimit: random.pick([1, 2, 100]),
      graceSeconds: random.pick([0, 2, 60]),
      writeEveryMs: random.pick([5, 50, 500, 5000]),
      writesBeforeLoad: random.chance(0.5) ? 0 : random.below(count),
      // Dice of its own: the histories of known seeds stay what they were.
      replay: seededRandom(`${seed}/replay`).pick([0, 0, 0.05, 0.3]),
    },
    faults: randomFaults(random),
  };
}

function randomFaults(random: Random): Faults {
  if (random.chance(0.1)) return NO_FAULTS;
  const often = random.pick([0.3, 1, 3]);
  const sometimes = (rate: number): number => (random.chance(0.5) ? rate * often : 0);
  return {
    throttle: sometimes(0.02),
    outage: sometimes(0.02),
    lostResponse: sometimes(0.02),
    slow: sometimes(0.02),
    partial: sometimes(0.05),
    conflict: sometimes(0.05),
    crash: sometimes(0.02),
    pollerRestart: sometimes(0.05),
    dmsRestart: sometimes(0.05),
    producerRetry: sometimes(0.1),
    duplicate: sometimes(0.1),
    reshard: sometimes(0.05),
    poison: sometimes(0.05),
  };
}
