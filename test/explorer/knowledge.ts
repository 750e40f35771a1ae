/**
 * What an invocation knows after some answers, as a key. An invocation has several operations under way at a time; which of them was answered
 * first is left out of the key, so that two orders of its own answers meet in one node. Every operation is named by what led to it: by the answer
 * after which it was asked, or, when it is the only one under way, by everything answered before. This takes the core to have no memory of the
 * order of its own concurrent answers; `exact` keeps the order, and a test compares the two.
 */
import type { Outcome } from './delivery.ts';
import { Interner } from './interner.ts';

export interface Remembered {
  readonly key: string;
  /** Names of the answered operations with their answers, sorted. */
  readonly answered: readonly number[];
  /** Names of the operations under way, in the order in which the run holds them, each with its number. */
  readonly pending: readonly { readonly name: number; readonly operation: number }[];
}

export class Knowledge {
  readonly #names = new Interner<string>((text) => text);
  readonly #exact: boolean;

  constructor(exact = false) {
    this.#exact = exact;
  }

  begin(delivery: string, pending: readonly number[]): Remembered {
    const base = this.#names.numberOf(delivery);
    return this.#remembered([base], this.#named(`begin ${base}`, pending), undefined);
  }

  /** `pending` are the operations under way after the answer: those of before without the answered one, then the new ones. */
  answered(
    before: Remembered,
    place: number,
    result: number,
    pending: readonly number[],
    outcome: Outcome | undefined,
  ): Remembered {
    const question = before.pending[place];
    if (!question) throw new Error(`no operation under way at place ${place}`);
    const event = this.#names.numberOf(`${question.name} answered ${result}`);
    const kept = before.pending.filter((_, index) => index !== place);
    const asked = this.#named(`after ${event}`, pending.slice(kept.length));
    if (this.#exact) {
      const history = this.#names.numberOf(`${before.key} then ${event}`);
      return this.#remembered([history], [...kept, ...asked], outcome);
    }
    const answered = [...before.answered, event].sort((a, b) => a - b);
    return this.#remembered(answered, [...kept, ...asked], outcome);
  }

  #remembered(
    answered: readonly number[],
    pending: Remembered['pending'],
    outcome: Outcome | undefined,
  ): Remembered {
    if (pending.length > 1 || answered.length === 1) return { key: keyOf(answered, pending, outcome), answered, pending };
    // One chain is left: everything before is one fact, whichever answer came last.
    const base = [this.#names.numberOf(answered.join())];
    const renamed = this.#named(
      `alone ${base}`,
      pending.map(({ operation }) => operation),
    );
    return { key: keyOf(base, renamed, outcome), answered: base, pending: renamed };
  }

  #named(cause: string, operations: readonly number[]): Remembered['pending'] {
    return operations.map((operation, index) => ({
      name: this.#names.numberOf(`${cause}: ${index} ${operation}`),
      operation,
    }));
  }
}

const keyOf = (
  answered: readonly number[],
  pending: Remembered['pending'],
  outcome: Outcome | undefined,
): string => {
  const names = pending.map(({ name }) => name).sort((a, b) => a - b);
  return `${answered.join()}|${names.join()}|${outcome ? JSON.stringify(outcome) : ''}`;
};
