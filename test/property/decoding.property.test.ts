/** Whatever bytes arrive, the decoder answers with a record or with a RelayError that sets it aside. Anything else would be retried for ever. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnValue } from '#core/change/column-value.ts';
import { rowFromText, rowToText } from '#core/change/row-text.ts';
import { dispositionOf } from '#core/error/disposition.ts';
import { RelayError } from '#core/error/relay-error.ts';
import { SOURCE_TABLES } from '#schemas/source/lph.ts';
import { changeOf, decode, message, Raw } from '../support/dms-message.ts';

function acceptsOrSetsAside(bytes: Uint8Array): void {
  try {
    decode(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(RelayError);
    expect(dispositionOf(error)).toBe('quarantine');
  }
}

const hostileName = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'metric_id', 'version', 'relay_lineage'),
  fc.string(),
);

describe('the decoder', () => {
  test('throws nothing but a RelayError that sets the record aside, on arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), acceptsOrSetsAside), { numRuns: 2_000 });
  });

  test('nor on arbitrary JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => acceptsOrSetsAside(Buffer.from(text))),
      { numRuns: 1_000 },
    );
  });

  test('nor on a message whose data, before-image and metadata hold anything', () => {
    const members = fc.dictionary(
      hostileName,
      fc.oneof(
        fc.string(),
        fc.constant(null),
        fc.json().map((json) => new Raw(json)),
      ),
    );
    fc.assert(
      fc.property(members, members, members, (data, before, metadata) =>
        acceptsOrSetsAside(Buffer.from(message({ data, before, metadata }))),
      ),
      { numRuns: 2_000 },
    );
  });

  test('nor on a valid message with one byte changed', () => {
    const bytes = Buffer.from(message());
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 0, max: 255 }), (place, value) => {
        const changed = Uint8Array.from(bytes);
        changed[place] = value;
        acceptsOrSetsAside(changed);
      }),
      { numRuns: 2_000 },
    );
  });

  test('nor at any depth of nesting', () => {
    for (let depth = 1; depth < 20_000; depth = Math.ceil(depth * 1.15)) {
      acceptsOrSetsAside(Buffer.from(message({ data: { x: new Raw('['.repeat(depth) + ']'.repeat(depth)) } })));
    }
  });

  test('keeps every integer and every decimal to its last digit', () => {
    const digits = fc.bigInt({ min: 1n, max: 10n ** 38n - 1n }).map(String);
    fc.assert(
      fc.property(digits, (integer) => {
        expect(changeOf(message({ data: { version: new Raw(integer) } })).row?.get('version')).toBe(integer);
        expect(changeOf(message({ data: { aggregation_param: new Raw(integer) } })).row?.get('aggregation_param')).toBe(
          integer,
        );
      }),
    );
  });
});

describe('a canonical value', () => {
  test('is its own canonical value, for every column of every table', () => {
    const columns = SOURCE_TABLES.flatMap((table) => Object.values(table.columns));
    const raw = fc.oneof(
      fc.string(),
      fc.constant(null),
      fc.bigInt().map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value.toFixed(12)),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    );
    fc.assert(
      fc.property(fc.constantFrom(...columns), raw, (column, value) => {
        const once = columnValue(column, value);
        if ('value' in once) expect(columnValue(column, once.value)).toEqual(once);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a row as text', () => {
  const rows = fc
    .array(fc.tuple(hostileName, fc.option(fc.string({ unit: 'grapheme' }))))
    .map((entries) => new Map(entries));

  test('comes back as it was, whatever its columns are called', () => {
    fc.assert(
      fc.property(rows, (row) => {
        expect(rowFromText(rowToText(row))).toEqual(row);
      }),
    );
  });

  test('is the same text for every order of its columns', () => {
    fc.assert(
      fc.property(rows, (row) => {
        expect(rowToText(new Map([...row].reverse()))).toBe(rowToText(row));
      }),
    );
  });
});
