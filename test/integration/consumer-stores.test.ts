// The stores of the consumer kit on DynamoDB Local, MariaDB and SQLite: several workers at the same time, every event twice or more, in any
// order, leave the copy as the Metrics table is. Each database decides what is newer itself.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CreateTableCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { createPool, type Pool, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyIfNewer } from '#consumer/apply-if-newer.ts';
import { fetchFromDynamoDb } from '#consumer/fetch-from-dynamodb.ts';
import type { MetricState, MetricStore } from '#consumer/metric-state.ts';
import { delivered, sampleEvent } from '#consumer/sample-events.ts';
import { DynamoDbMetricStore, stateOfItem } from '#consumer/stores/dynamodb.ts';
import { type SqlExecute, SqlMetricStore } from '#consumer/stores/sql.ts';
import { type PrivateDatabase, startPrivateDatabase } from '#local/database/private-database.ts';
import type { MetricChanged } from '#schemas/metric-changed.ts';
import { asClaimCheck, tableMetrics, worldOf } from '../support/consumer-world.ts';
import { type RealDynamoDb, startRealDynamoDb } from '../support/real-dynamodb.ts';

interface Copy {
  /** False where two inserts of one revision at the same moment are both told as written: see sql.ts. */
  readonly isExact: boolean;
  readonly store: MetricStore;
  /** Everything that is kept, tombstones included. */
  states(): Promise<readonly MetricState[]>;
}

type Row = Readonly<Record<string, unknown>>;

let directory: string;
let dynamoDb: RealDynamoDb;
let database: PrivateDatabase;
const pools: Pool[] = [];
let tables = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'consumer-stores-'));
  [dynamoDb, database] = await Promise.all([
    startRealDynamoDb(),
    startPrivateDatabase({ dataDirectory: directory, log: () => {} }),
  ]);
  // mysql2 counts found rows unless it is told not to; both are common, and both must be understood.
  for (const flags of [[], ['-FOUND_ROWS']]) pools.push(createPool({ uri: database.url, connectionLimit: 4, flags }));
});
afterAll(async () => {
  for (const pool of pools) await pool.end();
  await database.stop();
  await dynamoDb.stop();
  await rm(directory, { recursive: true, force: true });
});

async function dynamoDbCopy(): Promise<Copy> {
  const table = `Copy${++tables}`;
  await dynamoDb.client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'metricId', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'metricId', KeyType: 'HASH' }],
    }),
  );
  return {
    isExact: true,
    store: new DynamoDbMetricStore(dynamoDb.client, table),
    states: async () => {
      const { Items } = await dynamoDb.client.send(new ScanCommand({ TableName: table, ConsistentRead: true }));
      return (Items ?? []).map(stateOfItem);
    },
  };
}

async function sqlCopy(dialect: 'mysql' | 'sqlite', execute: SqlExecute, isExact = true): Promise<Copy> {
  const table = `metric_copy_${++tables}`;
  const valueType = (state: MetricState): string | null => (state.deleted ? null : state.metric.valueType);
  const store = new SqlMetricStore({
    execute,
    dialect,
    table,
    columns: [{ name: 'value_type', type: 'VARCHAR(30)', value: valueType }],
  });
  await store.createTable();
  await store.createTable(); // a second start
  return {
    isExact,
    store,
    states: async () => (await execute(`SELECT * FROM ${table}`, [])).rows.map(stateOfRow),
  };
}

function stateOfRow(row: Row): MetricState {
  const metricId = String(row.metric_id);
  const state = {
    metricId,
    revision: Number(row.revision),
    name: String(row.name),
    occurredAt: String(row.occurred_at),
  };
  if (row.deleted === 1) {
    expect([row.metric, row.value_type]).toEqual([null, null]);
    return { ...state, deleted: true };
  }
  const metric = JSON.parse(String(row.metric));
  expect(row.value_type).toBe(metric.valueType);
  return { ...state, deleted: false, metric };
}

const onMariaDb =
  (pool: () => Pool | undefined): SqlExecute =>
  async (sql, parameters) => {
    const answer = await pool()?.execute<ResultSetHeader | RowDataPacket[]>(sql, [...parameters]);
    if (!answer) throw new Error('no pool');
    const [result] = answer;
    return Array.isArray(result) ? { rows: result, affectedRows: 0 } : { rows: [], affectedRows: result.affectedRows };
  };

function onSqlite(): SqlExecute {
  const connection = new DatabaseSync(':memory:');
  return async (sql, parameters) => {
    const statement = connection.prepare(sql);
    if (sql.startsWith('SELECT')) return { rows: statement.all(...parameters) as Row[], affectedRows: 0 };
    return { rows: [], affectedRows: Number(statement.run(...parameters).changes) };
  };
}

const COPIES: readonly (readonly [string, () => Promise<Copy>])[] = [
  ['DynamoDB', dynamoDbCopy],
  [
    'MariaDB',
    () =>
      sqlCopy(
        'mysql',
        onMariaDb(() => pools[0]),
        false,
      ),
  ],
  [
    'MariaDB, counting changed rows only',
    () =>
      sqlCopy(
        'mysql',
        onMariaDb(() => pools[1]),
      ),
  ],
  ['SQLite', () => sqlCopy('sqlite', onSqlite())],
];

