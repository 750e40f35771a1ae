import { describe, expect, it } from 'vitest';
import type { Delivery } from '#local/stream/batch-target.ts';
import { ShardCoordinator } from '#local/stream/shard-coordinator.ts';
import { record, rig } from './memory-stream.ts';

const HORIZON = { kind: 'TRIM_HORIZON' } as const;
const FAILED: Delivery = { kind: 'failed', message: 'boom', functionError: 'Unhandled' };
const records = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => record(String(from + index)));

/** A delivery that ends when the test says so. */
function held(): { readonly delivery: Promise<Delivery>; readonly end: (delivery: Delivery) => void } {
  const { promise, resolve } = Promise.withResolvers<Delivery>();
  return { delivery: promise, end: resolve };
}

describe('the checkpoint of a shard', () => {
  it('does not move while a batch is being delivered, and moves to its last record after success', async () => {
    const { clock, stream, target, settings, checkpoint } = rig();
    stream.addShard('s');
    stream.put('s', ...records(1, 3));
    const batch = held();
    target.script.push(batch.delivery);
    const coordinator = new ShardCoordinator(settings, HORIZON);
    coordinator.start();
    await clock.advance(60_000);
    expect(target.batches).toEqual([['1', '2', '3']]);
    expect(checkpoint('s')).toBeUndefined();
    batch.end({ kind: 'delivered' });
    await clock.advance(1);
    expect(checkpoint('s')).toEqual({ sequenceNumber: '3', finished: false });
    await coordinator.stop();
  });

  it('stays where it is for as long as a batch fails', async () => {
    const { clock, stream, target, settings, checkpoint } = rig({ batchSize: 2 });
    stream.addShard('s');
    stream.put('s', ...records(1, 4));
    target.script.push({ kind: 'delivered' }, ...Array.from({ length: 50 }, () => FAILED));
    const coordinator = new ShardCoordinator(settings, HORIZON);
    coordinator.start();
    await clock.advance(120_000);
    expect(target.batches.length).toBeGreaterThan(10);
    expect(target.batches.slice(1).every((batch) => batch.join() === '3,4')).toBe(true);
    expect(checkpoint('s')).toEqual({ sequenceNumber: '2', finished: false });
    await coordinator.stop();
    expect(checkpoint('s')).toEqual({ sequenceNumber: '2', finished: false });
  });

  it('is where the next run goes on: what was not finished is delivered again, what was finished is not', async () => {
    const { clock, stream, target, settings } = rig({ batchSize: 2 });
    stream.addShard('s');
    stream.put('s', ...records(1, 4));
    const second = held();
    target.script.push({ kind: 'delivered' }, second.delivery);
    const first = new ShardCoordinator(settings, HORIZON);
    first.start();
    await clock.advance(1_000);
    const stopped = first.stop();
    second.end(FAILED);
    await stopped;
    const next = new ShardCoordinator(settings, HORIZON);
    next.start();
    await clock.advance(1_000);
    expect(target.batches).toEqual([
      ['1', '2'],
      ['3', '4'],
      ['3', '4'],
    ]);
    await next.stop();
  });

  it('does not pass an unfinished record of one lane, whatever other lanes have finished', async () => {
    const { clock, stream, target, settings, checkpoint } = rig({ batchSize: 1, lanes: 2 });
    stream.addShard('s');
    stream.put('s', record('1', 'a'), record('2', 'b'), record('3', 'b'));
    const slow = held();
    target.script.push(slow.delivery);
    const coordinator = new ShardCoordinator(settings, HORIZON);
    coordinator.start();
    await clock.advance(1_000);
    expect(target.batches).toEqual([['1'], ['2'], ['3']]);
    expect(checkpoint('s')).toBeUndefined();
    slow.end({ kind: 'delivered' });
    await clock.advance(1);
    expect(checkpoint('s')).toEqual({ sequenceNumber: '3', finished: false });
    await coordinator.stop();
  });

  it('passes given-up records only after the failure destination took them', async () => {
    const { clock, stream, target, settings, destination, checkpoint } = rig({ policy: { retryAttemptsMax: 1 } });
    stream.addShard('s');
    stream.put('s', ...records(1, 2));
    target.script.push(FAILED, FAILED);
    destination.refusals = 3;
    const coordinator = new ShardCoordinator(settings, HORIZON);
    coordinator.start();
    await clock.advance(250);
    expect(destination.refusals).toBeLessThan(3);
    expect(checkpoint('s')).toBeUndefined();
    await clock.advance(60_000);
    expect(destination.taken.map((batch) => [batch.condition, batch.records.length, batch.invokeCount])).toEqual([
      ['RetryAttemptsExhausted', 2, 2],
    ]);
    expect(checkpoint('s')).toEqual({ sequenceNumber: '2', finished: false });
    await coordinator.stop();
  });

  it('passes filtered records without delivering them', async () => {
    const { clock, stream, target, settings, checkpoint } = rig({ patterns: ['{"orderingKey":["x"]}'] });
    stream.addShard('s');
    stream.put('s', record('1'), record('2', 'x'), record('3'));
    const coordinator = new ShardCoordinator(settings, HORIZON);
    coordinator.start();
    await clock.advance(5_000);
    expect(target.batches).toEqual([['2']]);
    expect(checkpoint('s')).toEqual({ sequenceNumber: '3', finished: false });
    expect(coordinator.status()).toMatchObject({ filtered: 2, records: 1, lagMs: 0, state: 'running' });
    await coordinator.stop();
  });
});

