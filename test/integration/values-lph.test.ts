/**
 * The values that the product can hold, through the real projection and the real event builder: whatever stands in a column of the six tables
 * stands in item "0", in the version's item and in the `MetricChanged` JSON, and NULL stands nowhere.
 */
import { readFile } from 'node:fs/promises';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { metricChangedEvent } from '#core/event/metric-changed-event.ts';
import type { Item } from '#core/platform/item-store.ts';
import { SOURCE_TABLES } from '#schemas/source/lph.ts';
import {
  chainStatement,
  dimensionNames,
  earlier,
  insertStatements,
  type LphCase,
  type LphMetric,
  lphMetrics,
  shownText,
  updateStatements,
} from '../values/lph-values.ts';
import { type RelayOnDynamoDb, startRelayOnDynamoDb } from '../values/relay-on-dynamodb.ts';
import { utf8Literal } from '../values/value-case.ts';
import { sameNumber, sentence, show } from '../values/value-journey.ts';
import { replicated } from '../values/value-stream.ts';
import { type DmsWorld, startDmsWorld } from './dms-world.ts';

const SEED = Number(process.env.SEED ?? 1);
const CASES_MIN = 1_500;
const FINDINGS_SHOWN = 40;
/** A metric that every hybrid consumes. */
const CONSUMED = { id: '500', name: '__proto__ consumed 📦' };
const METRICS = lphMetrics(SEED);
const DIMENSIONS = dimensionNames(SEED);
const OF_WAY = (way: LphMetric['way']): readonly LphMetric[] => METRICS.filter((metric) => metric.way === way);

let world: DmsWorld;
let relay: RelayOnDynamoDb;

async function run(connection: Connection, statements: readonly string[]): Promise<void> {
  await connection.query('START TRANSACTION');
  for (const statement of statements) await connection.query(statement);
  await connection.query('COMMIT');
}

async function createTables(connection: Connection): Promise<void> {
  const schema = await readFile(new URL('../../sample/schema.sql', import.meta.url), 'utf8');
  for (const statement of schema.split(/;\s*$/m)) if (statement.trim() !== '') await connection.query(statement);
  await connection.query("SET SESSION sql_mode = ''");
  // Names that the default collation takes for equal are different names here, as they are in the items.
  for (const table of ['metrics', 'dimensions', 'metric_groups']) {
    await connection.query(`ALTER TABLE ${table} CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin`);
  }
  const at = "'2026-11-20 12:00:00', 'sql'";
  const [group, consumed] = [utf8Literal('hasOwnProperty'), utf8Literal(CONSUMED.name)];
  await run(connection, [
    `INSERT INTO metric_groups VALUES (1, ${group}, ${at})`,
    ...DIMENSIONS.map((name, place) => `INSERT INTO dimensions VALUES (${place + 1}, ${utf8Literal(name)}, ${at})`),
    ...DIMENSIONS.map((_, place) => `INSERT INTO dimensions_metric_groups VALUES (${place + 1}, 1)`),
    `INSERT INTO metrics VALUES (${CONSUMED.id}, ${consumed}, 'SCALAR', 1, NULL, NULL, ${at}, '2026-11-20 12:00:00')`,
    `INSERT INTO metric_versions SET metric_id = ${CONSUMED.id}, version = 1, aggregation_style = 'SUM', created_by = ''`,
  ]);
}

beforeAll(async () => {
  world = await startDmsWorld();
  relay = await startRelayOnDynamoDb(SOURCE_TABLES);
  const { connection } = world;
  await createTables(connection);
  const loaded = [...OF_WAY('load'), ...OF_WAY('update').map(earlier)];
  await run(
    connection,
    loaded.flatMap((metric) => insertStatements(metric, CONSUMED.id)),
  );
  const records = await replicated(world, SOURCE_TABLES, async () => {
    await run(
      connection,
      OF_WAY('insert').flatMap((metric) => insertStatements(metric, CONSUMED.id)),
    );
    await run(connection, OF_WAY('update').flatMap(updateStatements));
    await run(connection, METRICS.flatMap(chainStatement));
  });
  await relay.apply(records);
});

afterAll(async () => {
  await relay?.stop();
  await world?.stop();
});

const itemOf = async (name: string, version: string): Promise<Item | undefined> =>
  relay.store.get('Metrics', { name: { S: name }, version: { S: version } });

test(`the metrics hold at least ${CASES_MIN} values, and nothing is set aside`, () => {
  const count = METRICS.reduce((sum, { cases }) => sum + cases.length, 0) + DIMENSIONS.length;
  process.stdout.write(
    `${count} values in ${METRICS.length} metrics and ${DIMENSIONS.length} dimensions, seed ${SEED}\n`,
  );
  expect(count).toBeGreaterThanOrEqual(CASES_MIN);
  expect(relay.setAside).toEqual([]);
  expect(relay.failures).toEqual([]);
});

test('every value stands in item "0", in the item of its version and in the event', async () => {
  const findings: string[] = [];
  for (const metric of METRICS) {
    const [current, ofVersion] = [await itemOf(metric.name, '0'), await itemOf(metric.name, metric.version)];
    const told = current && metricChangedEvent({ newImage: current }, 'Metrics');
    const event = JSON.parse(JSON.stringify(told ?? {})) as { data?: { metric?: object; name?: string } };
    const eventValues = new Map<string, unknown>(Object.entries(event.data?.metric ?? {}));
    for (const one of metric.cases) {
      const expected = shownText(one);
      const note = (stage: string, got: unknown): void => {
        const finding = { type: `${one.table}.${one.column} ${one.type}`, sql: one.value.sql, way: metric.way, stage };
        findings.push(sentence({ ...finding, expected: show(expected), got: show(got) }));
      };
      const stored = textOf(current, one);
      if (stored !== expected) note('item "0"', stored);
      if (!one.onlyOnLatest && textOf(ofVersion, one) !== expected) note("version's item", textOf(ofVersion, one));
      const inEvent = eventValues.get(one.attribute);
      const isSame = one.numeric && expected !== undefined ? sameNumber(inEvent, expected) : inEvent === expected;
      if (!isSame) note('event', inEvent);
    }
    if (event.data?.name !== metric.name)
      findings.push(`the event of ${show(metric.name)} names ${show(event.data?.name)}`);
  }
  const more = findings.length > FINDINGS_SHOWN ? [`… ${findings.length} in all`] : [];
  expect([...findings.slice(0, FINDINGS_SHOWN), ...more]).toEqual([]);
});

const textOf = (item: Item | undefined, { attribute, numeric }: LphCase): string | undefined =>
  numeric ? item?.[attribute]?.N : item?.[attribute]?.S;

test('names of other entities are exact where they are shown: related dimensions, consumed and chained metrics', async () => {
  const nameOf = new Map(METRICS.map(({ id, name }) => [id, name]));
  for (const { name, valueType, chainedTo } of METRICS) {
    const item = await itemOf(name, '0');
    const isHybrid = valueType === 'HYBRID';
    expect(item?.consumedMetrics?.SS, show(name)).toEqual(isHybrid ? [CONSUMED.name] : undefined);
    expect(item?.relatedDimensions?.SS?.toSorted(), show(name)).toEqual(isHybrid ? undefined : DIMENSIONS.toSorted());
    expect(item?.chainedMetric?.S, show(name)).toBe(chainedTo === null ? undefined : nameOf.get(chainedTo));
  }
});
