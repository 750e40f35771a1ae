/** No digit of a number is lost: what comes back as a number says the same decimal as the text did; everything else stays that text. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from '#consumer/exact-json.ts';
import * as druid from '#druid/json.ts';

/** The value of a decimal as a fraction of whole numbers: compared without a floating-point number. */
function sameDecimal(one: string, other: string): boolean {
  const [a, b] = [parts(one), parts(other)];
  const least = Math.min(a.exponent, b.exponent);
  return a.digits * 10n ** BigInt(a.exponent - least) === b.digits * 10n ** BigInt(b.exponent - least);
}

function parts(text: string): { digits: bigint; exponent: number } {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

const numberText = fc
  .tuple(
    fc.boolean(),
    fc.bigInt(0n, 10n ** 21n),
    fc.option(fc.stringMatching(/^\d{1,22}$/)),
    fc.option(fc.integer({ min: -400, max: 400 })),
  )
  .map(
    ([negative, whole, fraction, exponent]) =>
      `${negative ? '-' : ''}${whole}${fraction === null ? '' : `.${fraction}`}${exponent === null ? '' : `e${exponent}`}`,
  );

describe('a number', () => {
  test('comes back as the same decimal, as a number or as its text', () => {
    fc.assert(
      fc.property(numberText, (text) => {
        const value = parseJson(text);
        expect(typeof value === 'number' || value === text).toBe(true);
        expect(sameDecimal(String(value), text), `${text} → ${String(value)}`).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each(['1.00000000000000000001', '9007199254740991.4', '1e-400', '9007199254740993', '1e400'])(
    'that a JavaScript number rounds stays text: %s',
    (text) => {
      expect(parseJson(text)).toBe(text);
    },
  );

  test.each([
    ['0', 0],
    ['0.0', 0],
    ['1.10', 1.1],
    ['0.30000000000000004', 0.30000000000000004],
    ['9007199254740991', 9007199254740991],
    ['-1e-7', -1e-7],
  ])('is a number where that is exact: %s', (text, value) => {
    expect(parseJson(text)).toBe(value);
  });

  test("of Druid's documents is written again as the same decimal", () => {
    fc.assert(
      fc.property(numberText, (text) => sameDecimal(druid.writeJson(druid.parseJson(text)), text)),
      { numRuns: 2_000 },
    );
  });
});
