/**
 * Every value of every type arrives as the same value: written by SQL into a real database, read by the DMS twin in the full load, as an insert and
 * as an update, stored as a register on DynamoDB Local, and told in an event. What is right is said by the server and by the generator.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { columnNames, declarationOf, hostileColumns, KEY, valueTables } from '../values/catalogue.ts';
import { type RelayOnDynamoDb, startRelayOnDynamoDb } from '../values/relay-on-dynamodb.ts';
import { follow, sentence } from '../values/value-journey.ts';
import { askServer, type ColumnSet, createTable, writeChanges, writeLoad } from '../values/value-source.ts';
import { lastRecords, replicated } from '../values/value-stream.ts';
import { type DmsWorld, startDmsWorld } from './dms-world.ts';

const SEED = Number(process.env.SEED ?? 1);
const CASES_MIN = 1_500;
const FINDINGS_SHOWN = 40;

interface Table {
  readonly name: string;
  readonly charset?: string | undefined;
  readonly columns: ColumnSet;
}
const TABLES: readonly Table[] = [
  ...valueTables(SEED).map((table) => ({ name: table.name, charset: table.charset, columns: columnNames(table) })),
  { name: 'v_names', columns: hostileColumns(SEED) },
];
const DECLARATIONS = TABLES.map(({ name, columns }) => declarationOf(name, columns));

let world: DmsWorld;
let relay: RelayOnDynamoDb;
let records: readonly string[] = [];

beforeAll(async () => {
  world = await startDmsWorld();
  relay = await startRelayOnDynamoDb(DECLARATIONS);
  const { connection } = world;
  for (const { name, columns, charset } of TABLES) {
    await createTable(connection, name, columns, charset);
    await writeLoad(connection, name, columns);
  }
  records = await replicated(world, DECLARATIONS, async () => {
    for (const { name, columns } of TABLES) await writeChanges(connection, name, columns);
  });
  await relay.apply(records);
});

afterAll(async () => {
  await relay?.stop();
  await world?.stop();
});

test(`the catalogue has at least ${CASES_MIN} distinct cases of type and value`, () => {
  const counts = TABLES.flatMap(({ charset, columns }) =>
    [...columns.values()].map(({ sqlType, cases }) => ({
      type: charset === undefined ? sqlType : `${sqlType} in a table of ${charset}`,
      cases: cases.map(({ sql }) => sql),
    })),
  );
  const byType = new Map<string, Set<string>>();
  for (const { type, cases } of counts) byType.set(type, new Set([...(byType.get(type) ?? []), ...cases]));
  const total = [...byType.values()].reduce((sum, cases) => sum + cases.size, 0);
  const lines = [...byType].map(([type, cases]) => `${String(cases.size).padStart(5)}  ${type.slice(0, 70)}`);
  process.stdout.write(
    `${lines.join('\n')}\n${String(total).padStart(5)}  cases of ${byType.size} types, seed ${SEED}\n`,
  );
  expect(total).toBeGreaterThanOrEqual(CASES_MIN);
});

test('no record is set aside and nothing fails', () => {
  const reasons = relay.setAside.map(({ code, reason }) => `${code}: ${reason}`);
  expect([...new Set(reasons)].slice(0, FINDINGS_SHOWN)).toEqual([]);
  expect(relay.failures).toEqual([]);
});

describe('every value is the same in the record, the row, the register, the item and the event', () => {
  test.each(TABLES)('$name', async ({ name, columns }) => {
    const declaration = DECLARATIONS.find((one) => one.name === name);
    if (!declaration) throw new Error(`${name} is not declared`);
    const answers = await askServer(world.connection, name, columns);
    const journey = { declaration, columns, answers, records: lastRecords(records, name, KEY) };
    const { findings, looked } = await follow(journey, relay.store);
    expect(looked).toBe(3 * [...columns.values()].reduce((sum, { cases }) => sum + cases.length, 0));
    const more = findings.length > FINDINGS_SHOWN ? [`… ${findings.length} in all`] : [];
    expect([...findings.slice(0, FINDINGS_SHOWN).map(sentence), ...more]).toEqual([]);
  });
});
