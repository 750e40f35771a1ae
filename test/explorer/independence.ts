/**
 * Which operations can be carried out at once without losing a history: those whose items no other worker ever touches in a conflicting way.
 * "Ever" is assumed from the operations seen so far; an operation seen later that contradicts an assumption makes the exploration begin again,
 * knowing it. When an exploration ends without a contradiction, all its assumptions hold for every history: the first operation that broke
 * one would be reached by the reduced exploration too, because nothing before it depends on what was moved.
 */
import type { Interner } from './interner.ts';
import { type Footprint, footprintOf, type StorageOperation } from './storage-operation.ts';

export class Independence {
  readonly #operations: Interner<StorageOperation>;
  readonly #footprints = new Map<number, Footprint>();
  readonly #seen: readonly Set<number>[];
  readonly #assumed: readonly Map<number, boolean>[];
  readonly #conflicts = new Map<string, boolean>();
  #contradicted = false;

  constructor(slots: number, operations: Interner<StorageOperation>) {
    this.#operations = operations;
    this.#seen = Array.from({ length: slots }, () => new Set<number>());
    this.#assumed = Array.from({ length: slots }, () => new Map<number, boolean>());
  }

  /** Notes that the worker may carry out the operation. */
  note(slot: number, operation: number): void {
    const seen = this.#seen[slot];
    if (!seen || seen.has(operation)) return;
    seen.add(operation);
    for (const [other, assumed] of this.#assumed.entries()) {
      if (other === slot) continue;
      for (const [local, isLocal] of assumed) {
        if (!isLocal || !this.#conflict(local, operation)) continue;
        assumed.set(local, false);
        this.#contradicted = true;
      }
    }
  }

  /** True when no operation of another worker, seen so far, conflicts with this one. */
  isLocal(slot: number, operation: number): boolean {
    const assumed = this.#assumed[slot];
    const known = assumed?.get(operation);
    if (known !== undefined) return known;
    const local = this.#seen.every(
      (seen, other) => other === slot || ![...seen].some((theirs) => this.#conflict(operation, theirs)),
    );
    assumed?.set(operation, local);
    return local;
  }

  /** True, once, when an assumption on which the exploration has relied turned out wrong. */
  takeContradiction(): boolean {
    const contradicted = this.#contradicted;
    this.#contradicted = false;
    return contradicted;
  }

  #conflict(a: number, b: number): boolean {
    const name = a < b ? `${a} ${b}` : `${b} ${a}`;
    const known = this.#conflicts.get(name);
    if (known !== undefined) return known;
    const [one, other] = [this.#footprint(a), this.#footprint(b)];
    const conflict = touches(one, other.writes) || touches(other, one.writes);
    this.#conflicts.set(name, conflict);
    return conflict;
  }

  #footprint(operation: number): Footprint {
    const known = this.#footprints.get(operation) ?? footprintOf(this.#operations.valueOf(operation));
    this.#footprints.set(operation, known);
    return known;
  }
}

const touches = ({ reads, writes, ranges }: Footprint, written: readonly string[]): boolean =>
  written.some(
    (key) => reads.includes(key) || writes.includes(key) || ranges.some((beginning) => key.startsWith(beginning)),
  );
