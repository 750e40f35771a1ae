/**
 * Visits every state that the system can reach, depth first, and judges every state at rest. States are kept by their key, so each is visited
 * once, whatever the number of schedules that lead to it. Where a state was left by some of its steps only, because the others were thought to be
 * independent, that is looked at again when more is known, until nothing is missing.
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
  readonly violation: Violation | undefined;
}

export interface ExploreOptions {
  readonly statesMax: number;
  readonly independence: Independence | undefined;
  /** What is wrong with a state at rest, if anything; `stream` is what was written on the way. */
  readonly judge: (state: SystemState, stream: readonly StreamRecord[]) => Promise<string | undefined>;
  readonly progress: (states: number) => void;
}

/** A state that was reached, and how. */
interface Visit {
  readonly state: SystemState;
  readonly from: Visit | undefined;
  readonly by: Step | undefined;
  readonly length: number;
  steps: Step[];
  next: number;
  open: boolean;
}

/** How often the event loop gets a turn, in states. */
const BREATH_STATES = 2_000;

export async function explore(system: System, initial: SystemState, options: ExploreOptions): Promise<Exploration> {
  const visits = new Map<string, Visit>();
  const counts = { terminals: 0, schedules: 0, longest: 0, cycles: 0 };
  const visit = (state: SystemState, from?: Visit, by?: Step): Visit => {
    const length = from ? from.length + 1 : 0;
    return { state, from, by, length, steps: [...system.steps(state)], next: 0, open: true };
  };
  const first = visit(initial);
  visits.set(stateKey(initial), first);
  let stack = [first];
  let incomplete: Visit[] = [];
  for (;;) {
    for (let at = stack.at(-1); at; at = stack.at(-1)) {
      const step = at.steps[at.next++];
      if (!step) {
        at.open = false;
        stack.pop();
        continue;
      }
      const { state, broken } = await system.successor(at.state, step);
      if (broken)
        return { ...counts, states: visits.size, complete: false, violation: await violation(broken, at, step) };
      const key = stateKey(state);
      const known = visits.get(key);
      if (known) {
        counts.schedules++;
        if (known.open) counts.cycles++;
        continue;
      }
      const reached = visit(state, at, step);
      visits.set(key, reached);
      counts.longest = Math.max(counts.longest, reached.length);
      if (reached.steps.length === 0) {
        reached.open = false;
        counts.terminals++;
        counts.schedules++;
        const stream = (await wayTo(system, reached)).flatMap(({ successor }) => successor.effect?.stream ?? []);
        const wrong = await options.judge(state, stream);
        if (wrong === undefined) continue;
        return { ...counts, states: visits.size, complete: false, violation: await violation(wrong, at, step) };
      }
      if (visits.size >= options.statesMax)
        return { ...counts, states: visits.size, complete: false, violation: undefined };
      if (visits.size % BREATH_STATES === 0) {
        options.progress(visits.size);
        await new Promise((resolve) => setImmediate(resolve));
      }
      stack.push(reached);
    }
    if (incomplete.length === 0 && options.independence) incomplete = reopened(system, visits.values());
    stack = incomplete.splice(0, 1);
    for (const visit of stack) visit.open = true;
    if (stack.length === 0) return { ...counts, states: visits.size, complete: true, violation: undefined };
  }

  async function violation(reason: string, at: Visit, step: Step): Promise<Violation> {
    const successor = await system.successor(at.state, step);
    return { reason, steps: [...(await wayTo(system, at)), { from: at.state, step, successor }] };
  }
}

/** States whose steps were thought to be enough and are not, with those that are missing. */
function reopened(system: System, visits: Iterable<Visit>): Visit[] {
  const incomplete: Visit[] = [];
  for (const visit of visits) {
    const taken = new Set(visit.steps);
    const missing = system.steps(visit.state).filter((step) => ![...taken].some((other) => sameStep(step, other)));
    if (missing.length === 0) continue;
    visit.next = visit.steps.length;
    visit.steps = [...visit.steps, ...missing];
    incomplete.push(visit);
  }
  return incomplete;
}

const sameStep = (a: Step, b: Step): boolean =>
  a.kind === b.kind &&
  a.slot === b.slot &&
  ('place' in a ? a.place : undefined) === ('place' in b ? b.place : undefined) &&
  ('message' in a ? a.message : undefined) === ('message' in b ? b.message : undefined);

async function wayTo(system: System, end: Visit): Promise<readonly TakenStep[]> {
  const way: { from: SystemState; step: Step }[] = [];
  for (let at = end; at.from && at.by; at = at.from) way.push({ from: at.from.state, step: at.by });
  const taken: TakenStep[] = [];
  for (const { from, step } of way.reverse()) taken.push({ from, step, successor: await system.successor(from, step) });
  return taken;
}
