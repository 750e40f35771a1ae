/**
 * A worker that dies at its n-th storage operation: that operation and all later ones never happen. Counting up n visits every place
 * where a Lambda function can be killed.
 */
import { Crash } from './interleaving.ts';

export interface CrashGate {
  readonly gate: () => Promise<void>;
  /** True when the work was long enough to reach the operation. */
  readonly crashed: () => boolean;
}

/** `operation` counts from 1. */
export function crashAt(operation: number): CrashGate {
  let seen = 0;
  return {
    gate: async () => {
      seen++;
      if (seen >= operation) throw new Crash();
    },
    crashed: () => seen >= operation,
  };
}
