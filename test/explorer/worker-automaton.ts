/**
 * An invocation of the real core as an automaton. A node is what its operations were answered so far; its edges are answers. A running async
 * function cannot be forked, so a node that is left a second time by another answer is computed by running the invocation again from its start
 * with the answers on the way. The first way out of a node goes on with the run that is already there.
 */
import { type CoreSettings, type Delivery, invoke, type Outcome } from './delivery.ts';
import type { Interner } from './interner.ts';
import type { Knowledge, Remembered } from './knowledge.ts';
import { describeOperation, type StorageOperation } from './storage-operation.ts';

export interface WorkerNode {
  readonly id: number;
  /** Numbers of the operations that are under way. */
  readonly pending: readonly number[];
  /** Set when the invocation has ended. */
  readonly outcome: Outcome | undefined;
  /** Operations answered on the first way here. */
  readonly depth: number;
}

/** Told of every node and of every way from one node to another. */
export interface AutomatonObserver {
  arrived(node: WorkerNode, from: WorkerNode | undefined, delivery: Delivery): void;
}

interface Question {
  readonly operation: number;
  readonly answer: (result: unknown) => void;
}

/** An invocation under way. */
class Run {
  readonly questions: Question[] = [];
  outcome: Outcome | undefined;

  constructor(delivery: Delivery, settings: CoreSettings, operations: Interner<StorageOperation>) {
    const ask = (operation: StorageOperation): Promise<unknown> =>
      new Promise((answer) => this.questions.push({ operation: operations.numberOf(operation), answer }));
    void invoke(delivery, ask, settings).then((outcome) => {
      this.outcome = outcome;
    });
  }

  get pending(): readonly number[] {
    return this.questions.map(({ operation }) => operation);
  }

  answer(place: number, result: unknown): void {
    const [question] = this.questions.splice(place, 1);
    if (!question) throw new Error(`the invocation asked for fewer than ${place + 1} operations`);
    question.answer(result);
  }
}

interface Origin {
  readonly delivery: Delivery;
  readonly remembered: Remembered;
  readonly parent?: { readonly node: WorkerNode; readonly place: number; readonly result: unknown };
}

/** Runs that wait at their node to go on; more would only hold memory. */
const RUNS_KEPT_MAX = 5_000;

export class WorkerAutomaton {
  readonly operations: Interner<StorageOperation>;
  readonly #settings: CoreSettings;
  readonly #knowledge: Knowledge;
  readonly #observer: AutomatonObserver;
  readonly #nodes: WorkerNode[] = [];
  readonly #origins: Origin[] = [];
  readonly #known = new Map<string, WorkerNode>();
  readonly #edges = new Map<string, WorkerNode>();
  readonly #runs = new Map<number, Run>();
  /** Per node a run that came there by another history. */
  readonly #twins = new Map<number, Run>();
  /** Invocations started, first runs and repeated ones. */
  runs = 0;
  /** Comparisons of two runs that were taken for one. */
  twinsCompared = 0;

  constructor(
    settings: CoreSettings,
    operations: Interner<StorageOperation>,
    knowledge: Knowledge,
    observer: AutomatonObserver,
  ) {
    this.#settings = settings;
    this.operations = operations;
    this.#knowledge = knowledge;
    this.#observer = observer;
  }

  get size(): number {
    return this.#nodes.length;
  }

  node(id: number): WorkerNode {
    const node = this.#nodes[id];
    if (!node) throw new Error(`no worker node ${id}`);
    return node;
  }

  async start(delivery: Delivery): Promise<WorkerNode> {
    const name = JSON.stringify(delivery);
    const known = this.#known.get(name);
    if (known) return known;
    const run = await this.#begin(delivery);
    const node = this.#add(run, { delivery, remembered: this.#knowledge.begin(name, run.pending) }, 0);
    this.#known.set(name, node);
    return node;
  }

