/** The fold of row changes gives one register for every order and any duplication of the same records. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RowChange } from '#core/change/row-change.ts';
import { isEntityTable, rowMirrorKey } from '#core/mirror/mirror-key.ts';
import { registerItem, storedRegister } from '#core/mirror/register-item.ts';
import { RowMirror } from '#core/mirror/row-mirror.ts';
import { applyRowChange, type RowRegister } from '#core/mirror/row-register.ts';
import { metrics, metricVersions, SOURCE_TABLES } from '#schemas/source/lph.ts';
import { MemoryItemStore, MemoryTables } from '../support/memory-item-store.ts';
import { at, change, loadedAt } from '../support/registers.ts';
import { versionRow } from '../support/source-story.ts';

/** What the source did to one row: at each step it is inserted, updated or deleted; sometimes a full load reads it, or finds nothing. */
const step = fc.constantFrom('write', 'write', 'delete', 'load');
const history = fc
  .record({ steps: fc.array(step, { minLength: 1, maxLength: 5 }), resentFrom: fc.option(fc.nat({ max: 4 })) })
  .map(({ steps, resentFrom }) => recordsOf(steps, resentFrom));

interface History {
  readonly records: readonly RowChange[];
  /** Name in the source's row at the end, or null when it is deleted. */
  readonly name: string | null;
}

/** `resentFrom`: DMS restarts and sends everything from that change on again, built anew, at the same positions. */
function recordsOf(steps: readonly string[], resentFrom: number | null): History {
  const records: RowChange[] = [];
  let name: string | null = null;
  for (const [index, kind] of steps.entries()) {
    const second = index + 1;
    if (kind === 'load') {
      const operation = name === null ? 'absent' : 'load';
      records.push(change(operation, loadedAt(second), { id: '1', name: String(name) }));
    } else if (kind === 'write') {
      const operation = name === null ? 'insert' : 'update';
      name = `name${second}`;
      records.push(change(operation, at(second), { id: '1', name }));
    } else if (name !== null) {
      name = null;
      records.push(change('delete', at(second)));
    }
  }
  const positioned = records.filter(({ moment }) => moment.position);
  const resent = resentFrom === null ? [] : positioned.slice(resentFrom);
  const again = resent.map((one) => ({
    ...one,
    moment: { ...one.moment, builtAt: `2026-11-20T12:30${one.moment.builtAt.slice(16)}` },
  }));
  return { records: [...records, ...again].slice(0, 7), name: again.length + records.length > 7 ? '?' : name };
}

const fold = (records: readonly RowChange[]): RowRegister | undefined =>
  records.reduce<RowRegister | undefined>((stored, one) => applyRowChange(stored, one).register, undefined);

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length <= 1) return [items];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

