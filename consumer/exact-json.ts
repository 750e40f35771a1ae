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

/** Whether the number says the same decimal as the text it was read from. A whole number must also be one that no other integer rounds to. */
export function isExact(value: number, source: string): boolean {
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) return false;
  return decimal(String(value)) === decimal(source);
}

/** One spelling for each decimal: its digits without zeros at either end, and the power of ten of the last. */
function decimal(text: string): string {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return significant === '' ? '0' : `${sign}${significant}e${power}`;
}
