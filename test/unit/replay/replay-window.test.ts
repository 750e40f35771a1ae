import { describe, expect, test } from 'vitest';
import { isLeaving, judgeWindow } from '#core/replay/replay-window.ts';
import { shardGenerations } from '#core/replay/shard-generations.ts';

const HOUR = 3_600_000;
const nowMs = Date.parse('2026-11-20T12:00:00Z');
const limits = { nowMs, retentionHours: 168, tombstoneDays: 30 };
const ago = (hours: number): number => nowMs - hours * HOUR;

describe('a window', () => {
  test('inside the retention is usable, and nothing of it is gone', () => {
    expect(judgeWindow({ fromMs: ago(2), toMs: nowMs }, limits)).toEqual({
      kind: 'usable',
      goneMs: 0,
      horizonMs: ago(168),
    });
  });

  test('that begins before the horizon is usable, and says how much of it is gone', () => {
    expect(judgeWindow({ fromMs: ago(170), toMs: ago(100) }, limits)).toMatchObject({
      kind: 'usable',
      goneMs: 2 * HOUR,
    });
  });

  test.each([
    ['backwards', { fromMs: ago(1), toMs: ago(2) }, 'before it begins'],
    ['of no time', { fromMs: ago(1), toMs: ago(1) }, 'before it begins'],
    ['in the future', { fromMs: ago(1), toMs: nowMs + 1 }, 'in the future'],
    ['wholly before the horizon', { fromMs: ago(200), toMs: ago(168) }, 'gone from the stream'],
    ['older than the tombstones', { fromMs: ago(31 * 24), toMs: ago(1) }, 'deleted rows back'],
  ])('%s is refused, with what to do instead', (_, window, reason) => {
    const verdict = judgeWindow(window, limits);
    expect(verdict.kind === 'refused' && verdict.reason).toContain(reason);
    expect(verdict.kind === 'refused' && verdict.instead).toMatch(/--|reload/);
  });

  test('that begins where the stream begins is leaving: a slice comes to it a moment later', () => {
    const horizonMs = ago(168);
    expect(judgeWindow({ fromMs: horizonMs, toMs: nowMs }, limits)).toMatchObject({ kind: 'usable', goneMs: 0 });
    expect(isLeaving({ fromMs: horizonMs, toMs: nowMs }, horizonMs)).toBe(true);
    expect(isLeaving({ fromMs: horizonMs + 5 * 60_000 - 1, toMs: nowMs }, horizonMs)).toBe(true);
    expect(isLeaving({ fromMs: horizonMs + 5 * 60_000, toMs: nowMs }, horizonMs)).toBe(false);
  });

  test('as old as the tombstones is refused also where the records are still kept', () => {
    const keptForYears = { ...limits, retentionHours: 24 * 365 };
    expect(judgeWindow({ fromMs: ago(30 * 24), toMs: ago(1) }, keptForYears).kind).toBe('refused');
    expect(judgeWindow({ fromMs: ago(29 * 24), toMs: ago(1) }, keptForYears).kind).toBe('usable');
  });
});

describe('shards', () => {
  const shard = (shardId: string, ...parents: string[]) => ({ shardId, parents, closed: false });

  test('come after the shards they were split from or merged of', () => {
    const shards = [shard('e', 'b', 'c'), shard('b', 'a'), shard('c', 'a'), shard('a'), shard('d')];
    expect(shardGenerations(shards)).toEqual([['a', 'd'], ['b', 'c'], ['e']]);
  });

  test('whose parents have expired come first', () => {
    expect(shardGenerations([shard('b', 'a'), shard('c', 'b')])).toEqual([['b'], ['c']]);
  });

  test('wait for the elder of two parents', () => {
    expect(shardGenerations([shard('a'), shard('b'), shard('c', 'b'), shard('d', 'a', 'c')])).toEqual([
      ['a', 'b'],
      ['c'],
      ['d'],
    ]);
  });

  test('that are each other’s ancestors are an error and no endless loop', () => {
    expect(() => shardGenerations([shard('a', 'b'), shard('b', 'a')])).toThrow('ancestors of each other');
  });
});
