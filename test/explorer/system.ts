/**
 * The whole under exploration: workers of the change stream, projectors, the world they share. Says which steps are possible in a state and
 * what each leads to. It never chooses.
 */
import type { QueuedMessage } from '../support/relay-world.ts';
import type { Delivery } from './delivery.ts';
import type { Independence } from './independence.ts';
import type { Slot, Step, SystemState } from './system-state.ts';
import type { WorkerAutomaton, WorkerNode } from './worker-automaton.ts';
import type { Effect, WorldStates } from './world-states.ts';

/** A state after a step. `broken` says what the step did that nothing may do. */
export interface Successor {
  readonly state: SystemState;
  readonly effect: Effect | undefined;
  readonly broken: string | undefined;
}

export interface SystemParts {
  readonly automaton: WorkerAutomaton;
  readonly worlds: WorldStates;
  readonly independence: Independence | undefined;
  /** Per worker of the change stream its deliveries. */
  readonly deliveries: readonly (readonly Delivery[])[];
  readonly projectors: number;
  readonly nowMs: number;
}

const IDLE = -1;

export class System {
  readonly #parts: SystemParts;
  /** Per worker of the change stream the first node of each delivery. */
  #roots: readonly (readonly number[])[] = [];

  constructor(parts: SystemParts) {
    this.#parts = parts;
  }

