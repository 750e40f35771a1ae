/**
 * Explores one distribution of a scope's records: first without a bound, and when that has more states than allowed, with at most 0, 1, 2, …
 * preemptions as long as these finish. What it answers says which of the two it was.
 */
import { RelayWorld } from '../support/relay-world.ts';
import { SourceStory } from '../support/source-story.ts';
import type { Delivery } from './delivery.ts';
import { type Exploration, explore, type Violation } from './explore.ts';
import { Independence } from './independence.ts';
import { Interner } from './interner.ts';
import { Knowledge } from './knowledge.ts';
import { wrongAtRest } from './laws-at-rest.ts';
import type { Distribution, Scope } from './scope.ts';
import type { StorageOperation } from './storage-operation.ts';
import { System } from './system.ts';
import type { SystemState } from './system-state.ts';
import { WorkerAutomaton } from './worker-automaton.ts';
import { WorldStates } from './world-states.ts';

export interface Bounds {
  /** Workers that may die in one history. */
  readonly crashes: number;
  /** Single writes and messages whose answer may be lost in one history, so that the client asks again. */
  readonly lostAnswers: number;
  /** Workers of the projection queue that run beside the others; with none the queue is done after them. */
  readonly projectors: number;
  /** States after which an exploration is given up. */
  readonly statesMax: number;
  /** Every order of everything, with nothing left out: slow, to check what the reductions leave out. */
  readonly exact?: boolean;
}

export interface Explored extends Omit<Exploration, 'complete'> {
  /** `all` interleavings, or those in which a worker is interrupted at most so often; undefined when not even 0 was finished. */
  readonly finished: 'all' | number | undefined;
}

/** A scope with everything that its distributions share. */
export interface Prepared {
  readonly story: SourceStory;
  readonly begun: RelayWorld;
  readonly records: readonly string[];
  readonly automaton: WorkerAutomaton;
  readonly independence: Independence;
  readonly worlds: WorldStates;
}

/** What the search for a short counter-example may visit. */
const SHORTEN_STATES_MAX = 100_000;
const SHORTEN_PREEMPTIONS_MAX = 4;

export async function prepare(scope: Scope, exact = false): Promise<Prepared> {
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
  const operations = new Interner<StorageOperation>(JSON.stringify);
  const independence = new Independence(operations);
  const automaton = new WorkerAutomaton(settings, operations, new Knowledge(operations, exact), independence);
  return { story, begun, records, automaton, independence, worlds: new WorldStates() };
}

export async function exploreDistribution(
  prepared: Prepared,
  way: Distribution,
  bounds: Bounds,
  progress: (states: number) => void,
): Promise<Explored> {
  const whole = await exploreBounded(prepared, way, bounds, undefined, progress);
  if (whole.violation)
    return { ...whole, violation: await shortest(prepared, way, bounds, whole.violation), finished: undefined };
  if (whole.complete) return { ...whole, finished: 'all' };
  let last: Explored = { ...whole, finished: undefined };
  for (let preemptions = 0; ; preemptions++) {
    const explored = await exploreBounded(prepared, way, bounds, preemptions, progress);
    if (!explored.complete && !explored.violation) return last;
    last = { ...explored, finished: preemptions };
    if (explored.violation) return last;
  }
}

/** The same violation, or another one, with fewer deaths and interruptions: what a reader can follow. */
async function shortest(prepared: Prepared, way: Distribution, bounds: Bounds, found: Violation): Promise<Violation> {
  for (let preemptions = 0; preemptions <= SHORTEN_PREEMPTIONS_MAX; preemptions++) {
    for (let crashes = 0; crashes <= bounds.crashes; crashes++) {
      const fewer = { ...bounds, crashes, statesMax: SHORTEN_STATES_MAX };
      const { violation } = await exploreBounded(prepared, way, fewer, preemptions, () => {});
      if (violation) return violation;
    }
  }
  return found;
}

async function exploreBounded(
  { story, begun, records, automaton, worlds, independence }: Prepared,
  way: Distribution,
  bounds: Bounds,
  preemptions: number | undefined,
  progress: (states: number) => void,
): Promise<Exploration> {
  const { nowMs } = begun;
  const deliveries = way.map((batches) =>
    batches.map(
      (places): Delivery => ({ kind: 'batch', messages: places.map((place) => records[place] ?? ''), nowMs }),
    ),
  );
  const reduced = preemptions === undefined && !bounds.exact ? independence : undefined;
  const { projectors } = bounds;
  const system = new System({ automaton, worlds, independence: reduced, deliveries, projectors, nowMs });
  const initial = await system.begin(worlds.begin(begun), bounds.crashes, bounds.lostAnswers, preemptions);
  const judged = new Map<number, string | undefined>();
  const everything = [...story.messages, ...records];
  return explore(system, initial, {
    statesMax: bounds.statesMax,
    independence: reduced,
    progress,
    judge: async ({ world }: SystemState, stream) => {
      if (!judged.has(world)) {
        judged.set(world, await wrongAtRest({ begun, story, records: everything }, worlds.state(world), stream));
      }
      return judged.get(world);
    },
  });
}
