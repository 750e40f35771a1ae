/** The simulated source does what MySQL does, above all where MySQL says nothing. */
import { describe, expect, test } from 'vitest';
import { SourceDatabase } from '#simulator/source/source-database.ts';
import { rowKey } from '#simulator/source/table-constraints.ts';
import type { WriteTransaction } from '#simulator/source/write-transaction.ts';

const metric = (id: string, name: string, more: Record<string, string | null> = {}) => ({
  id,
  name,
  value_type: 'SCALAR',
  metric_group_id: '1',
  ...more,
});

function database(write?: (transaction: WriteTransaction) => void): SourceDatabase {
  const made = new SourceDatabase();
  made.transaction(0, (transaction) => {
    transaction.insert('metric_groups', { id: '1', name: 'group' });
    transaction.insert('metrics', metric('1', 'A'));
    transaction.insert('metrics', metric('2', 'B', { chained_metric_id: '1' }));
    for (const id of ['1', '2'])
      transaction.insert('metric_versions', { metric_id: id, version: '1', aggregation_style: 'SUM' });
    transaction.insert('metric_relationships', { consumed_metric_id: '1', consumer_metric_id: '2' });
  });
  if (write) made.transaction(1, write);
  return made;
}

const lastChanges = ({ commits }: SourceDatabase): readonly string[] =>
  (commits.at(-1)?.changes ?? []).map(({ table, operation, row }) => `${operation} ${table} ${rowKey(table, row)}`);

describe('a foreign key', () => {
  test('deletes the children and forgets the references of a deleted row, and the binlog has the parent alone', () => {
    const source = database((transaction) => transaction.delete('metrics', '1'));
    expect(lastChanges(source)).toEqual(['delete metrics 1']);
    expect([...source.rows('metric_versions').keys()]).toEqual(['2|1']);
    expect(source.rows('metric_relationships').size).toBe(0);
    expect(source.rows('metrics').get('2')?.get('chained_metric_id')).toBeNull();
  });

  test.each<[string, (transaction: WriteTransaction) => void]>([
    [
      'a row without its parent',
      (transaction) => transaction.insert('metric_versions', { metric_id: '9', version: '1' }),
    ],
    ['to delete a group that metrics are in', (transaction) => transaction.delete('metric_groups', '1')],
    ['another id for a metric with rows', (transaction) => transaction.update('metrics', '1', { id: '5' })],
    ['a second row of one name', (transaction) => transaction.update('metrics', '1', { name: 'renamed' })],
    ['a second row of one key', (transaction) => transaction.insert('metrics', metric('1', 'C'))],
    ['a key that is taken', (transaction) => transaction.update('metric_versions', '1|1', { metric_id: '2' })],
    ['a reference to nobody', (transaction) => transaction.update('metrics', '1', { chained_metric_id: '9' })],
  ])('refuses %s, and the whole transaction leaves nothing', (_, write) => {
    const source = database();
    const before = new Map(source.rows('metrics'));
    source.transaction(1, (transaction) => {
      transaction.update('metrics', '2', { name: 'renamed' });
      write(transaction);
    });
    expect(source.refused).toBe(1);
    expect(source.commits).toHaveLength(1);
    expect(source.rows('metrics')).toEqual(before);
  });
});

describe('a transaction', () => {
  test('that is rolled back leaves the rows as they were, cascades included, and no commit', () => {
    const source = database((transaction) => {
      transaction.delete('metrics', '1');
      transaction.insert('metrics', metric('1', 'A'));
      transaction.rollBack();
    });
    expect(source.commits).toHaveLength(1);
    expect(source.rolledBack).toBe(1);
    expect(source.rows('metric_versions').size).toBe(2);
    expect(source.rows('metrics').get('2')?.get('chained_metric_id')).toBe('1');
  });

  test('that changes nothing is not in the binlog', () => {
    const source = database((transaction) => transaction.update('metrics', '1', { name: 'A' }));
    expect(source.commits).toHaveLength(1);
  });

  test('that throws something unforeseen is undone, and the error comes through', () => {
    const source = database();
    const write = (transaction: WriteTransaction): never => {
      transaction.delete('metrics', '1');
      throw new TypeError('a mistake of the writer');
    };
    expect(() => source.transaction(1, write)).toThrow(TypeError);
    expect(source.rows('metrics').size).toBe(2);
  });

  test('may move a key that nobody refers to, in one record with the row before', () => {
    const source = database((transaction) => transaction.update('metric_versions', '1|1', { version: '4' }));
    const change = source.commits.at(-1)?.changes[0];
    expect([change?.operation, change?.before?.get('version'), change?.row.get('version')]).toEqual([
      'update',
      '1',
      '4',
    ]);
    expect([...source.rows('metric_versions').keys()].sort()).toEqual(['1|4', '2|1']);
  });
});

describe('REPLACE', () => {
  test('of a row that others refer to deletes all in its way with their children, then inserts', () => {
    const source = database((transaction) => transaction.replace('metrics', metric('1', 'B')));
    expect(lastChanges(source)).toEqual(['delete metrics 1', 'delete metrics 2', 'insert metrics 1']);
    expect(source.rows('metric_versions').size).toBe(0);
  });

  test('of a row that nobody refers to is an update', () => {
    const source = database((transaction) =>
      transaction.replace('metric_versions', { metric_id: '1', version: '1', aggregation_style: 'PERCENTILE' }),
    );
    expect(lastChanges(source)).toEqual(['update metric_versions 1|1']);
  });
});

describe('the binlog', () => {
  test('numbers its transactions upwards through its files, also where text would say the opposite', () => {
    const source = database();
    for (let edit = 0; edit < 100; edit++) {
      source.transaction(edit, (transaction) => transaction.update('metrics', '1', { name: `A${edit}` }));
    }
    const numbers = source.commits.map(({ transactionId }) => transactionId);
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => (one < other ? -1 : 1)));
    expect(numbers).not.toEqual([...numbers].sort());
    expect(new Set(numbers.map((number) => number >> 32n)).size).toBeGreaterThan(3);
  });

  test('of a clone begins again at file 1 under another lineage, with the same rows', () => {
    const source = database();
    const rows = new Map(source.rows('metrics'));
    source.failOver(5, true);
    source.transaction(6, (transaction) => transaction.update('metrics', '1', { name: 'C' }));
    expect(source.commits.map(({ lineage, transactionId }) => [lineage, transactionId >> 32n])).toEqual([
      ['lph-1', 2n],
      ['lph-1-clone-2', 1n],
      ['lph-1-clone-2', 1n],
    ]);
    expect(source.rows('metrics').get('2')).toEqual(rows.get('2'));
  });

  test('carries an added column in the rows of later commits only', () => {
    const source = database();
    source.addColumn(5, 'metrics', '__proto__');
    source.transaction(6, (transaction) => transaction.update('metrics', '1', { ['__proto__']: 'x' }));
    const [first, altered, later] = source.commits;
    expect(first?.changes[1]?.row.has('__proto__')).toBe(false);
    expect(altered?.alteration).toEqual({ table: 'metrics', column: '__proto__' });
    expect([...(later?.changes[0]?.row ?? [])].at(-1)).toEqual(['__proto__', 'x']);
    expect(source.rows('metrics').get('2')?.get('__proto__')).toBeNull();
  });
});
