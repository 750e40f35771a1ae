/** Explores a scope: every distribution of its records over the workers in turn, and puts the numbers together. */
import { RelayWorld } from '../support/relay-world.ts';
import { SourceStory } from '../support/source-story.ts';
import type { Delivery } from './delivery.ts';
import { type Exploration, explore } from './explore.ts';
import { Independence } from './independence.ts';
import { Interner } from './interner.ts';
import { Knowledge } from './knowledge.ts';
import { wrongAtRest } from './laws-at-rest.ts';
import { type Distribution, describeDistribution, distributions, type Scope } from './scope.ts';
import { describeSchedule } from './schedule-text.ts';
import type { StorageOperation } from './storage-operation.ts';
import { System } from './system.ts';
import type { SystemState } from './system-state.ts';
import { WorkerAutomaton } from './worker-automaton.ts';
import { WorldStates } from './world-states.ts';

export interface Bounds {
  /** Workers that may die in one history. */
  readonly crashes: number;
  /** Writes whose answer may be lost in one history. */
  readonly lostAnswers: number;
  /** Workers of the projection queue that run beside the others; with none the queue is done after them. */
  readonly projectors: number;
  /** How often a worker may be interrupted by another one; without a bound as often as it can be. */
  readonly preemptions?: number;
  /** Every order of everything, with nothing left out: slow, to check what the reductions leave out. */
  readonly exact?: boolean;
  /** States of one distribution after which its exploration is given up. */
  readonly statesMax: number;
}

export interface ScopeReport {
  readonly scope: string;
  readonly records: number;
  readonly workers: number;
  readonly distributions: number;
  /** Distributions that were not explored to their end. */
  readonly unfinished: number;
  readonly states: number;
  readonly terminals: number;
  readonly schedules: number;
  readonly longest: number;
  readonly cycles: number;
  readonly invocations: number;
  readonly nodes: number;
  readonly passes: number;
  readonly seconds: number;
  readonly violation: { readonly distribution: string; readonly reason: string; readonly schedule: readonly string[] } | undefined;
}

interface Prepared {
  readonly story: SourceStory;
  readonly begun: RelayWorld;
  readonly records: readonly string[];
  readonly automaton: WorkerAutomaton;
  readonly independence: Independence;
  readonly worlds: WorldStates;
}

async function prepare(scope: Scope, exact: boolean): Promise<Prepared> {
  const settings = { graceMs: 0, fanOutLimit: 100, ...scope.settings };
  const story = new SourceStory();
  scope.before(story);
  const begun = new RelayWorld(settings);
  await begun.apply(story.messages);
  await begun.drainQueue();
  const before = story.messages.length;
  scope.changes(story);
  const messages = story.messages.slice(before);
  const records = scope.records?.(story, messages) ?? messages;
  const operations = new Interner<StorageOperation>();
  const independence = new Independence(operations);
  const automaton = new WorkerAutomaton(settings, operations, new Knowledge(operations, exact), independence);
  return { story, begun, records, automaton, independence, worlds: new WorldStates() };
}

/** `progress` is told now and then what is being explored. */
export async function exploreScope(
  scope: Scope,
  bounds: Bounds,
  progress: (text: string) => void = () => {},
): Promise<ScopeReport> {
  const startedAt = performance.now();
  const prepared = await prepare(scope, bounds.exact ?? false);
  const workers = scope.workers ?? 2;
  const ways = distributions(prepared.records.length, workers);
  const total = { states: 0, terminals: 0, schedules: 0, longest: 0, unfinished: 0, passes: 0, cycles: 0 };
  let violation: ScopeReport['violation'];
  for (const [index, way] of ways.entries()) {
    const where = `${scope.name} ${index + 1}/${ways.length} (${describeDistribution(way)})`;
    const explored = await exploreDistribution(prepared, way, bounds, (states) =>
      progress(`${where}: ${total.states + states} states`),
    );
    total.states += explored.states;
    total.terminals += explored.terminals;
    total.cycles += explored.cycles;
    total.schedules += explored.schedules;
    total.longest = Math.max(total.longest, explored.longest);
    total.passes = Math.max(total.passes, explored.passes);
    if (!explored.complete) total.unfinished++;
    if (explored.violation) {
      const schedule = describeSchedule(explored.violation.steps, prepared.automaton);
      violation = { distribution: describeDistribution(way), reason: explored.violation.reason, schedule };
      break;
    }
  }
  return {
    scope: scope.name,
    records: prepared.records.length,
    workers,
    distributions: ways.length,
    ...total,
    invocations: prepared.automaton.runs,
    nodes: prepared.automaton.size,
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
    violation,
  };
}

async function exploreDistribution(
  prepared: Prepared,
  way: Distribution,
  bounds: Bounds,
  progress: (states: number) => void,
): Promise<Exploration> {
  const { story, begun, records, automaton, worlds } = prepared;
  const { nowMs } = begun;
  const deliveries = way.map((batches) =>
    batches.map(
      (places): Delivery => ({ kind: 'batch', messages: places.map((place) => records[place] ?? ''), nowMs }),
    ),
  );
  const reduced = bounds.preemptions === undefined && !bounds.exact;
  const independence = reduced ? prepared.independence : undefined;
  const system = new System({ automaton, worlds, independence, deliveries, projectors: bounds.projectors, nowMs });
  const initial = await system.begin(worlds.begin(begun), bounds.crashes, bounds.lostAnswers, bounds.preemptions);
  const judged = new Map<number, string | undefined>();
  return explore(system, initial, {
    statesMax: bounds.statesMax,
    independence,
    progress,
    judge: async ({ world }: SystemState, stream) => {
      if (!judged.has(world)) {
        const everything = [...story.messages, ...records];
        judged.set(world, await wrongAtRest({ begun, story, records: everything }, worlds.state(world), stream));
      }
      return judged.get(world);
    },
  });
}

