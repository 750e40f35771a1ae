/**
 * Reads JSON without losing a digit: every JSON number becomes its own text, so a 64-bit integer or a DECIMAL is exactly what was
 * written. `JSON.parse` creates members with own-property semantics, so a member called `__proto__` is an ordinary member.
 */

type SourceReviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;

const numbersAsText: SourceReviver = (_key, value, context) =>
  typeof value === 'number' ? (context.source ?? String(value)) : value;

/** @throws SyntaxError when the text is not JSON, RangeError when it is nested too deeply. */
export function parseExactJson(text: string): unknown {
  return JSON.parse(text, numbersAsText as (this: unknown, key: string, value: unknown) => unknown);
}

/** Own members of a JSON object in their order, or undefined when the value is no object. */
export function membersOf(value: unknown): readonly (readonly [string, unknown])[] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value);
}
