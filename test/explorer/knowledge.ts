/**
 * What an invocation still knows after its answers, as a key: two histories with equal keys are one node. Left out is what the core has no memory of:
 * which of several operations under way was answered first, and what was read in a round of a recompute that lost its fence, but for what its last
 * read found. Every operation is named by what led to it, so answers are never given to the wrong one of two like operations. `exact` leaves nothing
 * out; a test compares. Since lost rounds are alike, the budget of attempts of one recompute is not explored.
 */
import type { Outcome } from './delivery.ts';
import { Interner } from './interner.ts';
import type { StorageOperation } from './storage-operation.ts';

/** An operation that was asked. */
interface Named {
  readonly name: number;
  readonly operation: number;
  /** The answer after which it was asked; undefined at the beginning. */
  readonly after: Answered | undefined;
}

/** An operation with its answer. */
interface Answered {
  readonly name: number;
  readonly result: number;
  readonly question: Named;
}

export interface Remembered {
  readonly key: string;
  /** Names of what is known, sorted: answers, and which metrics were begun again. */
  readonly known: readonly number[];
  /** In the order in which the run holds them. */
  readonly pending: readonly Named[];
}

export class Knowledge {
  readonly #names = new Interner<string>((text) => text);
  readonly #operations: Interner<StorageOperation>;
  readonly #exact: boolean;

  constructor(operations: Interner<StorageOperation>, exact = false) {
    this.#operations = operations;
    this.#exact = exact;
  }

  begin(delivery: string, pending: readonly number[]): Remembered {
    const begun = this.#names.numberOf(`begin ${delivery}`);
    const asked = pending.map((operation, index) => this.#named(`first ${begun} ${index}`, operation, undefined));
    return remembered([begun], asked, undefined);
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
    const answer = { name: this.#names.numberOf(`${question.name} answered ${result}`), result, question };
    const kept = before.pending.filter((_, index) => index !== place);
    const isPause = this.#operations.valueOf(question.operation).kind === 'pause';
    const lost = isPause && !this.#exact ? this.#roundBefore(answer, pending.slice(kept.length)) : [];
    const again =
      lost.at(-1) &&
      this.#names.numberOf(`again ${pending.at(-1)} after ${lost.at(-1)?.question.name}${this.#sightOf(lost)}`);
    const asked = pending
      .slice(kept.length)
      .map((operation, index) => this.#named(`after ${again ?? answer.name} ${index}`, operation, answer));
    if (this.#exact) {
      return remembered([this.#names.numberOf(`${before.key} then ${answer.name}`)], [...kept, ...asked], outcome);
    }
    const forgotten = new Set(lost.map(({ name }) => name));
    const known = new Set(before.known.filter((name) => !forgotten.has(name)));
    known.add(again ?? answer.name);
    const sorted = [...known].sort((a, b) => a - b);
    return remembered(sorted, this.#alone(sorted, [...kept, ...asked]), outcome);
  }

  /** One chain is left: all that is known led to its operation, whichever answer came last. */
  #alone(known: readonly number[], pending: readonly Named[]): readonly Named[] {
    const [only] = pending;
    if (!only || pending.length > 1) return pending;
    return [this.#named(`alone ${known.join()}`, only.operation, only.after)];
  }

  #named(cause: string, operation: number, after: Answered | undefined): Named {
    return { name: this.#names.numberOf(`${cause}: ${operation}`), operation, after };
  }

  /** What a round saw that ended in a read and wrote nothing: when the item of a metric was not there, the core goes by the items from then on. */
  #sightOf([, last]: readonly Answered[]): string {
    return last && this.#operations.valueOf(last.question.operation).kind === 'get' ? ` seeing ${last.result}` : '';
  }

  /**
   * The answers of the round that ended in this pause, latest first: back to the read of the metric's head, or, when the head was read with those
   * of other metrics, to the read of its rows. The next round reads both again, and remembers only that it is not the first.
   */
  #roundBefore(pause: Answered, asked: readonly number[]): readonly Answered[] {
    const next = asked[0] === undefined ? undefined : this.#operations.valueOf(asked[0]);
    if (asked.length !== 1 || next?.kind !== 'get' || next.key.sk?.S !== 'head') return [];
    const isHead = (answer: Answered | undefined): boolean => answer?.question.operation === asked[0];
    const round: Answered[] = [];
    for (let answer: Answered | undefined = pause; answer; answer = answer.question.after) {
      round.push(answer);
      if (isHead(answer)) return round;
      const operation = this.#operations.valueOf(answer.question.operation);
      const readsRows = operation.kind === 'query' && operation.pk === next.key.pk?.S && operation.skPrefix === 'row';
      if (readsRows && !isHead(answer.question.after)) return round;
    }
    return [];
  }
}

function remembered(known: readonly number[], pending: readonly Named[], outcome: Outcome | undefined): Remembered {
  const names = pending.map(({ name }) => name).sort((a, b) => a - b);
  return { key: `${known.join()}|${names.join()}|${outcome ? JSON.stringify(outcome) : ''}`, known, pending };
}
