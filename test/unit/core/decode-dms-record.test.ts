/** What the decoder accepts, and what it refuses instead of guessing. */
import { describe, expect, test } from 'vitest';
import { RelayError } from '#core/error/relay-error.ts';
import { changeOf, changesOf, decode, type MessageParts, message, Raw } from '../../support/dms-message.ts';

function refusal(text: string | Uint8Array): RelayError {
  try {
    decode(text);
  } catch (error) {
    if (error instanceof RelayError) return error;
    throw error;
  }
  throw new Error('the message was accepted');
}

const inMetadata = (name: string, value: string | null | Raw | undefined): MessageParts => ({
  metadata: { [name]: value },
});
const inData = (name: string, value: string | null | Raw | undefined): MessageParts => ({ data: { [name]: value } });

describe('a data record', () => {
  test('becomes one row change with the key, every column as text, its position and its commit', () => {
    const change = changeOf(message());
    expect(change.table.name).toBe('metric_versions');
    expect(change.key).toEqual(['42', '3']);
    expect(change.operation).toBe('update');
    expect(change.row?.get('aggregation_style')).toBe('SUM');
    expect(change.row?.get('created_at')).toBe('2018-02-15T18:23:45.5Z');
    expect(change.moment).toEqual({
      builtAt: '2026-11-20T12:00:01.000000Z',
      position: { lineage: 'lph-1', transactionId: 21474836480n, recordId: 1n },
    });
    expect(change.commit).toEqual({ transactionId: '21474836480', committedAt: '2026-11-20T12:00:00Z' });
  });

  test('of a full load has no position, and the time it was built stands for its commit', () => {
    const change = changeOf(
      message({
        metadata: {
          operation: 'load',
          'transaction-id': undefined,
          'transaction-record-id': undefined,
          'commit-timestamp': undefined,
        },
      }),
    );
    expect(change.moment).toEqual({ builtAt: '2026-11-20T12:00:01.000000Z' });
    expect(change.commit).toEqual({ committedAt: '2026-11-20T12:00:01Z' });
  });

  test('that is a delete needs nothing but its key', () => {
    const change = changeOf(
      message({
        metadata: { operation: 'delete' },
        data: new Raw('{"metric_id":42,"version":3,"relay_lineage":"lph-1"}'),
      }),
    );
    expect(change).toMatchObject({ operation: 'delete', row: null, key: ['42', '3'] });
  });

  test('keeps 20-digit integers and long decimals to the last digit', () => {
    const change = changeOf(
      message({
        data: { metric_id: new Raw('18446744073709551615'), aggregation_param: new Raw('1234567890.0123456789') },
        metadata: {
          'transaction-id': new Raw('18446744073709551615'),
          'transaction-record-id': new Raw('9007199254740993'),
        },
      }),
    );
    expect(change.key[0]).toBe('18446744073709551615');
    expect(change.row?.get('aggregation_param')).toBe('1234567890.0123456789');
    expect(change.moment.position).toMatchObject({ transactionId: 18446744073709551615n, recordId: 9007199254740993n });
    expect(change.commit.transactionId).toBe('18446744073709551615');
  });

  test('tells NULL from the empty text', () => {
    const change = changeOf(message({ data: { deprecated_reason: '', deprecated_by: null } }));
    expect(change.row?.get('deprecated_reason')).toBe('');
    expect(change.row?.get('deprecated_by')).toBeNull();
  });

  test('keeps columns that are not declared, so that a later projection can use them, but not the lineage column', () => {
    const change = changeOf(message({ data: { unit: 'ms', rank: new Raw('7'), tags: new Raw('["a"]'), none: null } }));
    expect(change.row?.get('unit')).toBe('ms');
    expect(change.row?.get('rank')).toBe('7');
    expect(change.row?.get('tags')).toBe('["a"]');
    expect(change.row?.get('none')).toBeNull();
    expect(change.row?.has('relay_lineage')).toBe(false);
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'may have a column called %s, and that value anywhere',
    (name) => {
      const change = changeOf(
        message({
          data: new Raw(
            message({ data: { created_by: name } })
              .replace(/^\{"data":\{/, `{"${name}":"x",`)
              .split(',"metadata"')[0] ?? '',
          ),
        }),
      );
      expect(change.row?.get(name)).toBe('x');
      expect(change.row?.get('created_by')).toBe(name);
      expect(({} as Record<string, unknown>).x).toBeUndefined();
    },
  );

  test('whose hostile columns stand in for a declared one is refused, not completed from a prototype', () => {
    const text = '{"__proto__":{"metric_id":42,"version":3},"relay_lineage":"lph-1"}';
    expect(refusal(message({ data: new Raw(text) })).code).toBe('MISSING_COLUMN');
  });

  test('with metadata hidden in a prototype is refused', () => {
    const text =
      '{"data":{},"metadata":{"__proto__":{"record-type":"data","operation":"load","timestamp":"2026-11-20T12:00:01Z"}}}';
    expect(refusal(text).code).toBe('MALFORMED_RECORD');
  });
});

describe('an update of the primary key', () => {
  const moved = message({ before: { metric_id: new Raw('7') } });

  test('is a delete of the old key and an insert of the new one, both at one position', () => {
    const [gone, born, ...others] = changesOf(moved);
    expect(others).toEqual([]);
    expect(gone).toMatchObject({ operation: 'delete', key: ['7', '3'], row: null });
    expect(born).toMatchObject({ operation: 'insert', key: ['42', '3'] });
    expect(gone?.moment).toEqual(born?.moment);
  });

  test('is none when the before-image is empty, absent, or holds the same key', () => {
    for (const before of [{}, { metric_id: new Raw('42'), version: new Raw('3') }, new Raw('null')]) {
      expect(changesOf(message({ before }))).toHaveLength(1);
    }
  });

  test('with an old key that cannot be read is refused', () => {
    expect(refusal(message({ before: { metric_id: new Raw('4.5') } })).code).toBe('COLUMN_MISMATCH');
  });
});

describe('a control record', () => {
  const control = (text: string) => decode(text);

  test('is told apart without data and with an empty schema', () => {
    expect(
      control(
        '{"control":{},"metadata":{"timestamp":"2026-11-20T12:00:00Z","record-type":"control","operation":"create-table","schema-name":"","table-name":"metrics"}}',
      ),
    ).toEqual({ kind: 'control', operation: 'create-table', table: 'metrics' });
    expect(
      control('{"metadata":{"timestamp":"2026-11-20T12:00:00Z","record-type":"control","operation":"truncate-table"}}'),
    ).toEqual({
      kind: 'control',
      operation: 'truncate-table',
      table: '',
    });
  });

  test('announces tables of DMS itself, but a row of such a table is set aside: DMS failed to apply one of ours', () => {
    const own = { 'table-name': 'awsdms_apply_exceptions', 'schema-name': '' };
    const created = message({ metadata: { ...own, 'record-type': 'control', operation: 'create-table' } });
    expect(control(created)).toMatchObject({ kind: 'control', operation: 'create-table' });
    expect(() => control(message({ metadata: own }))).toThrow('is not declared');
  });
});

describe('refused', () => {
  test.each([
    ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d)],
    ['no bytes at all', new Uint8Array()],
    ['text that is not JSON', '{"data":'],
    ['JSON that is no object', '[]'],
    ['JSON null', 'null'],
    ['nesting deeper than the stack', '['.repeat(200_000) + ']'.repeat(200_000)],
    [
      'nesting deeper than the stack in a column',
      message({ data: { x: new Raw(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`) } }),
    ],
    ['no metadata', '{"data":{}}'],
    ['a record type that is neither data nor control', message(inMetadata('record-type', 'other'))],
    ['a time in another zone', message(inMetadata('timestamp', '2026-11-20T12:00:01+01:00'))],
    ['a transaction id with an exponent', message(inMetadata('transaction-id', new Raw('2e10')))],
    ['a transaction id below zero', message(inMetadata('transaction-id', new Raw('-1')))],
    ['a transaction id that is not whole', message(inMetadata('transaction-record-id', new Raw('1.5')))],
    ['a transaction id with 21 digits', message(inMetadata('transaction-id', new Raw('100000000000000000000')))],
    ['data that is a list', message({ data: new Raw('[1]') })],
    ['data that is null', message({ data: new Raw('null') })],
  ])('as MALFORMED_RECORD: %s', (_, text) => {
    expect(refusal(text).code).toBe('MALFORMED_RECORD');
  });

  test.each([
    ['a table that is not declared', 'table-name', 'customers'],
    ['a declared table of another schema', 'schema-name', 'other'],
    ['a table called __proto__', 'table-name', '__proto__'],
  ])('as UNKNOWN_TABLE: %s, with the declared ones in the reason', (_, member, value) => {
    const error = refusal(message(inMetadata(member, value)));
    expect(error.code).toBe('UNKNOWN_TABLE');
    expect(error.message).toContain('metric_versions');
    expect(error.message).toContain(value);
  });

  test('as UNKNOWN_OPERATION: what is neither load, insert, update nor delete', () => {
    expect(refusal(message(inMetadata('operation', 'upsert')))).toMatchObject({ code: 'UNKNOWN_OPERATION' });
    expect(refusal(message(inMetadata('operation', 'upsert'))).message).toContain('load, insert, update or delete');
  });

  test.each(['hybrid_formula', 'aggregation_style', 'metric_id'])(
    'as MISSING_COLUMN: no %s, also where it could be NULL',
    (column) => {
      const error = refusal(message(inData(column, undefined)));
      expect(error.code).toBe('MISSING_COLUMN');
      expect(error.message).toContain(`metric_versions.${column}`);
    },
  );

  test.each([
    ['transaction-id', inMetadata('transaction-id', undefined)],
    ['transaction-record-id', inMetadata('transaction-record-id', undefined)],
    ['lineage column', inData('relay_lineage', undefined)],
    ['text in the lineage column', inData('relay_lineage', '')],
    ['lineage that is not NULL', inData('relay_lineage', null)],
  ])('as MISSING_POSITION: a change without %s', (_, parts) => {
    expect(refusal(message(parts)).code).toBe('MISSING_POSITION');
  });

  test.each([
    ['NULL in a column that has none', inData('aggregation_style', null)],
    ['NULL in the key', inData('version', null)],
    ['a member that the ENUM does not have', inData('aggregation_style', 'MEDIAN')],
    ['a member that is an object property', inData('aggregation_style', 'constructor')],
    ['an integer with a fraction', inData('version', new Raw('3.0'))],
    ['an integer with an exponent', inData('version', new Raw('3e2'))],
    ['an integer that is text', inData('version', 'three')],
    ['an integer beyond every DynamoDB number', inData('metric_id', new Raw('1'.repeat(39)))],
    ['a decimal with an exponent', inData('aggregation_param', new Raw('1.5e-7'))],
    ['a decimal beyond every DynamoDB number', inData('aggregation_param', new Raw(`0.${'1'.repeat(39)}`))],
    ['a list', inData('created_by', new Raw('["ada"]'))],
    ['a truth value', inData('created_by', new Raw('true'))],
    ['an object', inData('hybrid_formula', new Raw('{}'))],
    ['a date-time that is none', inData('created_at', 'yesterday')],
    ['text that is no Unicode', inData('created_by', new Raw('"\\ud800"'))],
  ])('as COLUMN_MISMATCH: %s', (_, parts) => {
    expect(refusal(message(parts)).code).toBe('COLUMN_MISMATCH');
  });

  test.each([
    ['empty', ''],
    ['longer than a key can be', '#'.repeat(256)],
    ['like the place where we put the mark of a deletion', '\u0000metric#42'],
  ])('as COLUMN_MISMATCH: a metric name that is %s, because names become keys', (_, name) => {
    const data = `{"id":1,"name":${JSON.stringify(name)},"relay_lineage":"lph-1","value_type":"SCALAR","metric_group_id":1,"chained_metric_id":null,"chain_cutoff_date":null,"created_at":"2018-02-15T18:23:45Z","created_by":"ada","updated_at":"2018-02-15T18:23:45Z"}`;
    expect(refusal(message({ data: new Raw(data), metadata: { 'table-name': 'metrics' } })).code).toBe(
      'COLUMN_MISMATCH',
    );
  });

  test('without the value in the reason: reasons are logged, values are not', () => {
    expect(refusal(message(inData('aggregation_style', 'SECRET'))).message).not.toContain('SECRET');
    expect(refusal(message(inData('created_at', 'SECRET'))).message).not.toContain('SECRET');
  });
});
