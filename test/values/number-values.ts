/** Integers, decimals, floating-point numbers and years: both ends of each type, the places where a double loses digits, and seeded random ones. */
import type { SeededRandom } from '../support/seeded-random.ts';
import { DIGITS, distinct, type ValueCase, type ValueColumn } from './value-case.ts';

const BITS = { TINYINT: 8n, SMALLINT: 16n, MEDIUMINT: 24n, INT: 32n, BIGINT: 64n } as const;

const randomDigits = (random: SeededRandom, length: number): string =>
  Array.from({ length }, () => random.below(10)).join('');

function integers(random: SeededRandom, min: bigint, max: bigint): readonly ValueCase[] {
  const edges = [min, min + 1n, -1n, 0n, 1n, max - 1n, max, (min + max) / 2n];
  const doubles = [2n ** 53n, 10n ** 15n, 10n ** 16n, 10n ** 17n, 2n ** 31n, 2n ** 32n, 2n ** 63n];
  const around = doubles.flatMap((value) => [value - 1n, value, value + 1n, -value - 1n, -value, 1n - value]);
  const width = max.toString().length;
  const drawn = Array.from({ length: 16 }, () => BigInt(randomDigits(random, 1 + random.below(width))));
  const signed = drawn.flatMap((value) => [value, -value]);
  const inside = [...edges, ...around, ...signed].filter((value) => value >= min && value <= max);
  return distinct([
    ...inside.map((value) => ({ sql: String(value), means: String(value) })),
    { sql: 'NULL', means: null },
  ]);
}

function integerColumns(random: SeededRandom): readonly ValueColumn[] {
  return Object.entries(BITS).flatMap(([name, bits]) => {
    const text = name === 'BIGINT' ? ({ json: 'string' } as const) : ({ json: 'bare' } as const);
    const column = { kind: 'integer', inRecord: DIGITS, numeric: true, ...text } as const;
    const half = 2n ** (bits - 1n);
    return [
      { ...column, sqlType: name, cases: integers(random, -half, half - 1n) },
      { ...column, sqlType: `${name} UNSIGNED`, cases: integers(random, 0n, 2n * half - 1n) },
    ];
  });
}

/** Digits without what says nothing: leading zeros, trailing zeros of the fraction, the sign of zero. */
export function plainDigits(text: string): string {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const digits = `${whole.replace(/^0+(?=\d)/, '') || '0'}.${fraction}`.replace(/\.?0*$/, '');
  return text.startsWith('-') && digits !== '0' ? `-${digits}` : digits;
}

function decimals(random: SeededRandom, precision: number, scale: number): readonly string[] {
  const whole = precision - scale;
  const nines = `${'9'.repeat(whole) || '0'}.${'9'.repeat(scale)}`.replace(/\.$/, '');
  const smallest = scale === 0 ? '1' : `0.${'0'.repeat(scale - 1)}1`;
  const drawn = Array.from({ length: 14 }, () => {
    const left = randomDigits(random, random.below(whole + 1)) || '0';
    const right = randomDigits(random, random.below(scale + 1));
    return right === '' ? left : `${left}.${right}`;
  });
  const fixed = ['0', '1', '10', '100', '0.5', '1.5', '1.50', '0.10', '0.000001', '123456789.123456789', '1000000000'];
  const edges = [nines, smallest, `1${'0'.repeat(Math.max(whole - 1, 0))}`, `0.${'0'.repeat(Math.max(scale - 1, 0))}`];
  const doubles = ['9007199254740993', '0.1234567890123456789', '12345678.90123456789', '4503599627370497.5'];
  const fits = (text: string): boolean => {
    const [left = '', right = ''] = plainDigits(text).split('.');
    return (left === '0' ? 0 : left.length) <= whole && right.length <= scale;
  };
  const all = [...fixed, ...edges, ...doubles, ...drawn].filter((text) => !text.endsWith('.') && fits(text));
  return all.flatMap((text) => [text, `-${text}`]);
}

/** Trailing zeros of a fraction, dropped by the database; a number without a fraction keeps its zeros. */
const trimmed = (digits: string): string =>
  `IF(LOCATE('.', ${digits}) = 0, ${digits}, TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM ${digits})))`;

function decimalColumn(random: SeededRandom, precision: number, scale: number): ValueColumn {
  const literals = decimals(random, precision, scale);
  // DynamoDB holds 38 digits. A longer decimal is declared as text and keeps the source's own digits, zeros and all.
  const wide = precision > 38;
  const cases = literals.map((sql) => (wide ? { sql } : { sql, means: plainDigits(sql) }));
  return {
    sqlType: `DECIMAL(${precision},${scale})`,
    kind: wide ? 'text' : 'decimal',
    json: 'string',
    inRecord: DIGITS,
    ...(!wide && ({ inItem: trimmed(DIGITS), numeric: true } as const)),
    cases: distinct([...cases, { sql: 'NULL', means: null }]),
  };
}

