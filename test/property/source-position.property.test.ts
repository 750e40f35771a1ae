/** The order of the changes of one row is that of the source, whatever the digits look like as text or as floating-point numbers. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareMoments, comparePositions, type Moment, normaliseTimestamp } from '#core/change/source-position.ts';

/** Binlog coordinates: a file number above bit 32, so ordinary ones pass 2^53, and neighbours that floating point cannot tell apart. */
const coordinate = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc
    .tuple(fc.nat({ max: 3 }), fc.constantFrom(2n ** 53n, 9n * 10n ** 18n, 10n ** 18n))
    .map(([n, base]) => base + BigInt(n)),
  fc.nat({ max: 120 }).map(BigInt), // of different lengths, so that their order as text is another one
);
const position = fc.record({ lineage: fc.constant('lph-1'), transactionId: coordinate, recordId: coordinate });

const timeAt = (step: number): string => `2026-11-20T12:00:00.${String(step).padStart(6, '0')}Z`;

interface Placed {
  readonly moment: Moment;
  /** Number of the change in the source. */
  readonly change: number;
}

/**
 * The changes of one row over one or more lineages. Coordinates grow within a lineage and begin anew with the next; messages are built in the
 * order of the changes, and some are built and sent again before the lineage ends.
 */
const rowHistory = fc
  .array(
    fc.record({
      start: coordinate,
      steps: fc.array(fc.bigInt({ min: 0n, max: 3n }), { minLength: 1, maxLength: 4 }),
      resentFrom: fc.nat({ max: 8 }),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((lineages) => {
    const history: Placed[] = [];
    let change = 0;
    for (const [index, { start, steps, resentFrom }] of lineages.entries()) {
      const own: Placed[] = [];
      let [transactionId, recordId] = [start, 1n];
      for (const step of steps) {
        transactionId += step;
        recordId = step === 0n ? recordId + 1n : 1n;
        const builtAt = timeAt(history.length + own.length);
        own.push({
          change: change++,
          moment: { builtAt, position: { lineage: `lph-${index}`, transactionId, recordId } },
        });
      }
      const again = own.slice(resentFrom).map(({ change: of, moment }, place) => {
        const builtAt = timeAt(history.length + own.length + place);
        return { change: of, moment: { ...moment, builtAt } };
      });
      history.push(...own, ...again);
    }
    return history;
  });

describe('positions of one lineage', () => {
  test('compare as whole numbers of 64 bits: first the transaction, then the place in it', () => {
    fc.assert(
      fc.property(position, position, (a, b) => {
        const width = 20;
        const key = (of: typeof a): string =>
          `${of.transactionId}`.padStart(width, '0') + `${of.recordId}`.padStart(width, '0');
        const expected = key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0;
        expect(comparePositions(a, b)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  test('decide before any time: neither a later built message nor another commit makes an older change newer', () => {
    fc.assert(
      fc.property(position, position, fc.nat({ max: 9 }), fc.nat({ max: 9 }), (a, b, builtA, builtB) => {
        const order = compareMoments(
          { position: a, builtAt: timeAt(builtA) },
          { position: b, builtAt: timeAt(builtB) },
        );
        expect(order).toBe(comparePositions(a, b));
      }),
    );
  });
});

describe('the changes of one row', () => {
  test('stand in the order of the source, over lineages and with messages that are sent again', () => {
    fc.assert(
      fc.property(rowHistory, (history) => {
        for (const a of history)
          for (const b of history) expect(compareMoments(a.moment, b.moment)).toBe(Math.sign(a.change - b.change) || 0);
      }),
      { numRuns: 500 },
    );
  });

  test('of another lineage, or loaded, are compared by the time at which their messages were built', () => {
    fc.assert(
      fc.property(position, fc.option(position), fc.nat({ max: 9 }), fc.nat({ max: 9 }), (a, b, builtA, builtB) => {
        const other = b ? { position: { ...b, lineage: 'lph-2' } } : {};
        const order = compareMoments({ position: a, builtAt: timeAt(builtA) }, { ...other, builtAt: timeAt(builtB) });
        expect(order).toBe(Math.sign(builtA - builtB));
      }),
    );
  });
});

describe('a time as text', () => {
  test('orders as the time itself, however many digits its fraction has', () => {
    const micros = fc.oneof(
      fc.nat({ max: 999_999 }),
      fc.constantFrom(0, 1, 100_000, 120_000, 123_000, 123_400, 123_456),
    );
    const time = fc.tuple(fc.nat({ max: 2 }), micros, fc.nat({ max: 6 }));
    const written = ([second, fraction, cut]: readonly [number, number, number]): { text: string; value: number } => {
      const digits = String(fraction)
        .padStart(6, '0')
        .slice(0, 6 - cut);
      return {
        text: `2026-11-20T12:00:${String(second).padStart(2, '0')}${digits ? `.${digits}` : ''}Z`,
        value: second * 1e6 + Number(digits.padEnd(6, '0')),
      };
    };
    fc.assert(
      fc.property(time, time, (x, y) => {
        const [a, b] = [written(x), written(y)];
        const [left, right] = [normaliseTimestamp(a.text), normaliseTimestamp(b.text)];
        expect(left < right ? -1 : left > right ? 1 : 0).toBe(Math.sign(a.value - b.value));
      }),
    );
  });
});
