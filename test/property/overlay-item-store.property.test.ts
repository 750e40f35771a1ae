/** A rehearsal tells exactly what the same commands do to a store, and writes nothing. A failing seed is printed. */
import { expect, test } from 'vitest';
import type { Item } from '#core/platform/item-store.ts';
import { OverlayItemStore } from '#core/platform/overlay-item-store.ts';
import { MemoryItemStore, MemoryTables } from '../support/memory-item-store.ts';
import { randomStoreCommand } from '../support/random-store-command.ts';
import { seededRandom } from '../support/seeded-random.ts';

const TABLE_KEYS = { Metrics: ['name', 'version'], SourceRows: ['pk', 'sk'] } as const;
const KEYS = new Map(Object.entries(TABLE_KEYS));
const FIRST_SEED = Number(process.env.SEED ?? 1);
const SCRIPTS = Number(process.env.OVERLAY_SCRIPTS ?? 200);

const itemsOf = (tables: MemoryTables): unknown =>
  structuredClone([...tables.items].filter(([, items]) => items.size > 0));

test(`any script of commands gives the same answers, the same writes and the same items at the end (${SCRIPTS} scripts)`, async () => {
  let written = 0;
  let refused = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SCRIPTS; seed++) {
    const random = seededRandom(seed);
    const below = new MemoryTables(TABLE_KEYS);
    const first = new MemoryItemStore(below);
    for (let place = random.below(60); place > 0; place--) await randomStoreCommand(random)(first);
    const plain = below.copy();
    const itemsBefore = itemsOf(below);
    const streamBefore = below.stream.length;
    const rehearsal = new OverlayItemStore(new MemoryItemStore(below), KEYS);

    for (let place = 0; place < 80; place++) {
      const command = randomStoreCommand(random);
      const expected = await command(new MemoryItemStore(plain));
      expect(await command(rehearsal), `seed ${seed}, command ${place}`).toEqual(expected);
      const text = JSON.stringify(expected) ?? '';
      if (text.startsWith('{"written":true')) written++;
      if (text.startsWith('{"written":false')) refused++;
    }

    expect(itemsOf(below), `seed ${seed}: the store below`).toEqual(itemsBefore);
    expect(below.stream.length, `seed ${seed}: the stream below`).toBe(streamBefore);
    const told = rehearsal.writes().map(({ table, before, after }) => ({
      table,
      ...(before && { oldImage: before }),
      ...(after && { newImage: after }),
    }));
    expect(told, `seed ${seed}: writes`).toEqual(plain.stream.slice(streamBefore));
    for (const { table, before, after } of rehearsal.changes()) {
      const key = below.keyOf(table, (after ?? before) as Item);
      expect(before, `seed ${seed}: image before`).toEqual(below.table(table).get(key));
      below.replace(table, key, after);
    }
    for (const table of KEYS.keys()) {
      const sorted = (tables: MemoryTables): unknown => [...tables.table(table)].sort(([a], [b]) => (a < b ? -1 : 1));
      expect(sorted(below), `seed ${seed}: ${table} after the changes`).toEqual(sorted(plain));
    }
  }
  expect(Math.min(written, refused), 'the scripts met both outcomes often').toBeGreaterThan(SCRIPTS);
});

test('what another worker writes below is seen until the item is written here', async () => {
  const tables = new MemoryTables(TABLE_KEYS);
  const below = new MemoryItemStore(tables);
  const rehearsal = new OverlayItemStore(below, KEYS);
  const item = (text: string): Item => ({ pk: { S: 'metric#1' }, sk: { S: 'row' }, text: { S: text } });
  const key = { pk: { S: 'metric#1' }, sk: { S: 'row' } };
  await below.putMany('SourceRows', [item('theirs')]);
  expect(await rehearsal.get('SourceRows', key)).toEqual(item('theirs'));
  await rehearsal.write({ kind: 'put', table: 'SourceRows', item: item('ours') });
  await below.putMany('SourceRows', [item('theirs again')]);
  expect(await rehearsal.get('SourceRows', key)).toEqual(item('ours'));
  expect(rehearsal.changes()).toEqual([{ table: 'SourceRows', before: item('theirs'), after: item('ours') }]);
});

