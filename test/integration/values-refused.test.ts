/**
 * What cannot be carried exactly is set aside whole, never stored as another value: digits that DMS has rounded, decimals that DynamoDB cannot
 * hold, columns that are missing. NULL, the empty text and a missing column stay three different things.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Row } from '#core/change/row-change.ts';
import { keyItem, rowMirrorKey } from '#core/mirror/mirror-key.ts';
import { storedRegister } from '#core/mirror/register-item.ts';
import type { SourceColumn, SourceTable } from '#schemas/source/source-table.ts';
import { type RelayOnDynamoDb, startRelayOnDynamoDb } from '../values/relay-on-dynamodb.ts';
import { replicated } from '../values/value-stream.ts';
import { type DmsWorld, startDmsWorld, TEMPLATE_SETTINGS } from './dms-world.ts';

interface Written {
  readonly table: SourceTable;
  readonly ddl: string;
  /** One row each, without its id. */
  readonly rows: readonly string[];
}

function written(
  name: string,
  columns: Readonly<Record<string, SourceColumn>>,
  ddl: string,
  rows: readonly string[],
): Written {
  const table = {
    name,
    key: ['id'],
    columns: { id: { kind: 'integer', sqlType: 'INT' }, ...columns },
    references: [],
    aggregate: { entity: name, column: 'id' },
    loadOrder: 1,
  } as const;
  return { table, ddl, rows };
}

const optionalText = { kind: 'text', sqlType: 'TEXT', nullable: true } as const;
const INTEGERS = [15, 16, 17, 18, 19]
  .flatMap((length) => ['9'.repeat(length), `1${'0'.repeat(length - 2)}1`])
  .flatMap((digits) => [digits, `-${digits}`])
  .filter((digits) => BigInt.asIntN(64, BigInt(digits)) === BigInt(digits));
const DECIMALS = [38, 39].flatMap((length) => ['9'.repeat(length), `${'1'.repeat(20)}.${'1'.repeat(length - 20)}`]);
const TEXTS = ["'here', 'there'", "'', ''", 'NULL, NULL', "'null', 'NULL'", "'here', NULL", "'here', ''"];

// A declaration that names another SQL type gives no rule that makes the column text.
const integers = written('r_integers', { n: { kind: 'integer', sqlType: 'INT' } }, 'n BIGINT', INTEGERS);
const decimals = written(
  'r_decimals',
  { n: { kind: 'decimal', sqlType: 'DECIMAL(60,20)' } },
  'n DECIMAL(60,20)',
  DECIMALS,
);
const kept = written('r_kept', { a: optionalText }, 'a TEXT, undeclared TEXT', TEXTS);
const leftOut = written('r_left_out', { a: optionalText }, 'a TEXT, undeclared TEXT', TEXTS);
const missing = written('r_missing', { gone: optionalText }, 'a TEXT', ["'x'"]);
const notNull = written(
  'r_not_null',
  { t: { kind: 'datetime', sqlType: 'DATETIME' }, s: { kind: 'text', sqlType: 'TEXT' } },
  't DATETIME NOT NULL, s TEXT',
  ["'0000-00-00 00:00:00', ''", "'2026-11-20 12:00:00', NULL"],
);
const OTHERS = [integers, decimals, kept, missing, notNull];

/** Rows are loaded under their own number and inserted under one a hundred higher. */
const bothIds = (place: number): readonly number[] => [place + 1, place + 101];

let world: DmsWorld;
let relay: RelayOnDynamoDb;

beforeAll(async () => {
  world = await startDmsWorld();
  relay = await startRelayOnDynamoDb([leftOut, ...OTHERS].map(({ table }) => table));
  const { connection } = world;
  await connection.query("SET SESSION sql_mode = ''");
  for (const { table, ddl } of [leftOut, ...OTHERS])
    await connection.query(`CREATE TABLE ${table.name} (id INT PRIMARY KEY, ${ddl})`);
  const insert = async (tables: readonly Written[], offset: number): Promise<void> => {
    for (const { table, rows } of tables) {
      const values = rows.map((row, place) => `(${place + 1 + offset}, ${row})`);
      await connection.query(`INSERT INTO ${table.name} VALUES ${values.join(', ')}`);
    }
  };
  const through = async (tables: readonly Written[], settings: Parameters<typeof replicated>[3]): Promise<void> => {
    await insert(tables, 0);
    const declared = tables.map(({ table }) => table);
    await relay.apply(await replicated(world, declared, () => insert(tables, 100), settings));
  };
  await through(OTHERS, {});
  await through([leftOut], { kinesisSettings: { ...TEMPLATE_SETTINGS, IncludeNullAndEmpty: false } });
});

