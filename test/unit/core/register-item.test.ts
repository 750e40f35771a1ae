/** A register comes back from its item as it was stored: what is lost here is lost for every later decision about the row. */
import { expect, test } from 'vitest';
import { registerItem, storedRegister } from '#core/mirror/register-item.ts';
import type { RowRegister } from '#core/mirror/row-register.ts';
import { at, loadedAt, register, row } from '../../support/registers.ts';

const KEY = { pk: 'metric#1', sk: 'row' };
const comesBack = (given: RowRegister): unknown => storedRegister(registerItem(KEY, 'metrics', given, 3, 99)).register;

/** Beyond 2^53, where doubles lie apart. */
const huge = {
  ...at(1),
  position: { lineage: 'lph-1', transactionId: 2n ** 63n + 1n, recordId: 2n ** 53n + 1n },
};

test('a register comes back with its positions to the last digit, its birth, its death and its row', () => {
  const live = register({ id: '1', name: null, note: '' }, huge, { birth: huge, death: at(1) });
  expect(comesBack(live)).toEqual(live);
  const loaded = register({ id: '1' }, loadedAt(2), { death: loadedAt(1) });
  expect(comesBack(loaded)).toEqual(loaded);
  const both = register({ id: '1' }, { ...huge, ...loadedAt(3) }, { loaded: true, changeBuiltAt: loadedAt(1).builtAt });
  expect(comesBack(both)).toEqual(both);
  const overLoad = register({ id: '1' }, huge, { olderLoad: { row: row({ id: '1', name: '' }), ...loadedAt(1) } });
  expect(comesBack(overLoad)).toEqual(overLoad);
  const tombstone = register(null, huge, { birth: huge, death: huge });
  expect(comesBack(tombstone)).toEqual(tombstone);
});

test('only a tombstone expires', () => {
  expect(registerItem(KEY, 'metrics', register({ id: '1' }, at(1)), 1, 99).expiresAt).toBeUndefined();
  expect(registerItem(KEY, 'metrics', register(null, at(1)), 1, 99).expiresAt).toEqual({ N: '99' });
});
