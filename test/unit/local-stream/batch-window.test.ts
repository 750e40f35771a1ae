import { describe, expect, it } from 'vitest';
import { decideWindow, recordsPayload } from '#local/stream/batch-window.ts';
import { record } from './memory-stream.ts';

const buffer = (sizes: readonly number[], bufferedAtMs = 0) =>
  sizes.map((bytes, index) => ({ record: record(String(index)), bytes, bufferedAtMs }));
const limits = { batchSize: 3, windowMs: 1_000, payloadBytesMax: 100 };

describe('the batching window', () => {
  it('takes a full batch at once', () => {
    expect(decideWindow(buffer([1, 1, 1, 1]), limits, 0, false)).toEqual({ kind: 'take', count: 3 });
  });
  it('waits for the rest of the window of the oldest record', () => {
    expect(decideWindow(buffer([1]), limits, 400, false)).toEqual({ kind: 'wait', ms: 600 });
    expect(decideWindow(buffer([1]), limits, 1_000, false)).toEqual({ kind: 'take', count: 1 });
  });
  it('does not wait when the shard has ended', () => {
    expect(decideWindow(buffer([1]), limits, 0, true)).toEqual({ kind: 'take', count: 1 });
  });
  it('takes what fits when the payload limit is reached before the batch size, to the byte', () => {
    // {"Records":[]} is 14 bytes, a comma 1: 14 + 50 + 1 + 35 = 100.
    expect(decideWindow(buffer([50, 36]), limits, 0, false)).toEqual({ kind: 'take', count: 1 });
    expect(decideWindow(buffer([50, 35, 1]), limits, 0, false)).toEqual({ kind: 'take', count: 2 });
  });
  it('says when a record alone is too large', () => {
    expect(decideWindow(buffer([87]), limits, 0, false)).toEqual({ kind: 'oversized' });
  });
  it('measures the payload exactly as it is sent', () => {
    const records = [record('1'), record('2')];
    const bytes = records.reduce((sum, one) => sum + Buffer.byteLength(one.json), 0);
    expect(Buffer.byteLength(recordsPayload(records))).toBe(14 + bytes + 1);
  });
});
