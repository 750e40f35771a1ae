/** Bits and bytes: every width of BIT that fills or crosses a byte, every single byte, and what ends in zeros or is no UTF-8. */
import type { SeededRandom } from '../support/seeded-random.ts';
import { distinct, type ValueCase, type ValueColumn } from './value-case.ts';

const NULL_CASE: ValueCase = { sql: 'NULL', means: null };
const HEX = "CONCAT('0x', LOWER(HEX(c)))";
const WIDTHS = [2, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40, 48, 53, 54, 63, 64] as const;

function bits(random: SeededRandom, width: number): ValueColumn {
  const bytes = Math.ceil(width / 8);
  const all = 2n ** BigInt(width) - 1n;
  const alternating = BigInt(`0x${'5'.repeat(16)}`) & all;
  const drawn = Array.from(
    { length: 4 },
    () => ((BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32))) & all,
  );
  const values = [0n, 1n, all, all >> 1n, (all >> 1n) + 1n, alternating, all ^ alternating, ...drawn];
  const cases = values.map((value) => ({
    sql: `b'${value.toString(2)}'`,
    means: `0x${value.toString(16).padStart(2 * bytes, '0')}`,
  }));
  return {
    sqlType: `BIT(${width})`,
    kind: 'text',
    json: 'string',
    // HEX of a BIT is that of its number: without the zeros in front.
    inRecord: `CONCAT('0x', LPAD(LOWER(HEX(c)), ${2 * bytes}, '0'))`,
    cases: distinct([...cases, NULL_CASE]),
  };
}

const oneBit: ValueColumn = {
  sqlType: 'BIT(1)',
  kind: 'integer',
  json: 'bare',
  inRecord: "CASE c WHEN 1 THEN 'true' WHEN 0 THEN 'false' END",
  inItem: "CASE c WHEN 1 THEN '1' WHEN 0 THEN '0' END",
  numeric: true,
  cases: [{ sql: "b'0'", means: '0' }, { sql: "b'1'", means: '1' }, NULL_CASE],
};

function byteStrings(random: SeededRandom, longest: number): readonly Buffer[] {
  const single = Array.from({ length: 16 }, (_, index) => Buffer.from([index * 17]));
  const odd = [
    '',
    '0000',
    '00ff',
    'ff00',
    '2020',
    '5c27',
    'c0af',
    'eda080',
    'f8888080',
    'efbbbf',
    '0d0a',
    '7b7d',
    '00'.repeat(15),
  ];
  const drawn = Array.from({ length: 12 }, () =>
    Buffer.from(Array.from({ length: 1 + random.below(longest) }, () => random.below(256))),
  );
  const every = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
  return [...single, ...odd.map((hex) => Buffer.from(hex, 'hex')), ...drawn, every].filter(
    ({ length }) => length <= longest,
  );
}

const byteCase = (bytes: Buffer, width = 0): ValueCase => ({
  sql: `x'${bytes.toString('hex')}'`,
  // BINARY(n) is filled up with zero bytes.
  means: `0x${bytes.toString('hex').padEnd(2 * width, '0')}`,
});

const column = { kind: 'text', json: 'string', inRecord: HEX } as const;

function byteColumn(random: SeededRandom, sqlType: string, longest: number, width?: number): ValueColumn {
  const cases = byteStrings(random, longest).map((bytes) => byteCase(bytes, width));
  return { ...column, sqlType, cases: distinct([...cases, NULL_CASE]) };
}

export function byteColumns(random: SeededRandom): readonly ValueColumn[] {
  return [
    oneBit,
    ...WIDTHS.map((width) => bits(random, width)),
    byteColumn(random, 'BINARY(1)', 1, 1),
    byteColumn(random, 'BINARY(16)', 16, 16),
    byteColumn(random, 'BINARY(255)', 255, 255),
    byteColumn(random, 'VARBINARY(300)', 300),
    byteColumn(random, 'TINYBLOB', 255),
    byteColumn(random, 'BLOB', 300),
    byteColumn(random, 'MEDIUMBLOB', 300),
    byteColumn(random, 'LONGBLOB', 300),
  ];
}