  async begin(world: number, crashes: number, lostAnswers: number, preemptions?: number): Promise<SystemState> {
    const { automaton, deliveries } = this.#parts;
    this.#roots = await Promise.all(
      deliveries.map((batches) => Promise.all(batches.map(async (batch) => (await automaton.start(batch)).id))),
    );
    const slots: Slot[] = [];
    for (const slot of this.#parts.deliveries.keys()) slots.push(await this.#startBatch(slot, 0));
    for (let projector = 0; projector < this.#parts.projectors; projector++) slots.push({ delivery: 0, node: IDLE });
    return {
      world,
      slots,
      crashes,
      lostAnswers,
      ...(preemptions !== undefined && { turn: { slot: IDLE, preemptions } }),
    };
  }

  /** Nothing can happen any more; the queue may still hold messages when there is no projector. */
  steps(state: SystemState): readonly Step[] {
    const all = state.slots.map((slot, index) => this.#stepsOf(state, slot, index));
    const { turn } = state;
    if (turn) return all.flat().filter((step) => this.#deviation(state, step) <= turn.preemptions);
    return this.#enough(state, all) ?? all.flat();
  }

  async successor(state: SystemState, step: Step): Promise<Successor> {
    const slot = state.slots[step.slot];
    if (!slot) throw new Error(`no worker ${step.slot}`);
    const from = { ...state, ...this.#turnAfter(state, step) };
    if (step.kind === 'takes') {
      const world = this.#parts.worlds.without(state.world, step.message);
      return plain(this.#with({ ...from, world }, step.slot, await this.#startMessage(step.message)));
    }
    if (step.kind === 'dies') return plain(await this.#dead(from, step.slot, slot));
    const node = this.#node(slot);
    const operationNumber = node.pending[step.place] ?? -1;
    const operation = this.#parts.automaton.operations.valueOf(operationNumber);
    const effect = await this.#parts.worlds.effect(state.world, operation, operationNumber, this.#clock(slot));
    const after = { ...from, world: effect.state };
    if (step.kind === 'diesAfter')
      return { ...plain(await this.#dead(after, step.slot, slot)), effect, broken: effect.broken };
    if (step.kind === 'answerLost')
      return { state: { ...after, lostAnswers: state.lostAnswers - 1 }, effect, broken: effect.broken };
    const next = await this.#parts.automaton.answered(node, step.place, effect.result, effect.resultNumber);
    const broken = effect.broken ?? (next.outcome?.kind === 'broken' ? next.outcome.reason : undefined);
    return { state: await this.#moved(after, step.slot, slot, next), effect, broken };
  }

  #node(slot: Slot): WorkerNode {
    return this.#parts.automaton.node(slot.node);
  }

  /** A projector's clock stands at the time for which its message was due. */
  #clock({ message }: Slot): number {
    return Math.max(this.#parts.nowMs, message?.dueMs ?? 0);
  }

  #stepsOf(state: SystemState, slot: Slot, index: number): readonly Step[] {
    if (slot.node === IDLE) {
      if (index < this.#parts.deliveries.length) return [];
      return this.#parts.worlds.state(state.world).queue.map((message) => ({ kind: 'takes', slot: index, message }));
    }
    const node = this.#node(slot);
    const steps: Step[] = [];
    for (const [place, operation] of node.pending.entries()) {
      steps.push({ kind: 'operation', slot: index, place });
      const { kind } = this.#parts.automaton.operations.valueOf(operation);
      const isWrite = kind === 'write' || kind === 'transact' || kind === 'send';
      if (isWrite && state.crashes > 0) steps.push({ kind: 'diesAfter', slot: index, place });
      // A transaction carries a token: asked again, it answers what it answered the first time.
      if (isWrite && kind !== 'transact' && state.lostAnswers > 0)
        steps.push({ kind: 'answerLost', slot: index, place });
    }
    if (state.crashes > 0 && node.depth > 0) steps.push({ kind: 'dies', slot: index });
    return steps;
  }

  /** Steps of one worker that may go first without losing a history, if there are such. */
  #enough(state: SystemState, all: readonly (readonly Step[])[]): readonly Step[] | undefined {
    const { independence } = this.#parts;
    if (!independence) return undefined;
    for (const [index, slot] of state.slots.entries()) {
      const steps = all[index] ?? [];
      if (slot.node === IDLE || steps.length === 0) continue;
      const node = this.#node(slot);
      const others = this.#futureOfOthers(state, index, independence);
      const isLocal = (operation: number): boolean => !independence.conflicts(operation, others);
      if (node.pending.every(isLocal) && node.pending.length === 1) return steps;
      const own = independence.future(node.id);
      const place = node.pending.findIndex(
        (operation) => independence.isRead(operation) && isLocal(operation) && !independence.conflicts(operation, own),
      );
      if (place >= 0) return steps.filter((step) => isAt(step, place));
      if (node.pending.every(isLocal)) return steps;
    }
    return undefined;
  }

  /** A worker that may die does everything again. */
  #futureOfOthers(state: SystemState, index: number, independence: Independence): bigint {
    let future = 0n;
    for (const [other, slot] of state.slots.entries()) {
      if (other === index) continue;
      if (other >= this.#parts.deliveries.length) future |= independence.futureOfQueued;
      else for (const node of this.#nodesAhead(other, slot, state.crashes > 0)) future |= independence.future(node);
    }
    return future;
  }

  #nodesAhead(index: number, slot: Slot, mayDie: boolean): readonly number[] {
    if (slot.node === IDLE) return [];
    const roots = this.#roots[index] ?? [];
    return mayDie ? roots.slice(slot.delivery) : [slot.node, ...roots.slice(slot.delivery + 1)];
  }

  #turnAfter(state: SystemState, step: Step): Pick<SystemState, 'turn'> {
    if (!state.turn) return {};
    return { turn: { slot: step.slot, preemptions: state.turn.preemptions - this.#deviation(state, step) } };
  }

  /** How much a step deviates from letting one worker run to its end with its operations answered in the order in which it asked them. */
  #deviation({ turn, slots }: SystemState, step: Step): number {
    const current = turn && slots[turn.slot];
    const running = current !== undefined && current.node !== IDLE && this.#node(current).depth > 0;
    const interrupts = running && turn?.slot !== step.slot;
    const outOfTurn = 'place' in step && step.place > 0;
    return (interrupts ? 1 : 0) + (outOfTurn ? 1 : 0);
  }

  async #moved(state: SystemState, index: number, slot: Slot, next: WorkerNode): Promise<SystemState> {
    if (!next.outcome) return this.#with(state, index, { ...slot, node: next.id });
    const again = next.outcome.kind === 'retry';
    if (!slot.message) return this.#with(state, index, await this.#startBatch(index, slot.delivery + (again ? 0 : 1)));
    const world = again ? this.#parts.worlds.withMessage(state.world, slot.message) : state.world;
    return this.#with({ ...state, world }, index, { delivery: 0, node: IDLE });
  }

  /** What a dead worker had is delivered again. */
  async #dead(state: SystemState, index: number, slot: Slot): Promise<SystemState> {
    const crashes = state.crashes - 1;
    if (!slot.message) return this.#with({ ...state, crashes }, index, await this.#startBatch(index, slot.delivery));
    const world = this.#parts.worlds.withMessage(state.world, slot.message);
    return this.#with({ ...state, world, crashes }, index, { delivery: 0, node: IDLE });
  }

  async #startBatch(index: number, delivery: number): Promise<Slot> {
    const batch = this.#parts.deliveries[index]?.[delivery];
    return { delivery, node: batch ? (await this.#parts.automaton.start(batch)).id : IDLE };
  }

  async #startMessage(message: QueuedMessage): Promise<Slot> {
    const nowMs = Math.max(this.#parts.nowMs, message.dueMs);
    const node = await this.#parts.automaton.start({ kind: 'queued', body: message.body, nowMs });
    return { delivery: 0, node: node.id, message };
  }

  #with(state: SystemState, index: number, slot: Slot): SystemState {
    return { ...state, slots: state.slots.map((old, at) => (at === index ? slot : old)) };
  }
}

/** The step carries out the operation at the place, or is the death of its worker. */
const isAt = (step: Step, place: number): boolean => step.kind === 'dies' || ('place' in step && step.place === place);

const plain = (state: SystemState): Successor => ({ state, effect: undefined, broken: undefined });
