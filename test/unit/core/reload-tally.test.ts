/** What a reload brought and what it did not, counted over the items of a row mirror. */
import { describe, expect, test } from 'vitest';
import { entityPartition, headKey, rowMirrorKey } from '#core/mirror/mirror-key.ts';
import { registerItem } from '#core/mirror/register-item.ts';
import type { RowRegister } from '#core/mirror/row-register.ts';
import { headItem, NEW_HEAD } from '#core/publication/metric-head.ts';
import { absentRecord } from '#core/reload/absent-record.ts';
import { ReloadTally } from '#core/reload/reload-tally.ts';
import { dimensions, metrics, SOURCE_TABLES } from '#schemas/source/lph.ts';
import type { SourceTable } from '#schemas/source/source-table.ts';
import { decode } from '../../support/dms-message.ts';
import { at, loadedAt, register, row } from '../../support/registers.ts';

const BEGAN = loadedAt(30).builtAt;

const item = (table: SourceTable, id: string, what: RowRegister) =>
  registerItem(rowMirrorKey(table, [id]), table.name, what, 1, 0);

function tallyOf(items: readonly ReturnType<typeof item>[], tables: readonly SourceTable[] = [metrics]): ReloadTally {
  const tally = new ReloadTally(SOURCE_TABLES, new Map(tables.map(({ name }) => [name, BEGAN])));
  for (const one of items) tally.take(one);
  return tally;
}

const metric = (id: string, moment = at(10), more: Partial<RowRegister> = {}) =>
  item(metrics, id, register({ id, name: `m${id}` }, moment, more));

describe('a row of the mirror', () => {
  test('is absent when nothing that is known of it is as new as the reload', () => {
    const { absent, live, brought } = tallyOf([metric('1'), metric('2', loadedAt(29))]).of('metrics');
    expect(absent.map(({ key }) => key)).toEqual([['1'], ['2']]);
    expect([live, brought]).toEqual([2, 0]);
  });

  test('is not absent when it was written since the reload began, although the reload did not bring it', () => {
    expect(tallyOf([metric('1', at(30)), metric('2', at(31))]).of('metrics')).toEqual({
      brought: 0,
      live: 2,
      absent: [],
    });
  });

  test('was brought when the reload had it, also when it was changed or deleted since', () => {
    const olderLoad = { row: row({ id: '2' }), builtAt: loadedAt(31).builtAt };
    const gone = item(metrics, '3', register(null, at(40), { olderLoad }));
    const { absent, live, brought } = tallyOf([metric('1', loadedAt(31)), metric('2', at(40), { olderLoad }), gone]).of(
      'metrics',
    );
    expect(absent).toEqual([]);
    expect([live, brought]).toEqual([2, 3]);
  });

  test('is nothing to a reload of another table, and neither is a tombstone', () => {
    const tombstone = item(metrics, '1', register(null, at(5)));
    expect(
      tallyOf([tombstone, item(dimensions, '9', register({ id: '9', name: 'c' }, at(1)))]).of('metrics').absent,
    ).toEqual([]);
    expect(tallyOf([metric('1')], [dimensions]).of('dimensions')).toEqual({ brought: 0, live: 0, absent: [] });
  });
});

test('a metric that consumers were told of is absent when the mirror has no row of it at all', () => {
  const told = headItem('7', { ...NEW_HEAD, fence: 1, publishedName: 'seven' });
  const displaced = headItem('8', { ...NEW_HEAD, fence: 1, displaced: { item: { name: { S: 'eight' } } } });
  const never = headItem('9', { ...NEW_HEAD, fence: 1 });
  const known = headItem('1', { ...NEW_HEAD, fence: 1, publishedName: 'm1' });
  expect(headKey('7').pk).toBe(entityPartition('metric', '7'));
  const tally = tallyOf([told, displaced, never, known, metric('1', loadedAt(31))]);
  expect(tally.of('metrics').absent.map(({ key }) => key)).toEqual([['7'], ['8']]);
});

test('the record of an absence is read back as what it was made of', () => {
  const { partitionKey, text } = absentRecord({ table: metrics, key: ['18446744073709551615'] }, BEGAN);
  expect(partitionKey).toBe('lph.metrics.18446744073709551615');
  const decoded = decode(text);
  expect(decoded).toMatchObject({
    kind: 'rows',
    changes: [{ operation: 'absent', key: ['18446744073709551615'], row: null, moment: { builtAt: BEGAN } }],
  });
});
