import { describe, expect, it } from 'vitest';
import { pauseAfterRead } from '#local/stream/poll-pause.ts';

const empty = { records: 0, tookMs: 1, full: false };

describe('the pause between two reads of a shard', () => {
  it('is nothing while there is more than one read takes', () => {
    expect(pauseAfterRead({ records: 100, tookMs: 50, full: true }, 200)).toBe(0);
  });
  it('is short while records come', () => {
    expect(pauseAfterRead({ records: 1, tookMs: 1, full: false }, 200)).toBe(20);
  });
  it('doubles to 200 ms while none come', () => {
    const pauses = [0, 0, 0, 0, 0, 0];
    for (let index = 1; index < pauses.length; index += 1)
      pauses[index] = pauseAfterRead(empty, pauses[index - 1] ?? 0);
    expect(pauses.slice(1)).toEqual([40, 80, 160, 200, 200]);
  });
  it('leaves a slow emulator idle for nine tenths of the time, but is never longer than a second', () => {
    expect(pauseAfterRead({ ...empty, tookMs: 50 }, 20)).toBe(450);
    expect(pauseAfterRead({ ...empty, tookMs: 5_000 }, 20)).toBe(1_000);
  });
});
