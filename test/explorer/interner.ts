/** Gives equal values one number, so that states are compared as numbers and a value is kept once. */
import { canonicalText } from './storage-operation.ts';

export class Interner<T> {
  readonly #numbers = new Map<string, number>();
  readonly #values: T[] = [];
  readonly #text: (value: T) => string;

  constructor(text: (value: T) => string = canonicalText) {
    this.#text = text;
  }

  numberOf(value: T): number {
    const text = this.#text(value);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#values.length);
    return this.#values.push(value) - 1;
  }

  valueOf(number: number): T {
    if (number < 0 || number >= this.#values.length) throw new Error(`no value has the number ${number}`);
    return this.#values[number] as T;
  }

  get size(): number {
    return this.#values.length;
  }
}
