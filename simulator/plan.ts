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
  /** Chance of some tables to be loaded again, at a write; absent is none. */
  readonly reload?: number;
  /** Chance of a shard of the Metrics stream to be closed and continued in a child, at a write; absent is none. */
  readonly roll?: number;
  /** Days of silence before the write of this number or the next that is made; absent is none. */
  readonly silenceDays?: number;
  readonly silenceBefore?: number;
}

/** The plainest world. Regressions say what is otherwise in theirs, so no value here may change. */
export const PLAINEST: WorldSettings = {
  shards: 1,
  batchSize: 1,
  batchWindowMs: 0,
  parallelization: 1,
  pipeBatchSize: 1,
  projectorConcurrency: 2,
  fanOutLimit: 100,
  graceSeconds: 0,
  writeEveryMs: 5000,
  writesBeforeLoad: 0,
  replay: 0,
  reload: 0,
  roll: 0,
  silenceDays: 0,
  silenceBefore: 0,
};

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
  // Dice of their own for what came later: the rest of a known seed's history stays what it was.
  const later = (name: string): Random => seededRandom(`${seed}/${name}`);
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
      replay: later('replay').pick([0, 0, 0.05, 0.3]),
      reload: later('reload').pick([0, 0, 0.05, 0.2]),
      roll: later('roll').pick([0, 0, 0.1, 0.5]),
      silenceDays: later('silence-days').pick([0, 0, 6, 31, 421]),
      silenceBefore: later('silence-before').below(count),
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
