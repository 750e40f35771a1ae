/** Histories that once broke a law, shrunk, with the name of what was wrong. Every run of the simulator begins with them. */
import { NO_FAULTS } from './engine/faults.ts';
import type { Plan } from './plan.ts';

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
      settings: {
        shards: 4,
        batchSize: 2,
        batchWindowMs: 0,
        parallelization: 1,
        pipeBatchSize: 1,
        projectorConcurrency: 2,
        fanOutLimit: 100,
        graceSeconds: 0,
        writeEveryMs: 500,
        writesBeforeLoad: 0,
      },
      faults: {
        ...NO_FAULTS,
        throttle: 0.06,
        partial: 0.15000000000000002,
        crash: 0.06,
        dmsRestart: 0.15000000000000002,
      },
    },
  },
];
