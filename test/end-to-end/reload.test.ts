/** Two disasters that a reload mends: rows that changed while nobody listened, and a row mirror that is lost. Told to a running pipeline by the command. */
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXIT } from '#cli/exit-code.ts';
import { socketPath } from '#local/database/data-directory.ts';
import { differences, settled } from './support/laws.ts';
import { type RelayUnderTest, startRelayUnderTest } from './support/relay-under-test.ts';

let pipeline: RelayUnderTest;
/** Writes that reach no binlog, as if capture had been elsewhere. */
let unheard: Connection;

beforeAll(async () => {
  pipeline = await startRelayUnderTest(30);
  unheard = await createConnection({
    socketPath: socketPath(join(pipeline.directory, 'mysql')),
    user: userInfo().username,
    database: 'lph',
  });
  await unheard.query('SET SESSION sql_log_bin = 0');
});

afterAll(async () => {
  await unheard?.end().catch(() => {});
  await pipeline?.stop();
});

async function ids(sql: string): Promise<number[]> {
  const [rows] = await pipeline.source.connection.query(sql);
  return (rows as { id: unknown }[]).map(({ id }) => Number(id));
}

/** Primitive metrics that no hybrid consumes: their end leaves nobody incomplete, which would be told only after the grace period. */
const lonelyMetrics = () =>
  ids(`SELECT id FROM metrics WHERE value_type <> 'HYBRID'
       AND id NOT IN (SELECT consumed_metric_id FROM metric_relationships) ORDER BY id`);

/** A dimension that is nobody's only one. */
const spareDimension = async () =>
  (
    await ids(`SELECT l.dimension_id AS id FROM dimensions_metric_groups l JOIN dimensions_metric_groups o USING (metric_group_id)
               GROUP BY l.dimension_id HAVING COUNT(*) > COUNT(DISTINCT l.metric_group_id) AND MIN(
                 (SELECT COUNT(*) FROM dimensions_metric_groups g WHERE g.metric_group_id = l.metric_group_id)) > 1 LIMIT 1`)
  )[0];

interface Reloaded {
  readonly headsWritten: number;
  readonly tables: readonly { readonly table: string; readonly rows: number; readonly absent: number }[];
}

const reloadAll = (): Promise<Reloaded> => pipeline.relay(EXIT.ok, 'reload', '--all');

test('rows that were deleted, changed and made unheard: the items are those of the source again, and each change is one event', async () => {
  const { tables, subscriber } = pipeline;
  const before = await tables.revisions();
  const [gone, moved, changed] = (await lonelyMetrics()) as [number, number, number];
  await unheard.query('DELETE FROM metrics WHERE id = ?', [gone]);
  await unheard.query("UPDATE metrics SET name = 'renamed_unheard' WHERE id = ?", [moved]);
  await unheard.query('DELETE FROM dimensions WHERE id = ?', [await spareDimension()]);
  await unheard.query("UPDATE metric_versions SET created_by = 'unheard' WHERE metric_id = ?", [changed]);
  expect(await differences(pipeline)).not.toEqual([]);

  const told = await reloadAll();
  await settled(pipeline);
  expect(told.headsWritten).toBe(0);
  const absent = new Map(told.tables.map((one) => [one.table, one.absent]));
  expect(absent.get('metrics')).toBe(1);
  expect(absent.get('dimensions')).toBe(1);
  const next = (id: number): number => Number(before.get(String(id)) ?? 0n) + 1;
  const [deleted] = await subscriber.awaitRevisions(gone, next(gone), next(gone));
  expect(deleted?.data.change).toBe('DELETED');
  const [renamed] = await subscriber.awaitRevisions(moved, next(moved), next(moved));
  expect(renamed?.data).toMatchObject({ change: 'RENAMED', name: 'renamed_unheard' });

  const again = await reloadAll();
  expect(again.tables.map((one) => one.absent)).toEqual(again.tables.map(() => 0));
});

test('a row mirror that is lost: revisions go on, what nobody heard is told, and what did not change is not', async () => {
  const { source, tables, subscriber } = pipeline;
  const before = await tables.revisions();
  const quiet = subscriber.deliveries.length;
  const lost = await tables.lose('SourceRowsTable');
  expect(lost).toBeGreaterThan(100);
  const [gone, moved, later] = (await lonelyMetrics()).slice(-3) as [number, number, number];
  const users = await usersOf([gone, moved]);
  await unheard.query('DELETE FROM metrics WHERE id = ?', [gone]);
  await unheard.query("UPDATE metrics SET name = 'renamed_after_the_loss' WHERE id = ?", [moved]);

  const told = await reloadAll();
  await settled(pipeline);
  expect(told.headsWritten).toBe((await tables.revisions()).size);
  const next = (id: number): number => Number(before.get(String(id)) ?? 0n) + 1;
  const [deleted] = await subscriber.awaitRevisions(gone, next(gone), next(gone));
  expect(deleted?.data.change).toBe('DELETED');
  const [renamed] = await subscriber.awaitRevisions(moved, next(moved), next(moved));
  expect(renamed?.data).toMatchObject({ change: 'RENAMED', name: 'renamed_after_the_loss' });
  await source.transaction(
    `UPDATE metric_versions SET created_by = 'heard' WHERE metric_id = ${later} ORDER BY version DESC LIMIT 1`,
  );
  await subscriber.awaitRevisions(later, next(later), next(later));
  // Those that name a renamed or deleted metric changed as well; nobody else did.
  const expected = new Set([gone, moved, later].map(String).concat(users));
  const others = subscriber.deliveries.slice(quiet).filter(({ detail }) => !expected.has(detail.data.metricId));
  expect(others.map(({ text }) => text)).toEqual([]);
});

/** Metrics that chain to one of these: their items hold its name. */
async function usersOf(of: readonly number[]): Promise<string[]> {
  return (await ids(`SELECT id FROM metrics WHERE chained_metric_id IN (${of.join()})`)).map(String);
}
