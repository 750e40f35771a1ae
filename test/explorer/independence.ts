/**
 * Which operations can be carried out at once without losing a history: those whose items no other worker touches in a conflicting way from
 * where it is now, whatever it is answered. What a worker may still do is learnt while exploring, as the union over the ways from its node that were
 * found so far; `learnt` tells that it grew, and then what was decided before is decided again in another pass. When a whole pass learns nothing,
 * its decisions were right: the first operation that contradicts one would have been reached in that pass, since nothing before it depends on
 * what was moved.
 */
import type { Delivery } from './delivery.ts';
import type { Interner } from './interner.ts';
import { canonicalText, type Footprint, footprintOf, type StorageOperation } from './storage-operation.ts';
import type { AutomatonObserver, WorkerNode } from './worker-automaton.ts';

/** Footprints as the bits of a number. */
type Places = bigint;

export class Independence implements AutomatonObserver {
  readonly #operations: Interner<StorageOperation>;
  readonly #footprints: Footprint[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #ofOperation = new Map<number, number>();
  /** Per footprint all that conflict with it. */
  readonly #conflicts: Places[] = [];
  readonly #futures: Places[] = [];
  /** First nodes of the invocations for messages of the queue. */
  readonly #queued: number[] = [];
  readonly #parents: Set<number>[] = [];
  #grown = 0;

  constructor(operations: Interner<StorageOperation>) {
    this.#operations = operations;
  }

  /** Grows whenever a worker turns out to be able to do more than was known. */
  get learnt(): number {
    return this.#grown;
  }

  /** What any message of the queue, seen so far, may touch. */
  get futureOfQueued(): Places {
    let future = 0n;
    for (const node of this.#queued) future |= this.future(node);
    return future;
  }

  arrived(node: WorkerNode, from: WorkerNode | undefined, delivery: Delivery): void {
    let own = this.#futures[node.id];
    if (own === undefined) {
      own = 0n;
      for (const operation of node.pending) own |= this.#bitOf(operation);
      this.#futures[node.id] = own;
      this.#parents[node.id] = new Set();
      if (!from && delivery.kind === 'queued') this.#queued.push(node.id);
      if (!from) this.#grown++;
    }
    if (!from || this.#parents[node.id]?.has(from.id)) return;
    this.#parents[node.id]?.add(from.id);
    this.#spread(from.id, own);
  }

  /** What may be touched from the node on. */
  future(node: number): Places {
    return this.#futures[node] ?? 0n;
  }

  conflicts(operation: number, theirs: Places): boolean {
    return ((this.#conflicts[this.#numberOf(operation)] ?? 0n) & theirs) !== 0n;
  }

  /** True when the operation writes nothing. */
  isRead(operation: number): boolean {
    const { kind } = this.#operations.valueOf(operation);
    return kind === 'get' || kind === 'query' || kind === 'pause';
  }

  #spread(first: number, places: Places): void {
    const open = [first];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      const known = this.#futures[id] ?? 0n;
      if ((known | places) === known) continue;
      this.#futures[id] = known | places;
      this.#grown++;
      open.push(...(this.#parents[id] ?? []));
    }
  }

  #bitOf(operation: number): Places {
    return 1n << BigInt(this.#numberOf(operation));
  }

  #numberOf(operation: number): number {
    const known = this.#ofOperation.get(operation);
    if (known !== undefined) return known;
    const footprint = footprintOf(this.#operations.valueOf(operation));
    const text = canonicalText(footprint);
    const number = this.#numbers.get(text) ?? this.#add(footprint, text);
    this.#ofOperation.set(operation, number);
    return number;
  }

  #add(footprint: Footprint, text: string): number {
    const number = this.#footprints.length;
    this.#numbers.set(text, number);
    this.#footprints.push(footprint);
    let conflicts = 0n;
    for (const [other, theirs] of this.#footprints.entries()) {
      if (!touches(footprint, theirs.writes) && !touches(theirs, footprint.writes)) continue;
      conflicts |= 1n << BigInt(other);
      if (other !== number) this.#conflicts[other] = (this.#conflicts[other] ?? 0n) | (1n << BigInt(number));
    }
    this.#conflicts[number] = conflicts;
    return number;
  }
}

const touches = ({ reads, writes, ranges }: Footprint, written: readonly string[]): boolean =>
  written.some(
    (key) => reads.includes(key) || writes.includes(key) || ranges.some((beginning) => key.startsWith(beginning)),
  );
