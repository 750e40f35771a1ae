/** One column value has one text, whoever sent it: full load and binlog of the same row must be equal byte for byte. */
import { describe, expect, test } from 'vitest';
import { canonicalDatetime, canonicalDecimal, columnValue } from '#core/change/column-value.ts';
import type { SourceColumn } from '#schemas/source/source-table.ts';

const column = (kind: SourceColumn['kind'], more: Partial<SourceColumn> = {}): SourceColumn => ({
  kind,
  sqlType: '',
  ...more,
});
const canonical = (of: SourceColumn, raw: unknown): string | null | undefined => {
  const checked = columnValue(of, raw);
  return 'value' in checked ? checked.value : undefined;
};

describe('a decimal', () => {
  test.each([
    ['1.50', '1.5'],
    ['1.00', '1'],
    ['0010', '10'],
    ['0.0000000000', '0'],
    ['-0.0', '0'],
    ['-0', '0'],
    ['.5', '0.5'],
    ['-.50', '-0.5'],
    ['5.', '5'],
    ['100', '100'],
    ['0.00000000010', '0.0000000001'],
    ['12345678901234567890.0123456789', '12345678901234567890.0123456789'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalDecimal(text)).toBe(canonical);
    expect(canonicalDecimal(canonical)).toBe(canonical);
  });

  test.each(['', '.', '-', '1e3', '1,5', ' 1', '1.2.3', '+1', 'NaN', '0x10', '1'.repeat(39), '1'.repeat(101)])(
    '%j is none',
    (text) => {
      expect(canonicalDecimal(text)).toBeUndefined();
    },
  );

  test('has up to 38 digits, zeros in front not counted', () => {
    const digits = '9'.repeat(38);
    expect(canonicalDecimal(digits)).toBe(digits);
    expect(canonicalDecimal(`0.${digits}`)).toBe(`0.${digits}`);
    expect(canonicalDecimal(`0.000${digits}`)).toBe(`0.000${digits}`);
    expect(canonicalDecimal(`9.${digits}`)).toBeUndefined();
  });
});

describe('a date-time', () => {
  test.each([
    ['2018-02-15T18:23:45Z', '2018-02-15T18:23:45Z'],
    ['2018-02-15 18:23:45', '2018-02-15T18:23:45Z'],
    ['2018-02-15T18:23:45.500000Z', '2018-02-15T18:23:45.5Z'],
    ['2018-02-15T18:23:45.000000', '2018-02-15T18:23:45Z'],
    ['2018-02-15T18:23:45.000001Z', '2018-02-15T18:23:45.000001Z'],
    ['2018-02-15T18:23:45.123456789Z', '2018-02-15T18:23:45.123456789Z'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalDatetime(text)).toBe(canonical);
    expect(canonicalDatetime(canonical)).toBe(canonical);
  });

  test.each([
    '2018-02-15',
    '18:23:45',
    '2018-02-15T18:23:45+01:00',
    '2018-02-15T18:23:45.Z',
    '2018-02-15T18:23:45.1234567891Z',
    '',
  ])('%j is none', (text) => {
    expect(canonicalDatetime(text)).toBeUndefined();
  });

  test('may be NULL in any column, because a zero date reaches us as NULL', () => {
    expect(canonical(column('datetime'), null)).toBeNull();
  });
});

describe('an integer', () => {
  test('loses leading zeros and the sign of zero, never a digit', () => {
    expect(canonical(column('integer'), '18446744073709551615')).toBe('18446744073709551615');
    expect(canonical(column('integer'), '-9223372036854775808')).toBe('-9223372036854775808');
    expect(canonical(column('integer'), '007')).toBe('7');
    expect(canonical(column('integer'), '000')).toBe('0');
    expect(canonical(column('integer'), '-0')).toBe('0');
  });

  test('that must be above 0 is refused when it is 0, as "0" is the key of the current state', () => {
    expect(canonical(column('integer', { positive: true }), '1')).toBe('1');
    expect(canonical(column('integer', { positive: true }), '0')).toBeUndefined();
    expect(canonical(column('integer', { positive: true }), '-00')).toBeUndefined();
  });
});

describe('text', () => {
  test('stays as it is, whatever it holds', () => {
    for (const text of ['', ' x ', '__proto__', 'naïve 🙂', '\u0000', 'a#b%c', "'; drop table"])
      expect(canonical(column('text'), text)).toBe(text);
  });

  test('that becomes a key has 1 to 255 characters, counted as MySQL counts them', () => {
    const key = column('text', { nonEmpty: true });
    expect(canonical(key, '🙂'.repeat(255))).toBe('🙂'.repeat(255));
    expect(canonical(key, 'x'.repeat(256))).toBeUndefined();
    expect(canonical(key, '')).toBeUndefined();
  });
});

describe('NULL', () => {
  test('is refused where the column has none, and is not the empty text', () => {
    expect(columnValue(column('text'), null)).toEqual({ mismatch: 'a text, not NULL' });
    expect(canonical(column('text', { nullable: true }), null)).toBeNull();
    expect(canonical(column('text', { nullable: true }), '')).toBe('');
  });
});

test('a member of an ENUM is compared by its exact letters', () => {
  const members = column('enum', { members: ['SUM', 'PERCENTILE'] });
  expect(canonical(members, 'SUM')).toBe('SUM');
  expect(columnValue(members, 'sum')).toEqual({ mismatch: 'one of SUM, PERCENTILE' });
});
