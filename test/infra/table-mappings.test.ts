import { describe, expect, test } from 'vitest';
import { tableMappings } from '#infra/dms/table-mappings.ts';
import { LINEAGE_COLUMN, SOURCE_SCHEMA, SOURCE_TABLES } from '#schemas/source/lph.ts';
import type { SourceTable } from '#schemas/source/source-table.ts';

const orders: SourceTable = {
  name: 'orders',
  key: ['id'],
  columns: {
    id: { kind: 'integer', sqlType: 'BIGINT UNSIGNED' },
    parent_id: { kind: 'integer', sqlType: 'bigint', nullable: true },
    lines: { kind: 'integer', sqlType: 'INT UNSIGNED' },
    total: { kind: 'decimal', sqlType: 'DECIMAL(20,10)' },
    note: { kind: 'text', sqlType: 'TEXT' },
    placed_at: { kind: 'datetime', sqlType: 'DATETIME(6)' },
  },
  references: [],
  aggregate: { entity: 'order', column: 'id' },
  loadOrder: 7,
};

const of = (tables: readonly SourceTable[], lineage = 'shop-1') =>
  tableMappings({ schema: 'shop', tables, lineageColumn: 'lineage', lineage }).rules;
const acting = (action: string, tables: readonly SourceTable[] = [orders]) =>
  of(tables).filter((rule) => rule['rule-action'] === action);

describe('the table mappings follow the declaration', () => {
  test('a declared table is selected by its name, in its load order', () => {
    expect(acting('include')).toEqual([
      {
        'rule-type': 'selection',
        'rule-id': '1',
        'rule-name': 'select-orders',
        'rule-action': 'include',
        'object-locator': { 'schema-name': 'shop', 'table-name': 'orders' },
        'load-order': '7',
      },
    ]);
  });

  test('a table that is no longer declared is no longer mentioned', () => {
    expect(of([{ ...orders, name: 'invoices' }]).map((rule) => rule['object-locator']['table-name'])).not.toContain(
      'orders',
    );
    expect(of([])).toEqual([]);
  });

  test('another load order changes the load order', () => {
    expect(acting('include', [{ ...orders, loadOrder: 9 }])[0]?.['load-order']).toBe('9');
  });

  test('64-bit integers and decimals travel as text, smaller integers and the rest as they are', () => {
    const asText = acting('change-data-type').map((rule) => [rule['object-locator']['column-name'], rule['data-type']]);
    expect(asText).toEqual([
      ['id', { type: 'string', length: '20', scale: '' }],
      ['parent_id', { type: 'string', length: '20', scale: '' }],
      ['total', { type: 'string', length: '68', scale: '' }],
    ]);
  });

  test('a column declared later gets its rule', () => {
    const columns = { ...orders.columns, tax: { kind: 'decimal', sqlType: 'DECIMAL(10,2)' } } as const;
    expect(acting('change-data-type', [{ ...orders, columns }]).map((rule) => rule['rule-name'])).toContain(
      'text-orders-tax',
    );
  });

  test('every row carries its lineage as an SQL literal', () => {
    expect(acting('add-column')[0]).toMatchObject({
      'rule-target': 'column',
      'object-locator': { 'table-name': 'orders' },
      value: 'lineage',
      expression: "'shop-1'",
    });
  });

  test('load and change records of a row share a partition key', () => {
    expect(acting('map-record-to-record')[0]?.['mapping-parameters']).toEqual({ 'partition-key-type': 'primary-key' });
  });

  test('a lineage that would break out of the literal is refused with what is allowed', () => {
    expect(() => of([orders], "x' || 'y")).toThrow(/binlog lineage "x' \|\| 'y".*Allowed are a-z, 0-9 and -/);
  });
});

describe('the mappings of lph', () => {
  const { rules } = tableMappings({
    schema: SOURCE_SCHEMA,
    tables: SOURCE_TABLES,
    lineageColumn: LINEAGE_COLUMN,
    lineage: 'lph-1',
  });

  test('rule ids and names are unique', () => {
    expect(new Set(rules.map((rule) => rule['rule-id'])).size).toBe(rules.length);
    expect(new Set(rules.map((rule) => rule['rule-name'])).size).toBe(rules.length);
  });

  test('no rule has a wildcard, so an undeclared table is never copied', () => {
    expect(JSON.stringify(rules)).not.toContain('%');
  });

  test('what a metric refers to is loaded before the metric', () => {
    const order = new Map(
      rules.map((rule) => [rule['object-locator']['table-name'], Number(rule['load-order'])]).slice(0, 6) as [
        string,
        number,
      ][],
    );
    const loaded = [...order].sort(([, one], [, other]) => other - one).map(([table]) => table);
    expect(loaded).toEqual([
      'dimensions',
      'metric_groups',
      'dimensions_metric_groups',
      'metric_versions',
      'metric_relationships',
      'metrics',
    ]);
  });

  test.each(SOURCE_TABLES)('$name: every key and reference that is a 64-bit integer is exact', (table) => {
    const exact = rules
      .filter(
        (rule) => rule['rule-action'] === 'change-data-type' && rule['object-locator']['table-name'] === table.name,
      )
      .map((rule) => rule['object-locator']['column-name']);
    const needed = [...table.key, ...table.references.map(({ column }) => column)].filter((column) =>
      table.columns[column]?.sqlType.startsWith('BIGINT'),
    );
    expect(exact).toEqual(expect.arrayContaining(needed));
    expect(needed.length).toBeGreaterThan(0);
  });
});
