/**
 * The shared world as numbered, immutable states: the tables, the projection queue and what consumers were told. The in-memory store of the tests
 * carries out each operation; what an operation does to a state is worked out once.
 */
import { MemoryItemStore, type MemoryTables, type StreamRecord } from '../support/memory-item-store.ts';
import type { QueuedMessage, RelayWorld } from '../support/relay-world.ts';
import { type ConsumerView, tell } from './consumer-view.ts';
import { Interner } from './interner.ts';
import { canonicalText, type StorageOperation } from './storage-operation.ts';

export interface WorldState {
  readonly tables: MemoryTables;
  /** Sorted: the queue promises no order. */
  readonly queue: readonly QueuedMessage[];
  readonly view: ConsumerView;
}

export interface Effect {
  readonly state: number;
  readonly result: unknown;
  readonly resultNumber: number;
  /** Records that the write put into the stream. */
  readonly stream: readonly StreamRecord[];
  readonly broken: string | undefined;
}

export class WorldStates {
  readonly #states: Interner<WorldState>;
  readonly #results = new Interner<unknown>((result) => JSON.stringify(result) ?? 'nothing');
  readonly #items = new Interner<unknown>();
  readonly #itemNumbers = new WeakMap<object, number>();
  readonly #effects = new Map<string, Effect>();

  constructor() {
    this.#states = new Interner((state) => this.#textOf(state));
  }

  get size(): number {
    return this.#states.size;
  }

  state(number: number): WorldState {
    return this.#states.valueOf(number);
  }

  /** The state of a world at rest, and what was told on the way there. */
  begin(world: RelayWorld): number {
    const tables = world.tables.copy();
    const { view, broken } = tell(new Map(), []);
    let known = view;
    let wrong = broken;
    for (const record of tables.stream.splice(0)) {
      const told = tell(known, [record]);
      known = told.view;
      wrong ??= told.broken;
    }
    if (wrong) throw new Error(`the scope begins in a broken world: ${wrong}`);
    return this.#states.numberOf({ tables, queue: sorted(world.queue), view: known });
  }

  /** What happens when the operation takes effect now. `nowMs` is the clock of the worker that asked. */
  async effect(from: number, operation: StorageOperation, operationNumber: number, nowMs: number): Promise<Effect> {
    const name = `${from} ${operationNumber} ${nowMs}`;
    const known = this.#effects.get(name);
    if (known) return known;
    const effect = await this.#carryOut(from, operation, nowMs);
    this.#effects.set(name, effect);
    return effect;
  }

  /** The state without one message of the queue. */
  without(from: number, message: QueuedMessage): number {
    const state = this.state(from);
    return this.#states.numberOf({ ...state, queue: state.queue.filter((queued) => queued !== message) });
  }

  /** The state with a message back in the queue. */
  withMessage(from: number, message: QueuedMessage): number {
    const state = this.state(from);
    return this.#states.numberOf({ ...state, queue: sorted([...state.queue, message]) });
  }

  async #carryOut(from: number, operation: StorageOperation, nowMs: number): Promise<Effect> {
    const state = this.state(from);
    if (operation.kind === 'pause') return { ...this.#answer(undefined), state: from, stream: [], broken: undefined };
    if (operation.kind === 'send') {
      const message = { body: operation.body, dueMs: nowMs + operation.delaySeconds * 1000 };
      return { ...this.#answer(undefined), state: this.withMessage(from, message), stream: [], broken: undefined };
    }
    const writes = operation.kind === 'write' || operation.kind === 'transact';
    const tables = writes ? state.tables.copy() : state.tables;
    const answer = this.#answer(await carryOutOn(new MemoryItemStore(tables), operation));
    const stream = writes ? tables.stream.splice(0) : [];
    if (stream.length === 0) return { ...answer, state: from, stream, broken: undefined };
    const { view, broken } = tell(state.view, stream);
    return { ...answer, state: this.#states.numberOf({ ...state, tables, view }), stream, broken };
  }

  /** Equal results are one value, so that no worker can tell two histories with the same answers apart. */
  #answer(result: unknown): { readonly result: unknown; readonly resultNumber: number } {
    const resultNumber = this.#results.numberOf(result);
    return { result: this.#results.valueOf(resultNumber), resultNumber };
  }

  #textOf({ tables, queue, view }: WorldState): string {
    const parts: string[] = [];
    for (const table of [...tables.items.keys()].sort()) {
      const items = tables.table(table);
      for (const key of [...items.keys()].sort())
        parts.push(`${table}|${key}=${this.#itemNumber(items.get(key) ?? {})}`);
    }
    return `${parts.join('\n')}\n${canonicalText(queue)}\n${canonicalText([...view].sort())}`;
  }

  #itemNumber(item: object): number {
    const number = this.#itemNumbers.get(item) ?? this.#items.numberOf(item);
    this.#itemNumbers.set(item, number);
    return number;
  }
}

function carryOutOn(
  store: MemoryItemStore,
  operation: Exclude<StorageOperation, { kind: 'send' | 'pause' }>,
): Promise<unknown> {
  switch (operation.kind) {
    case 'get':
      return store.get(operation.table, operation.key);
    case 'query':
      return store.query(operation.table, operation.pk, operation.skPrefix, operation.limit);
    case 'write':
      return store.write(operation.action);
    case 'transact':
      return store.transact(operation.actions);
  }
}

const sorted = (queue: readonly QueuedMessage[]): readonly QueuedMessage[] =>
  queue
    .map((message) => ({ message, text: `${String(message.dueMs).padStart(16, '0')} ${canonicalText(message.body)}` }))
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ message }) => message);
