/** What the mirror writes for a row, and in which order: back-links first, a tombstone that lasts as long as a replay can reach, one register at a time. */
import { expect, test } from 'vitest';
import type { RowChange } from '#core/change/row-change.ts';
import { keyText, rowMirrorKey } from '#core/mirror/mirror-key.ts';
import { RowMirror } from '#core/mirror/row-mirror.ts';
import { dimensions, metricGroups, metrics, metricVersions, SOURCE_TABLES } from '#schemas/source/lph.ts';
import { crashAt } from '../../support/crash-points.ts';
import { MemoryItemStore, MemoryTables } from '../../support/memory-item-store.ts';
import { at, change } from '../../support/registers.ts';
import { metricRow, versionRow } from '../../support/source-story.ts';

const NOW_MS = 1_000_000_500;
const TOMBSTONE_DAYS = 7;
const ROW = 'metric#1\u0001row';

function mirrorWith(gate?: () => Promise<void>) {
  const tables = new MemoryTables({ SourceRows: ['pk', 'sk'] });
  const rows = tables.table('SourceRows');
  const mirrorOf = (pass?: () => Promise<void>): RowMirror =>
    new RowMirror(new MemoryItemStore(tables, pass), 'SourceRows', TOMBSTONE_DAYS, () => NOW_MS);
  const apply = (mirror: RowMirror, ...changes: readonly RowChange[]) =>
    mirror.apply([{ key: rowMirrorKey(metrics, ['1']), table: metrics, changes }]);
  return { rows, mirrorOf, apply, mirror: mirrorOf(gate) };
}

const insertion = change('insert', at(1), metricRow('1', 'packages', { chained_metric_id: '7' }));

test('a row is never there without its back-links, wherever the worker dies', async () => {
  for (let operation = 1; ; operation++) {
    const { gate, crashed } = crashAt(operation);
    const { rows, mirror, apply } = mirrorWith(gate);
    await apply(mirror, insertion);
    const links = [...rows.values()].flatMap(({ sk, pk }) => (sk?.S === 'usedBy#metric#1' ? [pk?.S] : []));
    if (rows.has(ROW)) expect(links.sort(), `dead at ${operation}`).toEqual(['group#1', 'metric#7', 'name#packages']);
    if (!crashed()) break;
  }
});

test('a delete leaves a tombstone for its days, in seconds, and a row that is live does not expire', async () => {
  const { rows, mirror } = mirrorWith();
  const versionRowKey = rowMirrorKey(metricVersions, ['1', '2']);
  const stored = async (operation: 'insert' | 'delete', second: number) => {
    const one = { ...change(operation, at(second), versionRow('1', '2')), table: metricVersions, key: ['1', '2'] };
    await mirror.apply([{ key: versionRowKey, table: metricVersions, changes: [one] }]);
    return rows.get(keyText(versionRowKey).replace('\u0000', '\u0001'));
  };
  expect((await stored('insert', 1))?.expiresAt).toBeUndefined();
  const tombstone = await stored('delete', 2);
  expect(tombstone).toMatchObject({ expiresAt: { N: String(1_000_000 + TOMBSTONE_DAYS * 86_400) } });
  expect(tombstone?.row).toBeUndefined();
});

test('what others point to is never forgotten: cascaded rows lie in the mirror for ever, and only its death says that they are gone', async () => {
  const { rows, mirror, apply } = mirrorWith();
  await apply(mirror, insertion);
  await apply(mirror, change('delete', at(2)));
  expect(rows.get(ROW)).toMatchObject({ death: expect.anything() });
  expect(rows.get(ROW)?.row).toBeUndefined();
  expect(rows.get(ROW)?.expiresAt).toBeUndefined();
  const pointedTo = new Set(SOURCE_TABLES.flatMap(({ references }) => references.map(({ table }) => table)));
  expect(pointedTo).toEqual(new Set([metrics, dimensions, metricGroups].map(({ name }) => name)));
});

test('two workers on one row: the one that read before the other one wrote folds again, and loses nothing', async () => {
  const { rows, mirror, mirrorOf, apply } = mirrorWith();
  await apply(mirror, insertion);
  const newest = change('update', at(9), metricRow('1', 'newest', { chained_metric_id: '7' }));
  const older = change('update', at(5), metricRow('1', 'older', { chained_metric_id: '7' }));
  let operations = 0;
  const slow = mirrorOf(async () => {
    // Before the write of the slow one, after its read: the other one is quicker.
    if (++operations > 1 && !rows.get(ROW)?.row?.S?.includes('newest')) await apply(mirrorOf(), newest);
  });
  const [outcome] = await apply(slow, older);
  expect(rows.get(ROW)?.row?.S).toContain('newest');
  expect(outcome).toMatchObject({ status: 'fulfilled', value: { placements: ['stale'] } });
  expect(rows.get(ROW)?.writes).toEqual({ N: '2' });
});