describe('the register of a row', () => {
  test('is the same for every permutation of its records, and holds what the source holds', () => {
    fc.assert(
      fc.property(history, ({ records, name }) => {
        fc.pre(records.length > 0 && name !== '?');
        const expected = fold(records);
        expect(expected?.row?.get('name') ?? null).toBe(name);
        for (const order of permutations(records.slice(0, 6))) {
          const rest = records.slice(6);
          expect(fold([...order, ...rest])).toEqual(expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('does not change when records come again, in any order', () => {
    fc.assert(
      fc.property(history, fc.array(fc.nat({ max: 6 }), { maxLength: 6 }), ({ records, name }, again) => {
        fc.pre(records.length > 0 && name !== '?');
        const once = fold(records);
        const twice = again.reduce<RowRegister | undefined>((stored, index) => {
          const one = records[index];
          return one && stored ? applyRowChange(stored, one).register : stored;
        }, once);
        expect(twice).toEqual(once);
      }),
      { numRuns: 500 },
    );
  });

  test('never goes back: whatever comes, the stored position, birth and death only grow', () => {
    const any = fc.record({
      operation: fc.constantFrom('insert', 'update', 'delete', 'load', 'absent'),
      transaction: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), (steps) => {
        let stored: RowRegister | undefined;
        for (const { operation, transaction } of steps) {
          const isOfLoad = operation === 'load' || operation === 'absent';
          const moment = isOfLoad ? loadedAt(transaction) : at(transaction);
          const { register } = applyRowChange(stored, change(operation as RowChange['operation'], moment));
          for (const of of ['birth', 'death'] as const) {
            expect(register[of]?.position?.transactionId ?? 0n).toBeGreaterThanOrEqual(
              stored?.[of]?.position?.transactionId ?? 0n,
            );
          }
          expect(register.moment.position?.transactionId ?? 0n).toBeGreaterThanOrEqual(
            stored?.moment.position?.transactionId ?? 0n,
          );
          stored = register;
        }
      }),
    );
  });
});

describe('a register of changes, of messages of them sent again, and of loads', () => {
  /** Each position is one change, however often and whenever its message was built; each load, and each absence, is told from its time. */
  const record = fc.record({
    place: fc.integer({ min: 0, max: 4 }),
    builtAt: fc.integer({ min: 1, max: 6 }),
    repeats: fc.constantFrom(1, 1, 2),
  });
  const OPERATIONS = ['load', 'insert', 'update', 'delete', 'absent'] as const;
  const records = fc.array(record, { minLength: 1, maxLength: 5 }).map((all) =>
    all.flatMap(({ place, builtAt, repeats }): RowChange[] => {
      const operation = OPERATIONS[place] ?? 'load';
      const columns = { id: '1', name: operation === 'load' ? `loaded${builtAt}` : `written${place}` };
      const isOfLoad = operation === 'load' || operation === 'absent';
      const moment = isOfLoad ? loadedAt(builtAt) : { ...at(place), builtAt: at(builtAt).builtAt };
      return Array.from({ length: repeats }, () => change(operation, moment, columns));
    }),
  );

  test('is the same for every permutation of them, whatever the build times say', () => {
    fc.assert(
      fc.property(records, (all) => {
        const some = all.slice(0, 6);
        const expected = fold(some);
        for (const order of permutations(some)) expect(fold(order)).toEqual(expected);
      }),
      { numRuns: 1_000 },
    );
  });

  test('is no other when one of them comes again at any later time', () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.nat(), (all, again, place) => {
        const one = all[again % all.length];
        if (!one) return;
        const late = Math.max(place % (all.length + 1), all.indexOf(one) + 1);
        expect(fold(all.toSpliced(late, 0, one))).toEqual(fold(all));
      }),
      { numRuns: 1_000 },
    );
  });

  test('does not let a change that is sent again after a load overwrite the load, whichever message came first', () => {
    const load = change('load', loadedAt(5), { id: '1', name: 'loaded' });
    const first = change('update', at(3), { id: '1', name: 'written' });
    const again = { ...first, moment: { ...first.moment, builtAt: at(9).builtAt } };
    for (const order of permutations([load, first, again])) expect(fold(order)?.row?.get('name')).toBe('loaded');
    expect(fold([load, again])?.row?.get('name')).toBe('written'); // nothing says that it is older
  });
});

describe('a register over several binlog lineages', () => {
  /** A restored cluster numbers its files from one again: later changes have lower coordinates. */
  const lives = fc
    .array(
      fc.record({ lineage: fc.nat({ max: 2 }), transaction: fc.integer({ min: 1, max: 50 }), deletes: fc.boolean() }),
      {
        minLength: 1,
        maxLength: 5,
      },
    )
    .map((changes) => {
      const ordered = [...changes].sort((a, b) => a.lineage - b.lineage || a.transaction - b.transaction);
      const unique = ordered.filter(
        (one, index) =>
          index === 0 ||
          one.lineage !== ordered[index - 1]?.lineage ||
          one.transaction !== ordered[index - 1]?.transaction,
      );
      return unique.map(({ lineage, transaction, deletes }, index) => {
        const moment = { ...at(transaction, 1, `lph-${lineage}`), builtAt: at(index + 1).builtAt };
        return change(deletes ? 'delete' : 'insert', moment, { id: '1', name: `name${index}` });
      });
    });

  test('is the same for every permutation, and holds the last change of the last lineage', () => {
    fc.assert(
      fc.property(lives, (records) => {
        const last = records.at(-1);
        for (const order of permutations(records)) {
          const register = fold(order);
          expect(register?.row ?? null).toEqual(last?.row ?? null);
          expect(register?.birth).toEqual(last?.moment);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the item of a register', () => {
  const day = 86_400;
  const stored = fc.record({ deletes: fc.boolean(), transaction: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) });

  test('comes back as the register that was stored, to the last digit of its positions', () => {
    fc.assert(
      fc.property(stored, fc.nat({ max: 10 ** 6 }), ({ deletes, transaction }, writes) => {
        const moment = {
          builtAt: at(1).builtAt,
          position: { lineage: 'lph-1', transactionId: transaction, recordId: transaction },
        };
        const { register } = applyRowChange(undefined, change(deletes ? 'delete' : 'insert', moment));
        const key = rowMirrorKey(metrics, ['1']);
        expect(storedRegister(registerItem(key, 'metrics', register, writes, 9))).toEqual({ register, writes });
      }),
    );
  });

  test('of a tombstone of a part stays for the days of the horizon, of an entity and of a living row for ever', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.constantFrom(...SOURCE_TABLES),
        fc.integer({ min: 1, max: 400 }),
        fc.nat({ max: 2 ** 40 }),
        async (deletes, table, days, nowMs) => {
          const tables = new MemoryTables({ SourceRows: ['pk', 'sk'] });
          const mirror = new RowMirror(new MemoryItemStore(tables), 'SourceRows', days, () => nowMs);
          const key = table.key.map((_, index) => String(index + 1));
          const row = Object.fromEntries(table.key.map((column, index) => [column, key[index] ?? '']));
          const one = { ...change(deletes ? 'delete' : 'insert', at(1), row), table, key };
          await mirror.apply([{ key: rowMirrorKey(table, key), table, changes: [one] }]);
          const [stored] = [...tables.table('SourceRows').values()].filter((item) => item.sk?.S?.startsWith('row'));
          expect(stored).toBeDefined();
          const expiresAt = stored?.expiresAt?.N;
          if (!deletes || isEntityTable(table)) expect(expiresAt).toBeUndefined();
          else expect(Math.abs(Number(expiresAt) - (nowMs / 1000 + days * day))).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  test('born again under a tombstone loses its end', async () => {
    const tables = new MemoryTables({ SourceRows: ['pk', 'sk'] });
    const mirror = new RowMirror(new MemoryItemStore(tables), 'SourceRows', 7, () => 0);
    const key = rowMirrorKey(metricVersions, ['1', '2']);
    const expiries: (string | undefined)[] = [];
    for (const [operation, second] of [
      ['delete', 1],
      ['insert', 2],
    ] as const) {
      const one = { ...change(operation, at(second), versionRow('1', '2')), table: metricVersions, key: ['1', '2'] };
      await mirror.apply([{ key, table: metricVersions, changes: [one] }]);
      expiries.push(tables.table('SourceRows').get(`${key.pk}\u0001${key.sk}`)?.expiresAt?.N);
    }
    expect(expiries).toEqual([String(7 * day), undefined]);
  });
});
