/**
 * The whole under exploration: workers of the change stream, projectors, the world they share. Says which steps are possible in a state and
 * what each leads to. It never chooses.
 */
import type { QueuedMessage } from '../support/relay-world.ts';
import type { Delivery } from './delivery.ts';
import type { Independence } from './independence.ts';
import type { SystemState, Slot, Step } from './system-state.ts';
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

  constructor(parts: SystemParts) {
    this.#parts = parts;
  }

  async begin(world: number, crashes: number, lostAnswers: number, preemptions?: number): Promise<SystemState> {
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
    if (turn) {
      const current = state.slots[turn.slot];
      const running = current !== undefined && current.node !== IDLE && this.#node(current).depth > 0;
      const own = running ? (all[turn.slot] ?? []) : [];
      const others = running && turn.preemptions === 0 ? [] : all.filter((_, index) => !running || index !== turn.slot);
      return [...own, ...others.flat()];
    }
    const local = all.findIndex((steps, index) => steps.length > 0 && this.#isLocal(state.slots[index], index));
    return local >= 0 ? (all[local] ?? []) : all.flat();
  }

  async successor(state: SystemState, step: Step): Promise<Successor> {
    const slot = state.slots[step.slot];
    if (!slot) throw new Error(`no worker ${step.slot}`);
    const from = { ...state, ...this.#turnAfter(state, step.slot) };
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
    if (step.kind === 'diesAfter') return { ...plain(await this.#dead(after, step.slot, slot)), effect, broken: effect.broken };
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
      this.#parts.independence?.note(index, operation);
      steps.push({ kind: 'operation', slot: index, place });
      const { kind } = this.#parts.automaton.operations.valueOf(operation);
      const isWrite = kind === 'write' || kind === 'transact' || kind === 'send';
      if (isWrite && state.crashes > 0) steps.push({ kind: 'diesAfter', slot: index, place });
      // A transaction carries a token: asked again, it answers what it answered the first time.
      if (isWrite && kind !== 'transact' && state.lostAnswers > 0) steps.push({ kind: 'answerLost', slot: index, place });
    }
    if (state.crashes > 0 && node.depth > 0) steps.push({ kind: 'dies', slot: index });
    return steps;
  }

  #isLocal(slot: Slot | undefined, index: number): boolean {
    const { independence } = this.#parts;
    if (!independence || !slot || slot.node === IDLE) return false;
    return this.#node(slot).pending.every((operation) => independence.isLocal(index, operation));
  }

  #turnAfter({ turn, slots }: SystemState, index: number): Pick<SystemState, 'turn'> {
    if (!turn) return {};
    const current = slots[turn.slot];
    const running = current !== undefined && current.node !== IDLE && this.#node(current).depth > 0;
    const interrupts = running && turn.slot !== index;
    return { turn: { slot: index, preemptions: turn.preemptions - (interrupts ? 1 : 0) } };
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

const plain = (state: SystemState): Successor => ({ state, effect: undefined, broken: undefined });
