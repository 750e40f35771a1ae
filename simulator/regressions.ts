/** Histories that once broke a law, shrunk, with the name of what was wrong. Every run of the simulator begins with them. */
import { NO_FAULTS } from './engine/faults.ts';
import { PLAINEST, type Plan } from './plan.ts';

export interface Regression {
  /** What was wrong in the code then. */
  readonly name: string;
  readonly plan: Plan;
}

export const REGRESSIONS: readonly Regression[] = [
  {
    name: 'a chunk of a removal that met another transaction was taken for done',
    plan: {
      seed: 'large.842',
      writes: [4, 6, 7, 8, 9, 10, 11, 14, 15, 16, 21, 22, 23, 24, 30, 31, 32, 34, 35, 36],
      settings: { ...PLAINEST, shards: 4, batchSize: 2, writeEveryMs: 500 },
      faults: {
        ...NO_FAULTS,
        throttle: 0.06,
        partial: 0.15000000000000002,
        crash: 0.06,
        dmsRestart: 0.15000000000000002,
      },
    },
  },
  {
    name: 'a metric that consumes itself is covered only as its own row was projected',
    plan: {
      seed: 'ci.9602',
      writes: [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12],
      settings: { ...PLAINEST, shards: 3, batchSize: 10, batchWindowMs: 200, parallelization: 2, replay: 0.05 },
      faults: { ...NO_FAULTS, lostResponse: 0.02, partial: 0.05, conflict: 0.05, crash: 0.02, reshard: 0.05 },
    },
  },
  {
    name: 'a metric was incomplete because the deleted dimension of its group had been forgotten',
    plan: {
      seed: 'ttl.231',
      writes: [1, 10, 11],
      settings: { ...PLAINEST, silenceDays: 421, silenceBefore: 8 },
      faults: NO_FAULTS,
    },
  },
  {
    name: 'a metric that was born again after its death had been forgotten got its old parts back',
    plan: {
      seed: 'x.16',
      writes: [5, 6, 7, 8, 9, 20, 28, 29],
      settings: { ...PLAINEST, writeEveryMs: 50, silenceDays: 421, silenceBefore: 28 },
      faults: NO_FAULTS,
    },
  },
];
