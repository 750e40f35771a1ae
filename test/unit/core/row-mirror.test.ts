/** Which lanes of a batch fail when one request of the mirror fails, and that the others go on. */
import { describe, expect, test } from 'vitest';
import { RelayError } from '#core/error/relay-error.ts';
import { rowMirrorKey } from '#core/mirror/mirror-key.ts';
import { type RowLane, RowMirror } from '#core/mirror/row-mirror.ts';
import type { Item, ItemStore } from '#core/platform/item-store.ts';
import { metricGroups, metrics } from '#schemas/source/lph.ts';
import type { SourceTable } from '#schemas/source/source-table.ts';
import { Throttled } from '../../support/faulty-store.ts';
import { MemoryItemStore, MemoryTables } from '../../support/memory-item-store.ts';
import { at, COMMIT, row } from '../../support/registers.ts';
import { metricRow, type SourceRow } from '../../support/source-story.ts';

function lane(table: SourceTable, key: string, columns: SourceRow): RowLane {
  const change = { table, key: [key], operation: 'insert', row: row(columns), moment: at(1), commit: COMMIT } as const;
  return { key: rowMirrorKey(table, [key]), table, changes: [change] };
}

/** Two rows with back-links and one without. */
const metric = (id: string): RowLane => lane(metrics, id, metricRow(id, `metric${id}`));
const group = lane(metricGroups, '1', { id: '1', name: 'group' });

function mirrorOn(faults: Partial<ItemStore>): { mirror: RowMirror; rows: () => (string | undefined)[] } {
  const tables = new MemoryTables({ SourceRows: ['pk', 'sk'] });
  const store = new MemoryItemStore(tables);
  const faulty = new Proxy<ItemStore>(store, {
    get: (target, name) => faults[name as keyof ItemStore] ?? Reflect.get(target, name).bind(target),
  });
  const rows = () =>
    [...tables.table('SourceRows').values()].filter(({ sk }) => sk?.S === 'row').map(({ pk }) => pk?.S);
  return { mirror: new RowMirror(faulty, 'SourceRows', 7, () => 0), rows };
}

const reasonsOf = (results: readonly PromiseSettledResult<unknown>[]): readonly unknown[] =>
  results.map((result) => (result.status === 'rejected' ? result.reason : result.status));

describe('a request of the mirror that fails', () => {
  test('while the registers are read is the failure of every lane, and of nothing beyond them: apply itself does not throw', async () => {
    const fault = new Throttled('reads');
    const { mirror, rows } = mirrorOn({ getMany: async () => Promise.reject(fault) });
    expect(reasonsOf(await mirror.apply([metric('1'), group]))).toEqual([fault, fault]);
    expect(rows()).toEqual([]);
  });

  test('while back-links are written fails the lanes that need them; a row without one is stored', async () => {
    const fault = new Throttled('writes');
    const putMany = async (_: string, items: readonly Item[]): Promise<void> => {
      if (items.length > 0) throw fault;
    };
    const { mirror, rows } = mirrorOn({ putMany });
    expect(reasonsOf(await mirror.apply([metric('1'), group, metric('2')]))).toEqual([fault, 'fulfilled', fault]);
    expect(rows()).toEqual(['group#1']);
  });

  test('never happens for a key that DynamoDB cannot hold: its lane is refused before, the others are stored', async () => {
    const { mirror, rows } = mirrorOn({});
    const endless = 'x'.repeat(3_000);
    const results = await mirror.apply([
      lane(metricGroups, endless, { id: endless, name: 'group' }),
      lane(metrics, '3', metricRow('3', 'metric3', { metric_group_id: endless })),
      lane(metrics, '4', metricRow('4', endless)),
      metric('1'),
      group,
    ]);
    const [key, reference, name, ...others] = reasonsOf(results);
    for (const refused of [key, reference, name]) {
      expect(refused).toBeInstanceOf(RelayError);
      expect(refused).toMatchObject({ code: 'ITEM_REFUSED' });
    }
    expect(others).toEqual(['fulfilled', 'fulfilled']);
    expect(rows().sort()).toEqual(['group#1', 'metric#1']);
  });

  test('in a way that nobody foresaw, in a pure decision, sets the record aside instead of blocking its shard', async () => {
    const { mirror } = mirrorOn({});
    const broken = { ...group, changes: group.changes.map((change) => ({ ...change, moment: null as never })) };
    const [reason] = reasonsOf(await mirror.apply([metric('1'), broken]).then((results) => results.slice(1)));
    expect(reason).toMatchObject({ code: 'INVARIANT_BROKEN' });
  });
});
