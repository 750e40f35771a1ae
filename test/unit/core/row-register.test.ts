/** One row of the mirror: the newest change wins, whatever arrives and in which order. */
import { describe, expect, test } from 'vitest';
import type { RowChange } from '#core/change/row-change.ts';
import { applyRowChange, belongsTo, type Placement, type RowRegister } from '#core/mirror/row-register.ts';
import { at, change, loadedAt, register } from '../../support/registers.ts';

/** Applies changes in the order given; answers with the placements and what is stored. */
function applied(...changes: readonly RowChange[]): { readonly placements: Placement[]; readonly stored: RowRegister } {
  let stored: RowRegister | undefined;
  const placements = changes.map((one) => {
    const result = applyRowChange(stored, one);
    stored = result.register;
    return result.placement;
  });
  if (!stored) throw new Error('nothing was applied');
  return { placements, stored };
}

const named = (name: string) => ({ id: '1', name });

describe('a row', () => {
  test('holds its newest change', () => {
    const { placements, stored } = applied(change('insert', at(1), named('a')), change('update', at(2), named('b')));
    expect(placements).toEqual(['applied', 'applied']);
    expect(stored.row?.get('name')).toBe('b');
  });

  test('is never overwritten by an older change', () => {
    const { placements, stored } = applied(change('update', at(2), named('b')), change('update', at(1), named('a')));
    expect(placements).toEqual(['applied', 'stale']);
    expect(stored.row?.get('name')).toBe('b');
  });

  test('knows a change that it already has', () => {
    const { placements } = applied(change('update', at(2), named('b')), change('update', at(2), named('b')));
    expect(placements).toEqual(['applied', 'duplicate']);
  });

  test('knows a newer change that changes nothing, and remembers its position', () => {
    const { placements, stored } = applied(change('update', at(2), named('b')), change('update', at(3), named('b')));
    expect(placements).toEqual(['applied', 'unchanged']);
    expect(stored.moment).toEqual(at(3));
  });

  test('with one column more, or NULL instead of an absent one, is another row', () => {
    const more = applied(change('update', at(1), named('b')), change('update', at(2), { ...named('b'), unit: null }));
    expect(more.placements).toEqual(['applied', 'applied']);
    const swapped = applied(
      change('update', at(1), { id: '1', a: null }),
      change('update', at(2), { id: '1', b: null }),
    );
    expect(swapped.placements).toEqual(['applied', 'applied']);
  });

  test('that is stored already is handed back as the very same register', () => {
    const { stored } = applied(change('insert', at(2), named('b')));
    expect(applyRowChange(stored, change('update', at(1), named('a'))).register).toBe(stored);
    expect(applyRowChange(stored, change('insert', at(2), named('b'))).register).toBe(stored);
  });
});

describe('a deleted row', () => {
  test('leaves a tombstone that no older record brings back', () => {
    const { placements, stored } = applied(
      change('delete', at(5)),
      change('insert', at(3), named('a')),
      change('update', at(4), named('b')),
    );
    expect(placements).toEqual(['applied', 'stale', 'stale']);
    expect(stored.row).toBeNull();
  });

  test('lives again with a newer insert', () => {
    const { stored } = applied(change('delete', at(5)), change('insert', at(6), named('a')));
    expect(stored.row?.get('name')).toBe('a');
    expect(stored.birth).toEqual(at(6));
    expect(stored.death).toEqual(at(5));
  });
});

describe('births and deaths', () => {
  test('only grow, also through records that are themselves too old to be stored', () => {
    const { placements, stored } = applied(
      change('update', at(9), named('c')),
      change('insert', at(7), named('b')),
      change('delete', at(6)),
      change('insert', at(2), named('a')),
    );
    expect(placements).toEqual(['applied', 'stale', 'stale', 'stale']);
    expect(stored).toMatchObject({ birth: at(7), death: at(6) });
    expect(stored.row?.get('name')).toBe('c');
  });

  test('do not come from loads and updates, which begin no life', () => {
    const { stored } = applied(change('load', loadedAt(1)), change('update', at(2)));
    expect(stored.birth).toBeUndefined();
    expect(stored.death).toBeUndefined();
  });
});

describe('a full load', () => {
  test('over changes keeps the highest position, so that a change DMS sends again is known to be old', () => {
    const { placements, stored } = applied(
      change('update', at(5), named('b')),
      change('load', loadedAt(8), named('c')),
      change('update', at(5), named('b')),
    );
    expect(placements).toEqual(['applied', 'applied', 'duplicate']);
    expect(stored.row?.get('name')).toBe('c');
    expect(stored.moment.position).toEqual(at(5).position);
  });

  test('older than the stored change is stale', () => {
    const { placements } = applied(change('update', at(5), named('b')), change('load', loadedAt(4), named('a')));
    expect(placements).toEqual(['applied', 'stale']);
  });

  test('is overwritten by a later change', () => {
    const { stored } = applied(change('load', loadedAt(4), named('a')), change('update', at(5), named('b')));
    expect(stored.row?.get('name')).toBe('b');
    expect(stored.loaded).toBe(false);
  });

  test('is not overwritten by a change with a higher position whose message was built before it: the load has seen that change', () => {
    const { placements, stored } = applied(
      change('update', at(5), named('a')),
      change('load', loadedAt(9), named('c')),
      change('update', at(6), named('b')),
    );
    expect(placements).toEqual(['applied', 'applied', 'stale']);
    expect(stored.row?.get('name')).toBe('c');
  });

  test('does not bring back a row that was deleted after it', () => {
    expect(applied(change('delete', at(5)), change('load', loadedAt(4))).stored.row).toBeNull();
  });
});

describe('a row that points to another one', () => {
  const parent = (more: Partial<RowRegister>) => register({ id: '1' }, at(9), more);
  const child = (moment = at(5)) => register({ id: '2' }, moment);

  test('counts when the other one is live and was born before it', () => {
    expect(belongsTo(parent({ birth: at(4) }), child())).toBe(true);
    expect(belongsTo(parent({}), child())).toBe(true);
  });

  test('of one transaction with it counts, also in a self-reference', () => {
    const self = register({ id: '1' }, at(9), { birth: at(9) });
    expect(belongsTo(self, self)).toBe(true);
  });

  test('does not count when the other one was deleted and born again since: the cascade left no record', () => {
    expect(belongsTo(parent({ birth: at(7), death: at(6) }), child())).toBe(false);
  });

  test('does not count when the other one is a tombstone, has not arrived, or it is a tombstone itself', () => {
    expect(belongsTo(register(null, at(9)), child())).toBe(false);
    expect(belongsTo(undefined, child())).toBe(false);
    expect(belongsTo(parent({}), register(null, at(5)))).toBe(false);
  });

  test('from a full load is compared with deletes only, by the time it was built', () => {
    expect(belongsTo(parent({ birth: at(7) }), child(loadedAt(5)))).toBe(true);
    expect(belongsTo(parent({ birth: at(7), death: at(6) }), child(loadedAt(5)))).toBe(false);
    expect(belongsTo(parent({ birth: at(7), death: at(6) }), child(loadedAt(8)))).toBe(true);
  });
});
