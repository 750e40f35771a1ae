/**
 * The value path without servers: what the DMS twin writes, the decoder reads, the register keeps and the event tells is the same text, for any
 * value. The same path on real parts, with every SQL type, is in test/integration/values.test.ts.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeDmsRecord } from '#core/change/decode-dms-record.ts';
import { rowFromText, rowToText } from '#core/change/row-text.ts';
import { plainJson } from '#core/event/plain-json.ts';
import { columnType } from '#local/dms/column-type.ts';
import { encodeValue } from '#local/dms/encode-value.ts';
import { type JsonText, jsonString, writeJsonLine } from '#local/dms/json-text.ts';
import type { SourceValue } from '#local/dms/source-value.ts';
import type { SourceColumn, SourceTable } from '#schemas/source/source-table.ts';
import { plainDigits } from '../values/number-values.ts';

const RUNS = { numRuns: 1_000 };

function tableOf(column: string, declared: SourceColumn): SourceTable {
  return {
    name: 't',
    key: ['the key'],
    columns: Object.fromEntries([
      ['the key', { kind: 'integer', sqlType: 'INT' }],
      [column, declared],
    ]),
    references: [],
    aggregate: { entity: 't', column: 'the key' },
    loadOrder: 1,
  };
}

/** One value by way of the twin's record to the text of the row, after it has been stored and read again. */
function travelled(
  declared: SourceColumn,
  value: SourceValue,
  asText: boolean,
  column = 'c',
): string | null | undefined {
  const source = { name: column, nullable: true, ...columnType(declared.sqlType) };
  const { json } = encodeValue(source, value, asText, { noHexPrefix: false, lobMaxBytes: 32_768 });
  const metadata: JsonText = [
    ['timestamp', jsonString('2026-11-20T12:00:00.000001Z')],
    ['record-type', jsonString('data')],
    ['operation', jsonString('load')],
    ['schema-name', jsonString('lph')],
    ['table-name', jsonString('t')],
  ];
  const line = writeJsonLine([
    [
      'data',
      [
        ['the key', '1'],
        [column, json],
      ],
    ],
    ['metadata', metadata],
  ]);
  const decoded = decodeDmsRecord(Buffer.from(line), [tableOf(column, declared)]);
  const row = decoded.kind === 'rows' ? decoded.changes[0]?.row : undefined;
  return row ? rowFromText(rowToText(row)).get(column) : undefined;
}

/** A DynamoDB number in the event, as text. */
const told = (digits: string): string => String(JSON.parse(JSON.stringify(plainJson({ n: { N: digits } }))).n);

test('a 64-bit integer keeps every digit', () => {
  const unsigned = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const signed = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const declared = { kind: 'integer', sqlType: 'BIGINT' } as const;
  fc.assert(
    fc.property(fc.oneof(unsigned, signed), (value) => {
      expect(travelled(declared, String(value), true)).toBe(String(value));
      expect(told(String(value))).toBe(String(value));
    }),
    RUNS,
  );
});

test('an integer that was sent as a double is exact or refused', () => {
  const declared = { kind: 'integer', sqlType: 'INT' } as const;
  const safe = fc.maxSafeInteger();
  const wide = fc.bigInt({ min: 10n ** 16n, max: 10n ** 19n });
  fc.assert(
    fc.property(safe, wide, (exact, rounded) => {
      expect(travelled(declared, String(exact), false)).toBe(String(exact));
      expect(() => travelled(declared, String(rounded), false)).toThrow('without exponent');
    }),
    RUNS,
  );
});

test('a decimal of up to 38 digits keeps every digit that says something', () => {
  const digits = fc.stringMatching(/^\d{1,38}$/);
  const declared = { kind: 'decimal', sqlType: 'DECIMAL(38,18)' } as const;
  fc.assert(
    fc.property(digits, fc.nat({ max: 38 }), fc.boolean(), (all, scale, negative) => {
      const padded = all.padStart(scale + 1, '0');
      const place = padded.length - scale;
      const text = `${negative ? '-' : ''}${padded.slice(0, place)}${scale === 0 ? '' : `.${padded.slice(place)}`}`;
      expect(travelled(declared, text, true)).toBe(plainDigits(text));
      expect(told(plainDigits(text))).toBe(plainDigits(text));
    }),
    RUNS,
  );
});

test('a date-time keeps its microseconds, whatever their number of digits', () => {
  const date = fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(date, fc.nat({ max: 6 }), fc.nat({ max: 999_999 }), (moment, precision, micros) => {
      const clock = moment.toISOString().slice(0, 19);
      const fraction = String(micros).padStart(6, '0').slice(0, precision);
      const declared = { kind: 'datetime', sqlType: `DATETIME(${precision})` } as const;
      const short = fraction.replace(/0+$/, '');
      const source = `${clock.replace('T', ' ')}${precision === 0 ? '' : `.${fraction}`}`;
      expect(travelled(declared, source, false)).toBe(`${clock}${short === '' ? '' : `.${short}`}Z`);
    }),
    RUNS,
  );
});

test('a text is the same text, in a column of any name', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom('__proto__', 'constructor', '', 'null', '{"a":1}'),
  );
  const name = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', 'toString'));
  const declared = { kind: 'text', sqlType: 'TEXT', nullable: true } as const;
  fc.assert(
    fc.property(text, name, (value, column) => {
      fc.pre(column !== 'the key' && column !== 'relay_lineage');
      // DMS ends a text at its first NUL.
      expect(travelled(declared, value, false, column)).toBe(value.split('\0')[0]);
      expect(travelled(declared, null, false, column)).toBe(null);
    }),
    RUNS,
  );
});

test('bytes are their hexadecimal digits', () => {
  const declared = { kind: 'text', sqlType: 'VARBINARY(300)' } as const;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
      expect(travelled(declared, Buffer.from(bytes), false)).toBe(`0x${digits}`);
    }),
    RUNS,
  );
});

test('a flag is 0 or 1, as DMS writes it or as a number', () => {
  const declared = { kind: 'integer', sqlType: 'BIT(1)' } as const;
  for (const [bytes, digit] of [
    [Buffer.from([0]), '0'],
    [Buffer.from([1]), '1'],
  ] as const) {
    expect(travelled(declared, bytes, false)).toBe(digit);
  }
});