test('a query with a limit is filled up with items behind those that were deleted here', async () => {
  const tables = new MemoryTables(TABLE_KEYS);
  const below = new MemoryItemStore(tables);
  const rehearsal = new OverlayItemStore(below, KEYS);
  const item = (sk: string): Item => ({ pk: { S: 'metric#1' }, sk: { S: sk } });
  await below.putMany('SourceRows', ['row#1', 'row#2', 'row#3', 'row#5'].map(item));
  await rehearsal.write({ kind: 'delete', table: 'SourceRows', key: item('row#1') });
  await rehearsal.write({ kind: 'delete', table: 'SourceRows', key: item('row#2') });
  await rehearsal.putMany('SourceRows', [item('row#4')]);
  expect(await rehearsal.query('SourceRows', 'metric#1', 'row', 2)).toEqual(['row#3', 'row#4'].map(item));
});

test('an item that ends as it began is no change, whatever the order of its sets and the spelling of its numbers', async () => {
  const tables = new MemoryTables(TABLE_KEYS);
  const below = new MemoryItemStore(tables);
  const rehearsal = new OverlayItemStore(below, KEYS);
  const key = { name: { S: 'cpu' }, version: { S: '0' } };
  await below.putMany('Metrics', [{ ...key, n: { N: '0.95' }, set: { SS: ['b', 'a'] } }]);
  await rehearsal.putMany('Metrics', [{ ...key, n: { N: '9.50E-1' }, set: { SS: ['a', 'b'] } }]);
  expect(rehearsal.writes()).toEqual([]);
  await rehearsal.write({ kind: 'delete', table: 'Metrics', key });
  await rehearsal.putMany('Metrics', [{ ...key, n: { N: '0.95' }, set: { SS: ['a', 'b'] } }]);
  expect(rehearsal.writes()).toHaveLength(2);
  expect(rehearsal.changes()).toEqual([]);
});

test('costs follow the larger image, transactions twice, failed conditions as if written', async () => {
  const tables = new MemoryTables(TABLE_KEYS);
  const below = new MemoryItemStore(tables);
  const key = { name: { S: 'cpu' }, version: { S: '0' } };
  await below.putMany('Metrics', [{ ...key, text: { S: 'x'.repeat(3000) } }]); // 3 units to replace or delete
  const units = async (work: (store: OverlayItemStore) => Promise<unknown>): Promise<readonly number[]> => {
    const rehearsal = new OverlayItemStore(below, KEYS);
    await work(rehearsal);
    const { writeUnits, writeRequests, readUnits, readRequests } = rehearsal.cost();
    return [writeUnits, writeRequests, readUnits, readRequests];
  };
  const put = { kind: 'put', table: 'Metrics', item: key } as const;
  const never = { expression: 'attribute_not_exists(#name)', names: { '#name': 'name' } };
  expect(await units((store) => store.write(put))).toEqual([3, 1, 0, 0]);
  expect(await units((store) => store.write({ ...put, condition: never }))).toEqual([3, 1, 0, 0]);
  expect(await units((store) => store.transact([put]))).toEqual([6, 1, 0, 0]);
  expect(await units((store) => store.transact([{ ...put, condition: never }]))).toEqual([6, 1, 0, 0]);
  expect(await units((store) => store.get('Metrics', { ...key, version: { S: '1' } }))).toEqual([0, 0, 1, 1]);
  expect(await units((store) => store.getMany('Metrics', [key, { ...key, version: { S: '1' } }]))).toEqual([
    0, 0, 2, 1,
  ]);
});

test('a condition that it does not know is an error, not a pass', async () => {
  const rehearsal = new OverlayItemStore(new MemoryItemStore(new MemoryTables(TABLE_KEYS)), KEYS);
  const condition = { expression: 'size(#name) > :n', names: { '#name': 'name' }, values: { ':n': { N: '1' } } };
  const item = { name: { S: 'cpu' }, version: { S: '0' } };
  await expect(rehearsal.write({ kind: 'put', table: 'Metrics', item, condition })).rejects.toThrow('cannot judge');
});
