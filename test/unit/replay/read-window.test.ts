import { describe, expect, test } from 'vitest';
import { readBatch } from '#core/replay/read-batch.ts';
import { ReadPace } from '#core/replay/read-pace.ts';
import { WindowReader } from '#core/replay/read-window.ts';
import { ARRIVAL_SLACK_MS } from '#core/replay/replay-window.ts';
import { MemoryChangeLog } from '../../support/memory-change-log.ts';

const START = Date.parse('2026-11-20T12:00:00Z');
const SHARD = 'shardId-000000000000';

/** A log whose clock moves by the waits of its reader, with one record for each arrival time, in seconds after START. */
function rig(arrivals: readonly number[], { nowSeconds = 3600, share = 1, bytes = 10, closed = false } = {}) {
  const clock = { nowMs: START + nowSeconds * 1000 };
  const slept: number[] = [];
  const log = new MemoryChangeLog(() => clock.nowMs).shard(SHARD, [], closed).put(
    SHARD,
    arrivals.map((seconds, index) => ({
      shardId: SHARD,
      sequenceNumber: String(100 + index),
      arrivedAtMs: START + seconds * 1000,
      bytes: new Uint8Array(bytes),
    })),
  );
  const sleep = async (ms: number): Promise<void> => {
    slept.push(ms);
    clock.nowMs += ms;
  };
  const read = async (from: number, to: number, { after, batch = 100 }: { after?: string; batch?: number } = {}) => {
    const window = { fromMs: START + from * 1000, toMs: START + to * 1000 };
    const context = { log, pace: new ReadPace(share), nowMs: () => clock.nowMs, sleep };
    const reader = new WindowReader(context, SHARD, window, after);
    const numbers: string[] = [];
    for (let left = 1000; left > 0; left--) {
      const answer = await reader.next(batch);
      numbers.push(...answer.records.map(({ sequenceNumber }) => sequenceNumber));
      if (answer.end) return numbers;
    }
    throw new Error('the window never ends');
  };
  return { log, clock, slept, read };
}

describe('the records of a window', () => {
  test('are those that arrived in it: the beginning belongs to it, the end does not', async () => {
    expect(await rig([0, 10, 20, 30]).read(10, 30)).toEqual(['101', '102']);
  });

  test('are found also where arrival times went back, at both ends', async () => {
    expect(await rig([12, 9, 11, 31, 29, 60]).read(10, 30)).toEqual(['100', '102', '104']);
  });

  test('are read no further than the slack behind the window', async () => {
    const { log, read } = rig([1, 2, 15, 16, 17, 18]);
    expect(await read(0, 3, { batch: 1 })).toEqual(['100', '101']);
    expect(log.calls).toHaveLength(3);
  });

  test('go on after a given record', async () => {
    expect(await rig([1, 2, 3]).read(0, 10, { after: '100' })).toEqual(['101', '102']);
  });

  test('end with a closed shard', async () => {
    expect(await rig([1, 2], { nowSeconds: 3, closed: true }).read(0, 3)).toEqual(['100', '101']);
  });

  test('of a window that ends now are waited for until the slack is over', async () => {
    const { clock, read } = rig([1], { nowSeconds: 3 });
    expect(await read(0, 3)).toEqual(['100']);
    expect(clock.nowMs).toBeGreaterThanOrEqual(START + 3000 + ARRIVAL_SLACK_MS);
  });
});

describe('reading', () => {
  test('keeps to its share of the calls', async () => {
    const { slept, read } = rig([1, 2, 3, 4], { share: 0.5 });
    await read(0, 10, { batch: 1 });
    expect(slept.filter((ms) => ms === 400)).toHaveLength(3);
  });

  test('keeps to its share of the bytes', async () => {
    const { slept, read } = rig([1, 2], { share: 0.25, bytes: 1024 * 1024 });
    await read(0, 10, { batch: 1 });
    expect(slept[0]).toBe(2000);
  });

  test('asks for so many records that an answer keeps no other reader waiting, whatever their size', () => {
    const pace = new ReadPace(0.5);
    expect(pace.recordsFor(100_000)).toBe(8);
    expect(pace.recordsFor(1_000)).toBe(838);
    expect(pace.recordsFor(10)).toBe(10_000);
    expect(pace.recordsFor(10_000_000)).toBe(1);
    expect(new ReadPace(Infinity).recordsFor(100_000)).toBe(10_000);
  });

  test('waits longer and longer when it is throttled, and loses nothing', async () => {
    const { log, slept, read } = rig([1, 2]);
    log.troubles.push('throttled', 'throttled');
    expect(await read(0, 10)).toEqual(['100', '101']);
    expect(slept.slice(0, 2)).toEqual([1000, 2000]);
  });

  test('gives up when throttling does not end', async () => {
    const { log, read } = rig([1]);
    log.troubles.push('throttled', 'throttled', 'throttled', 'throttled', 'throttled');
    await expect(read(0, 10)).rejects.toThrow('too many readers');
  });

  test('gives up when every place expires as soon as it is taken', async () => {
    const { log, read } = rig([1]);
    log.troubles.push(...Array.from({ length: 100 }, () => 'expired' as const));
    await expect(read(0, 10)).rejects.toThrow('too old');
  });

  test('renews a place that expired and repeats no record', async () => {
    const { log, read } = rig([1, 2, 3]);
    log.troubles.push(undefined, 'expired');
    expect(await read(0, 10, { batch: 1 })).toEqual(['100', '101', '102']);
    expect(log.opened).toEqual([
      { kind: 'time', ms: START - ARRIVAL_SLACK_MS },
      { kind: 'after', sequenceNumber: '100' },
    ]);
  });
});

describe('a batch', () => {
  const windowReader = (seconds: readonly number[]) => {
    const { log, clock } = rig(seconds);
    const sleep = async (ms: number): Promise<void> => void Object.assign(clock, { nowMs: clock.nowMs + ms });
    const context = { log, pace: new ReadPace(1), nowMs: () => clock.nowMs, sleep };
    const asked = new WindowReader(context, SHARD, { fromMs: START, toMs: START + 60_000 }, undefined);
    return { atTip: false, throttled: 0, next: (max: number) => asked.next(Math.min(max, 2)) };
  };

  test('is made of several answers, up to its size', async () => {
    const read = await readBatch(windowReader([1, 2, 3, 4, 5, 6]), 4, () => 0);
    expect(read.records.map(({ sequenceNumber }) => sequenceNumber)).toEqual(['100', '101', '102', '103']);
    expect(read).toMatchObject({ looked: 4, bytes: 40, end: false, last: { sequenceNumber: '103' } });
  });

  test('ends with the window', async () => {
    expect(await readBatch(windowReader([1, 2, 3, 90]), 100, () => 0)).toMatchObject({ looked: 4, end: true });
  });

  test('does not wait for more where nothing more is there', async () => {
    const reader = { ...windowReader([1, 2, 3, 4]), atTip: true };
    expect((await readBatch(reader, 100, () => 0)).looked).toBe(2);
  });

  test('ends when it has taken its time, however slowly the shard may be read', async () => {
    let seconds = 0;
    const read = await readBatch(windowReader([1, 2, 3, 4, 5, 6]), 100, () => 3_000 * seconds++);
    expect(read).toMatchObject({ looked: 4, end: false });
  });
});
