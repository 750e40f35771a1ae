/** Which of two changes is newer. */
import { describe, expect, test } from 'vitest';
import { compareMoments, comparePositions, normaliseTimestamp } from '#core/change/source-position.ts';
import { at, loadedAt } from '../../support/registers.ts';

const position = (transactionId: bigint, recordId: bigint, lineage = 'lph-1') => ({ lineage, transactionId, recordId });

describe('positions', () => {
  test('are ordered as numbers, not as text', () => {
    expect(comparePositions(position(9n, 1n), position(10n, 1n))).toBeLessThan(0);
    expect(comparePositions(position(5n, 9n), position(5n, 10n))).toBeLessThan(0);
    expect(comparePositions(position(18446744073709551615n, 1n), position(18446744073709551614n, 1n))).toBeGreaterThan(
      0,
    );
  });

  test('that differ only beyond what a double holds are still ordered', () => {
    expect(comparePositions(position(9007199254740992n, 1n), position(9007199254740993n, 1n))).toBeLessThan(0);
  });

  test('of one transaction are ordered by their place in it', () => {
    expect(comparePositions(position(5n, 1n), position(5n, 2n))).toBeLessThan(0);
    expect(comparePositions(position(5n, 2n), position(5n, 2n))).toBe(0);
  });
});

describe('moments', () => {
  test('of one lineage are ordered by position, whatever the clocks said', () => {
    const early = { ...at(5), builtAt: '2026-11-20T13:00:00.000000Z' };
    expect(compareMoments(early, at(6))).toBeLessThan(0);
  });

  test('of two lineages are ordered by the time they were built: numbers begin again with a new cluster', () => {
    expect(compareMoments(at(40, 1, 'old'), at(41, 1, 'new'))).toBeLessThan(0);
    const newer = { builtAt: '2026-11-20T12:00:50.000000Z', position: position(1n, 1n, 'new') };
    expect(compareMoments(at(40, 1, 'old'), newer)).toBeLessThan(0);
  });

  test('with a load on one side are ordered by the time they were built', () => {
    expect(compareMoments(loadedAt(5), at(6))).toBeLessThan(0);
    expect(compareMoments(loadedAt(7), at(6))).toBeGreaterThan(0);
    expect(compareMoments(loadedAt(6), loadedAt(6))).toBe(0);
  });
});

test('a timestamp has six digits of fraction, so that its text order is its time order', () => {
  expect(normaliseTimestamp('2026-11-20T12:00:00Z')).toBe('2026-11-20T12:00:00.000000Z');
  expect(normaliseTimestamp('2026-11-20T12:00:00.5Z')).toBe('2026-11-20T12:00:00.500000Z');
  expect(normaliseTimestamp('2026-11-20T12:00:00.123456789Z')).toBe('2026-11-20T12:00:00.123456Z');
});