afterAll(async () => {
  await relay?.stop();
  await world?.stop();
});

async function rowOf({ table }: Written, id: number): Promise<Row | undefined> {
  const item = await relay.store.get('SourceRows', keyItem(rowMirrorKey(table, [String(id)])));
  return (item && storedRegister(item).register.row) ?? undefined;
}

const setAside = ({ table }: Written): readonly string[] =>
  relay.setAside.filter(({ text }) => text.includes(`"table-name":"${table.name}"`)).map(({ code }) => code);
const times = (count: number, code: string): readonly string[] => Array.from({ length: count }, () => code);

test('nothing fails that is to be set aside', () => {
  expect(relay.failures).toEqual([]);
});

test('an integer in scientific notation is set aside; one that no double rounds is stored', async () => {
  const isExact = (digits: string): boolean => Number.isSafeInteger(Number(digits));
  for (const [place, digits] of INTEGERS.entries()) {
    const expected = isExact(digits) ? digits : undefined;
    for (const id of bothIds(place)) expect((await rowOf(integers, id))?.get('n'), digits).toBe(expected);
  }
  const rounded = INTEGERS.filter((digits) => !isExact(digits));
  expect(setAside(integers)).toEqual(times(2 * rounded.length, 'COLUMN_MISMATCH'));
});

test('a decimal of more digits than a DynamoDB number holds is set aside where it is declared as a number', async () => {
  const fits = (digits: string): boolean => digits.replace('.', '').length <= 38;
  for (const [place, digits] of DECIMALS.entries()) {
    const expected = fits(digits) ? digits : undefined;
    for (const id of bothIds(place)) expect((await rowOf(decimals, id))?.get('n'), digits).toBe(expected);
  }
  expect(setAside(decimals)).toEqual(times(4, 'COLUMN_MISMATCH'));
});

test('NULL, the empty text, the text NULL and a missing column are four different things', async () => {
  const expected = [
    ['here', 'there'],
    ['', ''],
    [null, null],
    ['null', 'NULL'],
    ['here', null],
    ['here', ''],
  ];
  for (const [place, [a, undeclared]] of expected.entries()) {
    for (const id of bothIds(place)) {
      const row = await rowOf(kept, id);
      expect([row?.get('a'), row?.get('undeclared'), row?.has('never')]).toEqual([a, undeclared, false]);
    }
  }
  expect(setAside(kept)).toEqual([]);
});

test('where DMS leaves NULL and empty out, a declared column is missing and the record set aside; one that nobody declared is absent', async () => {
  for (const place of [0, 3])
    for (const id of bothIds(place)) expect((await rowOf(leftOut, id))?.has('undeclared')).toBe(true);
  for (const place of [1, 2]) for (const id of bothIds(place)) expect(await rowOf(leftOut, id)).toBeUndefined();
  for (const place of [4, 5]) {
    for (const id of bothIds(place)) {
      const row = new Map([
        ['a', 'here'],
        ['id', String(id)],
      ]);
      expect(await rowOf(leftOut, id)).toEqual(row);
    }
  }
  expect(setAside(leftOut)).toEqual(times(4, 'MISSING_COLUMN'));
});

test('a declared column that the source has not is no NULL: its records are set aside', async () => {
  for (const id of bothIds(0)) expect(await rowOf(missing, id)).toBeUndefined();
  expect(setAside(missing)).toEqual(times(2, 'MISSING_COLUMN'));
});

test('NULL in a column that is declared without it is set aside, except for a zero date, which DMS itself turns into NULL', async () => {
  for (const id of bothIds(0)) {
    const row = new Map([
      ['id', String(id)],
      ['s', ''],
      ['t', null],
    ]);
    expect(await rowOf(notNull, id)).toEqual(row);
  }
  for (const id of bothIds(1)) expect(await rowOf(notNull, id)).toBeUndefined();
  expect(setAside(notNull)).toEqual(times(2, 'COLUMN_MISMATCH'));
});
