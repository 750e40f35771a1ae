/** Explores a scope: every distribution of its records over the workers in turn, and puts the numbers together. */
import { type Bounds, exploreDistribution, prepare } from './explore-distribution.ts';
import { describeSchedule } from './schedule-text.ts';
import { type Distribution, describeDistribution, distributions, type Scope } from './scope.ts';

export interface ScopeReport {
  readonly scope: string;
  readonly records: number;
  readonly workers: number;
  /** Ways in which the records reached the workers. */
  readonly distributions: number;
  /** Of these, how many were explored in every interleaving. */
  readonly complete: number;
  /** Fewest preemptions to which one of the others was explored; undefined when there are no others. */
  readonly preemptions: number | undefined;
  /** Distributions that were not even explored without a preemption. */
  readonly unfinished: number;
  readonly states: number;
  readonly terminals: number;
  readonly schedules: number;
  readonly longest: number;
  readonly cycles: number;
  /** Invocations of the core, and comparisons of two that were taken for one. */
  readonly invocations: number;
  readonly twins: number;
  readonly seconds: number;
  readonly violation:
    | { readonly distribution: string; readonly reason: string; readonly schedule: readonly string[] }
    | undefined;
}

/** `progress` is told now and then what is being explored. `only` explores some of the distributions. */
export async function exploreScope(
  scope: Scope,
  bounds: Bounds,
  progress: (text: string) => void = () => {},
  only: (way: Distribution) => boolean = () => true,
): Promise<ScopeReport> {
  const startedAt = performance.now();
  const prepared = await prepare(scope, bounds.exact);
  const workers = scope.workers ?? 2;
  const ways = distributions(prepared.records.length, workers).filter(only);
  const sum = { complete: 0, unfinished: 0, states: 0, terminals: 0, schedules: 0, longest: 0, cycles: 0 };
  let preemptions: number | undefined;
  let violation: ScopeReport['violation'];
  for (const [index, way] of ways.entries()) {
    const where = `${scope.name} ${index + 1}/${ways.length} (${describeDistribution(way)})`;
    const explored = await exploreDistribution(prepared, way, bounds, (states) =>
      progress(`${where}: ${sum.states + states} states`),
    );
    sum.states += explored.states;
    sum.terminals += explored.terminals;
    sum.schedules += explored.schedules;
    sum.cycles += explored.cycles;
    sum.longest = Math.max(sum.longest, explored.longest);
    if (explored.violation) {
      const schedule = describeSchedule(explored.violation.steps, prepared.automaton);
      violation = { distribution: describeDistribution(way), reason: explored.violation.reason, schedule };
      break;
    }
    if (explored.finished === 'all') sum.complete++;
    else if (explored.finished === undefined) sum.unfinished++;
    else preemptions = Math.min(preemptions ?? explored.finished, explored.finished);
  }
  return {
    scope: scope.name,
    records: prepared.records.length,
    workers,
    distributions: ways.length,
    preemptions,
    ...sum,
    invocations: prepared.automaton.runs,
    twins: prepared.automaton.twinsCompared,
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
    violation,
  };
}

/** Says plainly what was explored and what was not. */
export function coverage({ distributions: all, complete, preemptions, unfinished, violation }: ScopeReport): string {
  if (violation) return 'stopped at a violation';
  if (complete === all) return 'complete';
  const bounded = all - complete - unfinished;
  const parts = [`${complete} of ${all} distributions complete`];
  if (bounded > 0) parts.push(`${bounded} bounded to ${preemptions} interruptions (the least of them)`);
  if (unfinished > 0) parts.push(`${unfinished} NOT finished`);
  return parts.join(', ');
}