describe('the shards of a stream', () => {
  it('are read parents first: no record of a child is delivered before its parent is finished', async () => {
    const { clock, stream, target, settings } = rig();
    stream.addShard('child', ['parent']);
    stream.addShard('parent');
    stream.put('child', record('10'));
    stream.put('parent', record('1'));
    stream.closed.add('parent');
    const parent = held();
    target.script.push(parent.delivery);
    const coordinator = new ShardCoordinator(settings, HORIZON);
    coordinator.start();
    await clock.advance(60_000);
    expect(target.batches).toEqual([['1']]);
    expect(stream.reads).not.toContain('child');
    parent.end({ kind: 'delivered' });
    await clock.advance(1_000);
    expect(target.batches).toEqual([['1'], ['10']]);
    await coordinator.stop();
  });

  it('wait for both parents of a merge', async () => {
    const { clock, stream, target, settings } = rig();
    stream.addShard('left');
    stream.addShard('right');
    stream.addShard('merged', ['left', 'right']);
    stream.put('merged', record('10'));
    stream.put('left', record('1'));
    stream.put('right', record('2'));
    stream.closed.add('left');
    const coordinator = new ShardCoordinator(settings, HORIZON);
    coordinator.start();
    await clock.advance(60_000);
    expect(target.batches.flat().sort()).toEqual(['1', '2']);
    stream.closed.add('right');
    await clock.advance(10_000);
    expect(target.batches.flat()).toContain('10');
    await coordinator.stop();
  });

  it('remember that they are finished, also after a restart', async () => {
    const { clock, stream, target, settings, checkpoint } = rig();
    stream.addShard('parent');
    stream.put('parent', record('1'));
    stream.closed.add('parent');
    const first = new ShardCoordinator(settings, HORIZON);
    first.start();
    await clock.advance(1_000);
    await first.stop();
    expect(checkpoint('parent')).toEqual({ sequenceNumber: '1', finished: true });
    stream.reads.length = 0;
    stream.addShard('child', ['parent']);
    stream.put('child', record('10'));
    const next = new ShardCoordinator(settings, HORIZON);
    next.start();
    await clock.advance(1_000);
    expect(stream.reads).not.toContain('parent');
    expect(target.batches).toEqual([['1'], ['10']]);
    await next.stop();
  });

  it('starting at LATEST skip what is older than the first start, but nothing that arrives while the reader is down', async () => {
    const { clock, stream, target, settings } = rig();
    stream.addShard('s');
    stream.put('s', record('1', 'k', clock.nowMs() - 1_000));
    const first = new ShardCoordinator(settings, { kind: 'LATEST' });
    first.start();
    await clock.advance(1_000);
    await first.stop();
    stream.put('s', record('2', 'k', clock.nowMs()));
    await clock.advance(60_000);
    const next = new ShardCoordinator(settings, { kind: 'LATEST' });
    next.start();
    await clock.advance(1_000);
    expect(target.batches).toEqual([['2']]);
    await next.stop();
  });
});

