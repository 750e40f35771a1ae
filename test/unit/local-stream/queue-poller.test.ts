import { describe, expect, it } from 'vitest';
import type { Delivery } from '#local/stream/batch-target.ts';
import { QueuePoller } from '#local/stream/queue-poller.ts';
import type { QueueRecord, QueueSource } from '#local/stream/queue-source.ts';
import { compileRecordFilter } from '#local/stream/record-filter.ts';
import { ManualClock } from './manual-clock.ts';
import { ScriptedTarget } from './memory-stream.ts';

const message = (identifier: string, body: unknown = {}): QueueRecord => ({
  identifier,
  receiptHandle: `receipt-${identifier}`,
  arrivedAtMs: 0,
  json: JSON.stringify({ messageId: identifier, body }),
  filterable: () => ({ body }),
});

function rig(options: { batchSize?: number; windowMs?: number; patterns?: string[]; payloadBytesMax?: number } = {}) {
  const clock = new ManualClock();
  const waiting: QueueRecord[] = [];
  const deleted: string[] = [];
  const queue: QueueSource = {
    async receive(recordsMax, waitSeconds, signal) {
      if (waiting.length === 0) await clock.sleep(waitSeconds * 1000, signal);
      return waiting.splice(0, Math.min(10, recordsMax));
    },
    async delete(records) {
      deleted.push(...records.map((one) => one.identifier));
    },
    close() {},
  };
  const target = new ScriptedTarget();
  const poller = new QueuePoller({
    queue,
    target,
    limits: {
      batchSize: options.batchSize ?? 10,
      windowMs: options.windowMs ?? 0,
      payloadBytesMax: options.payloadBytesMax ?? 6 * 1024 * 1024,
    },
    concurrency: 1,
    filter: compileRecordFilter(options.patterns ?? []),
    clock,
    name: 'queue',
    log: () => {},
  });
  return { clock, waiting, deleted, target, poller };
}

describe('a queue poller', () => {
  it('deletes what was delivered', async () => {
    const { clock, waiting, deleted, target, poller } = rig();
    waiting.push(message('a'), message('b'));
    poller.start();
    await clock.advance(1_000);
    expect(target.batches).toEqual([['a', 'b']]);
    expect(deleted).toEqual(['a', 'b']);
    await poller.stop();
  });

  it('deletes only the messages that a partial response does not name', async () => {
    const { clock, waiting, deleted, target, poller } = rig();
    waiting.push(message('a'), message('b'), message('c'));
    target.script.push({ kind: 'items-failed', identifiers: ['b'], message: '' });
    poller.start();
    await clock.advance(1_000);
    expect(deleted).toEqual(['a', 'c']);
    await poller.stop();
  });

  it.each<Delivery>([
    { kind: 'failed', message: 'boom' },
    { kind: 'throttled', message: 'busy' },
  ])('deletes nothing of a batch that is $kind', async (delivery) => {
    const { clock, waiting, deleted, target, poller } = rig();
    waiting.push(message('a'));
    target.script.push(delivery);
    poller.start();
    await clock.advance(60_000);
    expect(target.batches).toEqual([['a']]);
    expect(deleted).toEqual([]);
    await poller.stop();
  });

  it('collects more than one receive within the batching window', async () => {
    const { clock, waiting, target, poller } = rig({ batchSize: 25, windowMs: 5_000 });
    waiting.push(...Array.from({ length: 12 }, (_, index) => message(String(index))));
    poller.start();
    await clock.advance(10_000);
    expect(target.batches.map((batch) => batch.length)).toEqual([12]);
    await poller.stop();
  });

  it('splits a batch that is larger than a payload may be', async () => {
    const { clock, waiting, deleted, target, poller } = rig({ payloadBytesMax: 120 });
    waiting.push(message('a'), message('b'), message('c'), message('d'));
    poller.start();
    await clock.advance(1_000);
    expect(target.batches.length).toBeGreaterThan(1);
    expect(deleted).toEqual(['a', 'b', 'c', 'd']);
    await poller.stop();
  });

  it('deletes filtered messages without delivering them', async () => {
    const { clock, waiting, deleted, target, poller } = rig({ patterns: ['{"body":{"kind":["x"]}}'] });
    waiting.push(message('a', { kind: 'y' }), message('b', { kind: 'x' }));
    poller.start();
    await clock.advance(1_000);
    expect(target.batches).toEqual([['b']]);
    expect(deleted.sort()).toEqual(['a', 'b']);
    await poller.stop();
  });
});
