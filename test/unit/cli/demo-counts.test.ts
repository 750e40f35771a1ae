import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommitLog } from '#cli/demo/commit-log.ts';
import { percentile } from '#cli/demo/percentile.ts';
import { tally } from '#cli/demo/tally.ts';

const event = (metricId: string, revision: bigint) => ({ eventId: `${metricId}:${revision}`, metricId, revision });

describe('the tally of the demo', () => {
  it('asks for one event of every revision between start and end', () => {
    const start = new Map([['1', 3n]]);
    const end = new Map([
      ['1', 5n],
      ['2', 1n],
    ]);
    const all = [event('1', 4n), event('1', 5n), event('2', 1n)];
    expect(tally(start, end, all)).toEqual({ events: 3, lost: 0, duplicated: 0, lostIds: [] });
    expect(tally(start, end, all.slice(1))).toMatchObject({ lost: 1, lostIds: ['1:4'] });
  });

  it('counts an event id that came more than once, and only once', () => {
    const seen = [event('1', 1n), event('1', 1n), event('1', 1n)];
    expect(tally(new Map(), new Map([['1', 1n]]), seen)).toMatchObject({ events: 1, lost: 0, duplicated: 1 });
  });

  it('passes over what was published before the run', () => {
    expect(tally(new Map([['1', 1n]]), new Map([['1', 1n]]), [event('1', 1n), event('1', 1n)])).toMatchObject({
      events: 0,
      lost: 0,
      duplicated: 0,
    });
  });
});

describe('the percentile', () => {
  it('is a measured value with at least that share of the values at or below it', () => {
    void fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.integer({ min: 1, max: 100 }), (values, percent) => {
        const found = percentile(values, percent) ?? Number.NaN;
        const share = (limit: (value: number) => boolean) => values.filter(limit).length / values.length;
        expect(values).toContain(found);
        expect(share((value) => value <= found)).toBeGreaterThanOrEqual(percent / 100);
        expect(share((value) => value < found)).toBeLessThan(percent / 100);
      }),
    );
  });

  it('of nothing is nothing', () => {
    expect(percentile([], 50)).toBeUndefined();
  });
});

describe('the commit log', () => {
  const log = new CommitLog(100n);
  log.add(200n, 1);
  log.add((1n << 32n) | 50n, 2);

  it('finds the commit whose transaction holds the position', () => {
    expect(log.committedAtMs('100')).toBe(1);
    expect(log.committedAtMs('200')).toBe(1);
    expect(log.committedAtMs('201')).toBe(2);
    expect(log.committedAtMs(String((1n << 32n) | 4n))).toBe(2);
  });

  it('knows nothing of transactions before or after the run, nor of the full load', () => {
    expect(log.committedAtMs('99')).toBeUndefined();
    expect(log.committedAtMs(String(2n << 32n))).toBeUndefined();
    expect(log.committedAtMs('load')).toBeUndefined();
    expect(log.committedAtMs(undefined)).toBeUndefined();
  });

  it('refuses commits out of binlog order', () => {
    expect(() => log.add(150n, 3)).toThrow(RangeError);
  });
});