describe('a position that the stream no longer has', () => {
  it('is reported as loss when the oldest record left is newer', async () => {
    const { clock, stream, store, target, settings, log } = rig();
    stream.addShard('s');
    await store.set('reader/s', { sequenceNumber: '5', finished: false });
    stream.unavailable.set('5', true);
    stream.put('s', record('9'));
    const coordinator = new ShardCoordinator(settings, HORIZON);
    coordinator.start();
    await clock.advance(1_000);
    expect(log.some((line) => line.includes('records were lost between 5 and 9'))).toBe(true);
    expect(target.batches).toEqual([['9']]);
    await coordinator.stop();
  });

  it('means reading from the oldest record when the emulator only lost its last second', async () => {
    const { clock, stream, store, target, settings, log } = rig();
    stream.addShard('s');
    await store.set('reader/s', { sequenceNumber: '5', finished: false });
    stream.unavailable.set('5', false);
    stream.put('s', record('3'), record('4'), record('9'));
    const coordinator = new ShardCoordinator(settings, HORIZON);
    coordinator.start();
    await clock.advance(1_000);
    expect(log.some((line) => line.includes('lost'))).toBe(false);
    expect(target.batches).toEqual([['3', '4', '9']]);
    await coordinator.stop();
  });
});

describe('the status of a reader', () => {
  it('shows the age of the oldest unfinished record and the trouble while it lasts, and neither afterwards', async () => {
    const { clock, stream, target, settings } = rig();
    stream.addShard('s');
    stream.put('s', record('1', 'k', clock.nowMs()));
    target.script.push(FAILED, FAILED, FAILED, FAILED, FAILED);
    const coordinator = new ShardCoordinator(settings, HORIZON);
    coordinator.start();
    await clock.advance(1_000);
    expect(coordinator.status()).toMatchObject({ state: 'running', lagMs: 1_000, lastError: 'boom', records: 0 });
    await clock.advance(10_000);
    expect(coordinator.status()).toMatchObject({ lagMs: 0, lastError: undefined, records: 1, batches: 1 });
    await coordinator.stop();
    expect(coordinator.status().state).toBe('stopped');
  });
});

describe('a lane', () => {
  it('keeps the order of a key through failures and retries', async () => {
    const { clock, stream, target, settings } = rig({ batchSize: 2, policy: { bisect: true } });
    stream.addShard('s');
    stream.put('s', ...records(1, 4));
    target.script.push(FAILED, { kind: 'throttled', message: 'busy' }, { kind: 'delivered' });
    const coordinator = new ShardCoordinator(settings, HORIZON);
    coordinator.start();
    await clock.advance(60_000);
    expect(target.batches).toEqual([['1', '2'], ['1'], ['1'], ['2'], ['3', '4']]);
    await coordinator.stop();
  });

  it('waits for the batching window, and no longer when the batch is full', async () => {
    const { clock, stream, target, settings } = rig({ batchSize: 3, windowMs: 5_000 });
    stream.addShard('s');
    stream.put('s', ...records(1, 2));
    const coordinator = new ShardCoordinator(settings, HORIZON);
    coordinator.start();
    await clock.advance(4_000);
    expect(target.batches).toEqual([]);
    stream.put('s', record('3'));
    await clock.advance(500);
    expect(target.batches).toEqual([['1', '2', '3']]);
    stream.put('s', record('4'));
    await clock.advance(6_000);
    expect(target.batches).toEqual([['1', '2', '3'], ['4']]);
    await coordinator.stop();
  });

  it('gives a record that no payload can hold to the failure destination and goes on', async () => {
    const { clock, stream, target, settings, destination } = rig({ payloadBytesMax: 80 });
    const huge = { ...record('2'), json: `"${'x'.repeat(100)}"` };
    stream.addShard('s');
    stream.put('s', record('1'), huge, record('3'));
    const coordinator = new ShardCoordinator(settings, HORIZON);
    coordinator.start();
    await clock.advance(1_000);
    expect(target.batches).toEqual([['1'], ['3']]);
    expect(destination.taken.map((batch) => batch.condition)).toEqual(['RecordSizeExceeded']);
    await coordinator.stop();
  });
});