  /** The node after the pending operation at `place` was answered; equal results must come with equal numbers. */
  async answered(node: WorkerNode, place: number, result: unknown, resultNumber: number): Promise<WorkerNode> {
    const edge = `${node.id} ${place} ${resultNumber}`;
    const known = this.#edges.get(edge);
    if (known) return known;
    const run = this.#runs.get(node.id) ?? (await this.#runAgain(node));
    this.#runs.delete(node.id);
    run.answer(place, result);
    await settled();
    const { delivery, remembered } = this.#origin(node);
    const twin = await this.#twinAfter(node, place, result);
    const after = this.#knowledge.answered(remembered, place, resultNumber, run.pending, run.outcome);
    const met = this.#known.get(after.key);
    const next =
      met ?? this.#add(run, { delivery, remembered: after, parent: { node, place, result } }, node.depth + 1);
    this.#known.set(after.key, next);
    if (met) this.#goesAlong(run, next);
    if (twin) this.#goesAlong(twin, next);
    this.#edges.set(edge, next);
    this.#observer.arrived(next, node, delivery);
    return next;
  }

  /** A run whose history was taken for that of a node must be under way with the same, there and on the first way out of it. */
  #goesAlong(run: Run, node: WorkerNode): void {
    this.twinsCompared++;
    if (sameOutcome(run, node) && sameOperations(run.pending, node.pending)) {
      if (!node.outcome && !this.#twins.has(node.id)) this.#twins.set(node.id, run);
      return;
    }
    const asked = (pending: readonly number[]): string =>
      pending.map((operation) => describeOperation(this.operations.valueOf(operation))).join(', ') || 'nothing';
    throw new Error(
      `the core remembers what the explorer takes for forgotten: after ${node.depth} answers one run asks ${asked(node.pending)}, another one ${asked(run.pending)}. Explore with --exact, and mend knowledge.ts.`,
    );
  }

  async #twinAfter(node: WorkerNode, place: number, result: unknown): Promise<Run | undefined> {
    const twin = this.#twins.get(node.id);
    this.#twins.delete(node.id);
    const places = (twin?.pending ?? []).flatMap((operation, at) => (operation === node.pending[place] ? [at] : []));
    const [at] = places;
    if (!twin || at === undefined || places.length > 1) return undefined; // which of two like ones it is cannot be told
    twin.answer(at, result);
    await settled();
    return twin;
  }

  async #begin(delivery: Delivery): Promise<Run> {
    this.runs++;
    const run = new Run(delivery, this.#settings, this.operations);
    await settled();
    return run;
  }

  async #runAgain(node: WorkerNode): Promise<Run> {
    const answers: { place: number; result: unknown }[] = [];
    for (let at = this.#origin(node).parent; at; at = this.#origin(at.node).parent) answers.push(at);
    const run = await this.#begin(this.#origin(node).delivery);
    for (const { place, result } of answers.reverse()) {
      run.answer(place, result);
      await settled();
    }
    if (run.pending.join() !== node.pending.join())
      throw new Error(`the core is not deterministic: the same answers led to other operations at node ${node.id}`);
    return run;
  }

  #add(run: Run, origin: Origin, depth: number): WorkerNode {
    const { pending } = run;
    const id = this.#nodes.length;
    const node = { id, pending, outcome: run.outcome, depth };
    if (!run.outcome && pending.length === 0) throw new Error('an invocation waits for something that is no operation');
    this.#nodes.push(node);
    this.#origins.push(origin);
    if (!origin.parent) this.#observer.arrived(node, undefined, origin.delivery);
    if (!run.outcome) this.#runs.set(id, run);
    if (this.#runs.size > RUNS_KEPT_MAX) {
      const [oldest] = this.#runs.keys();
      if (oldest !== undefined) this.#runs.delete(oldest);
    }
    return node;
  }

  #origin(node: WorkerNode): Origin {
    const origin = this.#origins[node.id];
    if (!origin) throw new Error(`no worker node ${node.id}`);
    return origin;
  }
}

const sameOutcome = (run: Run, node: WorkerNode): boolean => run.outcome?.kind === node.outcome?.kind;

const sameOperations = (a: readonly number[], b: readonly number[]): boolean =>
  [...a].sort((x, y) => x - y).join() === [...b].sort((x, y) => x - y).join();

/** All promises that can go on have gone on: a tick comes only when no microtask is left. */
const settled = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
