/** The fold of row changes gives one register for every order and any duplication of the same records. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RowChange } from '#core/change/row-change.ts';
import { applyRowChange, type RowRegister } from '#core/mirror/row-register.ts';
import { at, change, loadedAt } from '../support/registers.ts';

/** What the source did to one row: at each step it is inserted, updated or deleted; sometimes a full load reads it. */
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
      if (name !== null) records.push(change('load', loadedAt(second), { id: '1', name }));
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

/** All that a projection reads of a register. The position beside a loaded row only orders later records, and may depend on what came first. */
const essence = (register: RowRegister | undefined, records: readonly RowChange[]) => ({
  name: register?.row?.get('name') ?? null,
  birth: register?.birth,
  death: register?.death,
  ...(!records.some(({ operation }) => operation === 'load') && { position: register?.moment.position }),
});

describe('the register of a row', () => {
  test('is the same for every permutation of its records, and holds what the source holds', () => {
    fc.assert(
      fc.property(history, ({ records, name }) => {
        fc.pre(records.length > 0 && name !== '?');
        const expected = essence(fold(records), records);
        expect(expected.name).toBe(name);
        for (const order of permutations(records.slice(0, 6))) {
          const rest = records.slice(6);
          expect(essence(fold([...order, ...rest]), records)).toEqual(expected);
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
      operation: fc.constantFrom('insert', 'update', 'delete', 'load'),
      transaction: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), (steps) => {
        let stored: RowRegister | undefined;
        for (const { operation, transaction } of steps) {
          const moment = operation === 'load' ? loadedAt(transaction) : at(transaction);
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
