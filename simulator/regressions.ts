/** Histories that once broke a law, shrunk, with the name of what was wrong. Every run of the simulator begins with them. */
import type { Plan } from './plan.ts';

export interface Regression {
  /** What was wrong in the code then. */
  readonly name: string;
  readonly plan: Plan;
}

export const REGRESSIONS: readonly Regression[] = [];