/** Columns that the server prints with leading zeros, which JSON does not know. */
function zeroFilled(random: SeededRandom): readonly ValueColumn[] {
  const column = { inRecord: 'CAST(c + 0 AS CHAR)', numeric: true } as const;
  const amounts = decimals(random, 20, 10).filter((text) => !text.startsWith('-'));
  return [
    {
      ...column,
      sqlType: 'INT(10) UNSIGNED ZEROFILL',
      kind: 'integer',
      json: 'bare',
      cases: integers(random, 0n, 2n ** 32n - 1n),
    },
    {
      ...column,
      sqlType: 'BIGINT(20) UNSIGNED ZEROFILL',
      kind: 'integer',
      json: 'string',
      cases: integers(random, 0n, 2n ** 64n - 1n),
    },
    {
      ...column,
      sqlType: 'DECIMAL(20,10) UNSIGNED ZEROFILL',
      kind: 'decimal',
      json: 'string',
      inItem: trimmed('CAST(c + 0 AS CHAR)'),
      cases: distinct(amounts.map((sql) => ({ sql, means: plainDigits(sql) }))),
    },
  ];
}

function floats(random: SeededRandom, edges: readonly number[], narrow: (value: number) => number): ValueCase[] {
  const bits = new DataView(new ArrayBuffer(8));
  const drawn = Array.from({ length: 30 }, () => {
    bits.setUint32(0, random.below(2 ** 32));
    bits.setUint32(4, random.below(2 ** 32));
    return narrow(bits.getFloat64(0));
  });
  const small = Array.from({ length: 10 }, () => narrow((random.next() - 0.5) * 10 ** random.below(12)));
  const all = [...edges.flatMap((value) => [value, -value]), ...drawn, ...small].map(narrow).filter(Number.isFinite);
  // Both engines write a number so that it can be read back exactly; 17 digits suffice for that in any notation.
  return all.map((value) => ({ sql: value.toExponential(17).replace('e+', 'e'), means: String(value) }));
}

const asNumber = (text: string): string => String(Number(text));

function floatColumns(random: SeededRandom): readonly ValueColumn[] {
  const column = { kind: 'text', json: 'bare', notation: asNumber } as const;
  const both = [0, 1, 0.1, 0.5, 1 / 3, 1e-7, 123456789, 16777217, 1e15, 1e16, 1e21, 1e22];
  const wide = [Number.MAX_VALUE, Number.MIN_VALUE, 2.2250738585072014e-308, 2 ** 53, 2 ** 53 + 2, 1e300, 5e-300];
  const narrow = [3.4028234663852886e38, 1.1754943508222875e-38, 1e-45, 1e38];
  return [
    { ...column, sqlType: 'DOUBLE', inRecord: DIGITS, cases: distinct(floats(random, [...both, ...wide], Number)) },
    // FLOAT prints six digits; widened to a double it prints all of them.
    {
      ...column,
      sqlType: 'FLOAT',
      inRecord: 'CAST(c + 0e0 AS CHAR)',
      cases: distinct(floats(random, [...both, ...narrow], Math.fround)),
    },
  ];
}

function yearColumn(random: SeededRandom): ValueColumn {
  const drawn = Array.from({ length: 10 }, () => 1901 + random.below(255));
  const years = [1901, 1902, 1969, 1970, 1999, 2000, 2026, 2069, 2070, 2154, 2155, ...drawn].map(String);
  const cases = [...years.map((year) => ({ sql: year, means: year })), { sql: "'0000'", means: '0' }];
  return {
    sqlType: 'YEAR',
    kind: 'integer',
    json: 'bare',
    inRecord: 'CAST(c + 0 AS CHAR)',
    numeric: true,
    cases: distinct(cases),
  };
}

export function numberColumns(random: SeededRandom): readonly ValueColumn[] {
  const sizes = [
    [65, 30],
    [65, 0],
    [38, 18],
    [30, 30],
    [20, 10],
    [18, 9],
    [10, 2],
    [1, 0],
  ] as const;
  return [
    ...integerColumns(random),
    ...zeroFilled(random),
    ...sizes.map(([precision, scale]) => decimalColumn(random, precision, scale)),
    ...floatColumns(random),
    yearColumn(random),
  ];
}