async function inParallel(events: readonly MetricChanged[], apply: (event: MetricChanged) => Promise<unknown>) {
  const waiting = [...events];
  const worker = async (): Promise<void> => {
    for (let event = waiting.shift(); event; event = waiting.shift()) await apply(event);
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
}

const liveOf = (states: readonly MetricState[]): Map<string, unknown> =>
  new Map(states.flatMap((state) => (state.deleted ? [] : [[state.metricId, state.metric]])));

describe.each(COPIES)('a copy in %s', (_, newCopy) => {
  it('ends equal to the table, with four workers and every event delivered once or more', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const world = await worldOf(seed, 14);
      const copy = await newCopy();
      const { isExact } = copy;
      const written: string[] = [];
      await inParallel(delivered(world.events(), seed), async (event) => {
        const { outcome } = await applyIfNewer(event, copy);
        if (outcome === 'applied') written.push(event.metadata.eventId);
      });
      const table = tableMetrics(world.tables.table('Metrics').values());
      expect(liveOf(await copy.states()), `seed ${seed}`).toEqual(table);
      const newest = new Map(world.events().map(({ data }) => [data.metricId, data.revision]));
      for (const state of await copy.states()) expect(state.revision).toBe(newest.get(state.metricId));
      if (isExact) expect(new Set(written).size, 'a known event is told as written').toBe(written.length);
    }
  });

  it('keeps the newest revision when two workers bring two revisions of one metric at the same time', async () => {
    const copy = await newCopy();
    for (let metric = 1; metric <= 40; metric++) {
      const events = [5, 6, 6, 4].map((revision) => sampleEvent(String(metric), revision));
      const outcomes = await Promise.all(events.map((event) => applyIfNewer(event, copy)));
      expect(outcomes.filter(({ outcome }) => outcome === 'applied').length).toBeGreaterThan(0);
    }
    const states = await copy.states();
    expect(states).toHaveLength(40);
    for (const state of states) expect([state.revision, state.occurredAt]).toEqual([6, '2026-11-20T12:00:06Z']);
  });

  it('says what was known before, keeps every letter and digit, and leaves a tombstone', async () => {
    const copy = await newCopy();
    const id = '18446744073709551615';
    const name = 'größe 日本 🎉 \'"; DROP TABLE x; --';
    const { metric } = sampleEvent(id, 2, 'UPDATED', { name }).data;
    const exact = { ...metric, aggregationParam: '1234567890.0123456789', metricId: id, later: { a: [1, 'x'] } };
    const event = sampleEvent(id, 2, 'UPDATED', { name, metric: exact as never });
    expect(await applyIfNewer(event, copy)).toMatchObject({ outcome: 'applied', lastRevision: 0, gap: { missed: 1 } });
    expect(await copy.states()).toMatchObject([{ metricId: id, name, metric: exact }]);
    expect(await applyIfNewer(sampleEvent(id, 5), copy)).toMatchObject({ lastRevision: 2, gap: { missed: 2 } });
    expect(await applyIfNewer(sampleEvent(id, 6, 'DELETED'), copy)).toMatchObject({ lastRevision: 5 });
    expect(await applyIfNewer(sampleEvent(id, 5), copy)).toEqual({ outcome: 'stale', lastRevision: 6 });
    expect(await applyIfNewer(sampleEvent(id, 6, 'DELETED'), copy)).toEqual({ outcome: 'duplicate', lastRevision: 6 });
    expect(await copy.states()).toMatchObject([{ metricId: id, deleted: true, revision: 6 }]);
    expect(await copy.store.lastRevision(id)).toBe(6);
    expect(await copy.store.lastRevision('1')).toBe(0);
  });
});

describe('the fetch from the Metrics table', () => {
  it('gives what an event would have carried, and nothing for a redirect or an empty place', async () => {
    const fetchCurrent = fetchFromDynamoDb(dynamoDb.client);
    let fetched = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const world = await worldOf(seed, 14);
      const items = [...world.tables.table('Metrics').values()].filter((item) => item.version?.S === '0');
      for (const Item of items) {
        await dynamoDb.client.send(new PutItemCommand({ TableName: 'Metrics', Item }));
        const current = await fetchCurrent({ table: 'Metrics', name: Item.name?.S ?? '', version: '0' });
        const metric = tableMetrics([Item]).values().next().value;
        expect(current?.metric).toEqual(metric);
        fetched += metric ? 1 : 0;
      }
      const copy = await dynamoDbCopy();
      for (const event of world.events()) {
        // Only the last state of the table is there, so older claim checks are superseded or bring the newest revision at once.
        const claimed = event.data.change === 'DELETED' ? event : asClaimCheck(event);
        const known = world.events().filter(({ data }) => data.metricId === event.data.metricId);
        if (claimed.data.revision === known.length) await applyIfNewer(claimed, { ...copy, fetchCurrent });
      }
      expect(liveOf(await copy.states())).toEqual(tableMetrics(items));
    }
    expect(fetched).toBeGreaterThan(6);
    expect(await fetchCurrent({ table: 'Metrics', name: 'nobody', version: '0' })).toBeUndefined();
  });
});
