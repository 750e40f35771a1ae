// The sample, the product's writes and the independent statement of the items, on a real server.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PrivateDatabase, startPrivateDatabase } from '#local/database/private-database.ts';
import { expectedItems, itemKey, type PlainItem } from '#sample/expected-items.ts';
import { createSchema, loadSample } from '#sample/load-sample.ts';
import { productWriter } from '#sample/product-writes.ts';
import { WRITE_KINDS } from '#sample/write-kinds.ts';

let directory: string;
let database: PrivateDatabase;
let connection: Connection;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sample-database-'));
  database = await startPrivateDatabase({ dataDirectory: directory, log: () => {} });
  connection = await createConnection({ uri: database.url });
  await createSchema(connection);
});
afterAll(async () => {
  await connection.end();
  await database.stop();
  await rm(directory, { recursive: true, force: true });
});

const plain = (item: PlainItem | undefined) => Object.fromEntries([...(item ?? [])].sort());

it('the expected items are those of the specification, attribute by attribute', async () => {
  const at = "'2018-02-15 18:23:45.500000', 'anna'";
  for (const statement of [
    `INSERT INTO metric_groups VALUES (1, 'hybrids', ${at}), (2, 'packages', ${at})`,
    `INSERT INTO dimensions VALUES (1, 'country', ${at}), (2, 'Äpfel', ${at})`,
    'INSERT INTO dimensions_metric_groups VALUES (1, 2), (2, 2)',
    `INSERT INTO metrics VALUES (7, 'packages', 'PERCENTILE', 2, NULL, NULL, ${at}, NOW(6)),
       (9007199254740993, 'ratio', 'HYBRID', 1, 7, '2020-01-01 00:00:00', ${at}, NOW(6))`,
    `INSERT INTO metric_versions VALUES (7, 1, 'SUM', NULL, NULL, '2019-01-01 00:00:00.000000', 'bo', NULL, NULL, NULL),
       (7, 10, 'PERCENTILE', 0.9500000000, NULL, '2019-01-02 00:00:00.120000', 'bo', '2019-01-02 00:00:00.120000', 'cy', 'old'),
       (9007199254740993, 2, 'SUM', 100, 'a / b', '2019-01-01 00:00:00.000001', 'bo', NULL, NULL, NULL)`,
    'INSERT INTO metric_relationships VALUES (7, 9007199254740993)',
  ]) {
    await connection.query(statement);
  }
  const items = await expectedItems(connection);
  const deprecated = { deprecatedAt: '2019-01-02T00:00:00.12Z', deprecatedBy: 'cy', deprecatedReason: 'old' };
  const packages = { name: 'packages', metricId: '7', valueType: 'PERCENTILE' };
  const tenth = {
    ...packages,
    ...deprecated,
    aggregationStyle: 'PERCENTILE',
    aggregationParam: '0.95',
    updatedAt: '2019-01-02T00:00:00.12Z',
    updatedBy: 'bo',
    relatedDimensions: ['country', 'Äpfel'],
  };
  const created = { createdAt: '2018-02-15T18:23:45.5Z', createdBy: 'anna' };
  const ratio = {
    ...{
      name: 'ratio',
      metricId: '9007199254740993',
      valueType: 'HYBRID',
      aggregationStyle: 'SUM',
      aggregationParam: '100',
    },
    ...{
      hybridFormula: 'a / b',
      chainedMetric: 'packages',
      chainCutoffDate: '2020-01-01T00:00:00Z',
      consumedMetrics: ['packages'],
    },
    ...{ updatedAt: '2019-01-01T00:00:00.000001Z', updatedBy: 'bo' },
  };
  expect([...items.keys()].sort()).toEqual([
    itemKey('packages', '0'),
    itemKey('packages', '1'),
    itemKey('packages', '10'),
    itemKey('ratio', '0'),
    itemKey('ratio', '2'),
  ]);
  expect(plain(items.get(itemKey('packages', '1')))).toEqual({
    ...packages,
    version: '1',
    aggregationStyle: 'SUM',
    updatedAt: '2019-01-01T00:00:00Z',
    updatedBy: 'bo',
  });
  expect(plain(items.get(itemKey('packages', '10')))).toEqual({ ...tenth, version: '10' });
  expect(plain(items.get(itemKey('packages', '0')))).toEqual({
    ...tenth,
    ...created,
    version: '0',
    latestVersion: '10',
  });
  expect(plain(items.get(itemKey('ratio', '2')))).toEqual({ ...ratio, version: '2' });
  expect(plain(items.get(itemKey('ratio', '0')))).toEqual({ ...ratio, ...created, version: '0', latestVersion: '2' });
  for (const table of ['metrics', 'metric_groups', 'dimensions']) await connection.query(`DELETE FROM ${table}`);
});

it('every kind of write can be made on the sample, ends later in the binlog than the one before, and leaves no metric incomplete', async () => {
  await loadSample(connection);
  const writer = productWriter(connection, 3);
  let end = 0n;
  const kinds = [...WRITE_KINDS.map(({ kind }) => kind), ...Array.from({ length: 150 }, () => undefined)];
  for (const kind of kinds) {
    const write = await writer.write(kind);
    expect(write.rows, write.kind).toBeGreaterThan(0);
    for (const { endPosition } of write.transactions) {
      expect(endPosition).toBeGreaterThan(end);
      end = endPosition;
    }
    if (kind === 'create-primitive' || kind === 'recreate') expect(write.transactions.length).toBe(2);
  }
  const [incomplete] = await connection.query(`
    SELECT m.name FROM metrics m WHERE NOT EXISTS (SELECT 1 FROM metric_versions v WHERE v.metric_id = m.id)
        OR (m.value_type = 'HYBRID' AND NOT EXISTS (SELECT 1 FROM metric_relationships r WHERE r.consumer_metric_id = m.id))
        OR (m.value_type <> 'HYBRID' AND NOT EXISTS (SELECT 1 FROM dimensions_metric_groups d WHERE d.metric_group_id = m.metric_group_id))`);
  expect(incomplete).toEqual([]);
});
