/** Which lanes a bug has to pass to go unnoticed, cheapest first: the simulator, then all unit and property tests, the explorer's among them. */
import { commandLane, type FastLane, vitestLane } from './fast-lane.ts';
import type { Mutant } from './mutant.ts';

/** Enough for a bug that any history can meet; a run in CI and by night sees many more. */
const HISTORIES = '300';
const LAW_SHOWN = 200;

/** `L5: metric 3 …` in a line of the simulator, or `liveness: …`. */
export function brokenLaw(output: string): string | undefined {
  return /\b(?:L[1-7]|liveness): [^\n]+/.exec(output)?.[0].slice(0, LAW_SHOWN).trim();
}

export const WHOLE_LANES: readonly FastLane[] = [
  commandLane('simulator', ['simulator/main.ts', '--histories', HISTORIES, '--threads', '1', '--no-shrink'], brokenLaw),
  vitestLane('unit and property tests', []),
];

/** The tests that the catalogue names for the bugs, in one run. */
export function likelyLane(mutants: readonly Mutant[]): FastLane | undefined {
  const files = [...new Set(mutants.flatMap(({ likely }) => likely))];
  return files.length === 0 ? undefined : vitestLane('likely tests', files);
}
