/**
 * Visits every state that the system can reach, depth first, and judges every state at rest. States are kept by their key, so each is
 * visited once, whatever the number of schedules that lead to it. It makes passes until nothing is learnt about independence any more.
 */
import type { StreamRecord } from '../support/memory-item-store.ts';
import type { Independence } from './independence.ts';
import type { Successor, System } from './system.ts';
import { type Step, type SystemState, stateKey } from './system-state.ts';

export interface TakenStep {
  readonly from: SystemState;
  readonly step: Step;
  readonly successor: Successor;
}

export interface Violation {
  readonly reason: string;
  readonly steps: readonly TakenStep[];
}

export interface Exploration {
  readonly states: number;
  /** States in which nothing can happen any more. */
  readonly terminals: number;
  /** Ways that were followed until they ended or met a known state. */
  readonly schedules: number;
  /** Steps of the longest run. */
  readonly longest: number;
  /** Steps that led back to a state on their own way: a worker can go round while the others stand still. */
  readonly cycles: number;
  readonly complete: boolean;
  /** Passes until nothing new was learnt about what workers may do. */
  readonly passes: number;
  readonly violation: Violation | undefined;
}

export interface ExploreOptions {
  readonly statesMax: number;
  readonly independence: Independence | undefined;
  /** What is wrong with a state at rest, if anything; `stream` is what was written on the way. */
  readonly judge: (state: SystemState, stream: readonly StreamRecord[]) => Promise<string | undefined>;
  readonly progress: (states: number) => void;
}

interface Frame {
  readonly state: SystemState;
  readonly steps: readonly Step[];
  readonly key: string;
  next: number;
  taken?: TakenStep;
}

/** How often the event loop gets a turn, in states. */
const BREATH_STATES = 2_000;

export async function explore(system: System, initial: SystemState, options: ExploreOptions): Promise<Exploration> {
  for (let passes = 1; ; passes++) {
    const learnt = options.independence?.learnt;
    const exploration = await exploreOnce(system, initial, options);
    const stable = options.independence?.learnt === learnt;
    if (!exploration.complete || stable) return { ...exploration, passes };
  }
}

async function exploreOnce(
  system: System,
  initial: SystemState,
  options: ExploreOptions,
): Promise<Omit<Exploration, 'passes'>> {
  const seen = new Set([stateKey(initial)]);
  const stack: Frame[] = [{ state: initial, steps: system.steps(initial), next: 0, key: stateKey(initial) }];
  const onStack = new Set(seen);
  let [terminals, schedules, longest, cycles] = [0, 0, 0, 0];
  const report = (complete: boolean, reason?: string): Omit<Exploration, 'passes'> => ({
    states: seen.size,
    terminals,
    schedules,
    longest,
    cycles,
    complete,
    violation: reason === undefined ? undefined : { reason, steps: stack.flatMap(({ taken }) => taken ?? []) },
  });
  for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
    const step = frame.steps[frame.next++];
    if (!step) {
      stack.pop();
      onStack.delete(frame.key);
      continue;
    }
    const successor = await system.successor(frame.state, step);
    frame.taken = { from: frame.state, step, successor };
    if (successor.broken) return report(false, successor.broken);
    const key = stateKey(successor.state);
    if (seen.has(key)) {
      schedules++;
      if (onStack.has(key)) cycles++;
      continue;
    }
    seen.add(key);
    const steps = system.steps(successor.state);
    longest = Math.max(longest, stack.length);
    if (steps.length === 0) {
      terminals++;
      schedules++;
      const stream = stack.flatMap(({ taken }) => taken?.successor.effect?.stream ?? []);
      const wrong = await options.judge(successor.state, stream);
      if (wrong !== undefined) return report(false, wrong);
      continue;
    }
    if (seen.size >= options.statesMax) return report(false);
    if (seen.size % BREATH_STATES === 0) {
      options.progress(seen.size);
      await new Promise((resolve) => setImmediate(resolve));
    }
    stack.push({ state: successor.state, steps, next: 0, key });
    onStack.add(key);
  }
  return report(true);
}
