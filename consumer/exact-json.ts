/**
 * Reads JSON without losing a digit: a number that a JavaScript number would round stays its own text, as the publisher itself does for
 * the metric. Every other number is a number. Nothing else of JSON is changed.
 */

type SourceReviver = (this: unknown, key: string, value: unknown, context?: { readonly source?: string }) => unknown;

const exactOrText: SourceReviver = (_key, value, context) =>
  typeof value === 'number' && context?.source !== undefined && !isExact(value, context.source)
    ? context.source
    : value;

/** @throws SyntaxError when the text is not JSON. */
export function parseJson(text: string): unknown {
  return JSON.parse(text, exactOrText as (this: unknown, key: string, value: unknown) => unknown);
}

/** Up to 15 significant digits go through a double and back unchanged, and an integer must not be beyond 2^53 − 1. */
function isExact(value: number, source: string): boolean {
  if (!Number.isFinite(value)) return false;
  if (Number.isInteger(value)) return Number.isSafeInteger(value);
  if (String(value) === source) return true;
  const digits = source
    .replace(/[eE].*$/, '')
    .replace(/[^\d]/g, '')
    .replace(/^0+/, '')
    .replace(/0+$/, '');
  return digits.length <= 15 && value !== 0;
}
