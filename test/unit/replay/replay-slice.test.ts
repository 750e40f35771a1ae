import { describe, expect, test } from 'vitest';
import { renderStatus, statusJson } from '#cli/replay/replay-status.ts';
import { EVERYTHING, type RecordFilter } from '#core/replay/record-filter.ts';
import { type HeldCheckpoint, ReplayJournal } from '#core/replay/replay-journal.ts';
import { replayProgress } from '#core/replay/replay-progress.ts';
import { newCheckpoint } from '#core/replay/replay-run.ts';
import { noteFailure } from '#core/replay/replay-slice.ts';
import { replicateBatch } from '#core/replication/replicate-batch.ts';
import { crashAt } from '../../support/crash-points.ts';
import { MemoryChangeLog } from '../../support/memory-change-log.ts';
import { MemoryItemStore } from '../../support/memory-item-store.ts';
import { expectPublished } from '../../support/published-laws.ts';
import { RelayWorld } from '../../support/relay-world.ts';
import { REPLAY, replayInWorld, wholeWindow } from '../../support/replay-in-world.ts';
import { viewsStory } from '../../support/source-story.ts';

const SHARD = 'shardId-000000000000';

/** A stream that holds a story, a world that may have applied it already, and a replay of all of it. */
async function rig(
  { live = false, filter = EVERYTHING, allowGap = false, batch = 2 } = {} as {
    live?: boolean;
    filter?: RecordFilter;
    allowGap?: boolean;
    batch?: number;
  },
) {
  const world = new RelayWorld();
  world.nowMs = Date.parse('2026-11-20T13:00:00Z');
  const told = viewsStory('2', '3', '4');
  const records = world.records(told.messages);
  const log = new MemoryChangeLog(() => world.nowMs).shard(SHARD).put(SHARD, records);
  const window = { fromMs: world.nowMs, toMs: world.nowMs + 1 };
  world.nowMs += 60_000;
  if (live) {
    await replicateBatch(world.context(), records);
    await world.drainQueue();
  }
  const request = wholeWindow(window, [[SHARD]], { filter, allowGap });
  const replay = await replayInWorld(world, request, { logOf: () => log, batchRecords: batch });
  return { world, told, log, records, ...replay };
}

describe('a slice', () => {
  test('applies a window to an empty target as the live path does', async () => {
    const { world, told, slice } = await rig();
    const done = await slice();
    await world.drainQueue();
    expectPublished(world, told, 'replayed');
    expect(done).toMatchObject({ done: true, looked: 8, counts: { received: 8, applied: 8, duplicate: 0 } });
  });

  test('of a window that was applied already writes no item of the Metrics table', async () => {
    const { world, slice } = await rig({ live: true });
    const before = world.tables.stream.filter(({ table }) => table === 'Metrics').length;
    expect((await slice()).counts).toMatchObject({ received: 8, applied: 0, duplicate: 8 });
    await world.drainQueue();
    expect(world.tables.stream.filter(({ table }) => table === 'Metrics')).toHaveLength(before);
  });

  test('ends before its time is over, and the next one goes on from there', async () => {
    const { slice, log } = await rig();
    const first = await slice({ remainingMs: () => 10_000 });
    expect(first).toMatchObject({ done: false, looked: 2, counts: { received: 2 } });
    log.opened.length = 0;
    expect(await slice()).toMatchObject({ done: true, looked: 8, counts: { received: 8, applied: 8 } });
    expect(log.opened).toEqual([{ kind: 'after', sequenceNumber: first.sequenceNumber }]);
  });

  test('that is killed, wherever that is, costs the next one at most one batch', async () => {
    for (let operation = 1; ; operation++) {
      const { world, told, slice } = await rig();
      const { gate, crashed } = crashAt(operation);
      await slice({ gate }).catch(() => {});
      const done = await slice();
      await world.drainQueue();
      expectPublished(world, told, `killed at operation ${operation}`);
      expect(done.counts.received, `killed at operation ${operation}`).toBe(8);
      // What was applied and not counted is at most the batch that was under way.
      expect(8 - done.counts.applied, `killed at operation ${operation}`).toBeLessThanOrEqual(2);
      if (!crashed()) return;
    }
  });

  test('tries a batch again that met a fault of the infrastructure, and counts every record once', async () => {
    const { world, told, slice } = await rig({ batch: 8 });
    let faults = 3;
    const done = await slice({ faulty: (action) => action.table === 'Metrics' && faults-- > 0 });
    await world.drainQueue();
    expectPublished(world, told, 'after faults');
    expect(done).toMatchObject({ done: true, looked: 8, counts: { received: 8 } });
    const { received, ...outcomes } = done.counts;
    expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(received);
  });

  test('whose batch meets faults again and again fails, says why, and its checkpoint stays before that batch', async () => {
    const { slice, journal } = await rig({ batch: 8 });
    await expect(slice({ faulty: (action) => action.table === 'Metrics' })).rejects.toThrow('too much for now');
    const failure = expect.stringMatching(/^tried again after: .*too much for now/);
    expect(await journal.checkpoints(REPLAY)).toMatchObject([{ done: false, looked: 0, failure }]);
    expect(await slice()).toMatchObject({ done: true, failure: undefined });
  });

  test('whose answer to a checkpoint was lost knows its own checkpoint', async () => {
    const { world, journal } = await rig();
    const held = await journal.hold(REPLAY, SHARD, 'me', newCheckpoint(SHARD));
    const store = new MemoryItemStore(world.tables);
    const twice: MemoryItemStore['write'] = async (action) => {
      await store.write(action);
      return store.write(action);
    };
    const lossy = Object.assign(Object.create(store) as MemoryItemStore, { write: twice });
    const lossyJournal = new ReplayJournal(lossy, 'Replays', () => world.nowMs);
    const moved = await lossyJournal.move(REPLAY, held, { ...held.checkpoint, looked: 5 }, 'me');
    expect(moved.checkpoint.looked).toBe(5);
  });

  test('that another one has taken over is refused at its next checkpoint', async () => {
    const { journal } = await rig();
    const held = await journal.hold(REPLAY, SHARD, 'first', newCheckpoint(SHARD));
    await journal.hold(REPLAY, SHARD, 'second', newCheckpoint(SHARD));
    await expect(journal.move(REPLAY, held, held.checkpoint, 'first')).rejects.toThrow('read by another slice');
  });

  test('of a stopped replay, of an older execution or of no replay is refused', async () => {
    const { slice, journal, run } = await rig();
    await expect(slice({ execution: 'r1-0' })).rejects.toThrow('is run by execution r1-1');
    await journal.putRun({ ...run, stopped: true });
    await expect(slice()).rejects.toThrow('was stopped');
  });

  test('goes on from what the state machine carries when the journal lost its shard', async () => {
    const { slice, records } = await rig({ live: true });
    const checkpoint = {
      ...newCheckpoint(SHARD),
      sequenceNumber: records[5]?.sequenceNumber,
      arrivedAtMs: records[5]?.arrivedAtMs,
    };
    expect(await slice({ checkpoint })).toMatchObject({ done: true, looked: 2 });
  });

  test('is refused when records have left the stream before it came to them, unless that is allowed', async () => {
    const { world, slice, log } = await rig();
    world.nowMs += log.hours * 3_600_000;
    await expect(slice()).rejects.toThrow('have left the stream');
    const allowed = await rig({ allowGap: true });
    allowed.world.nowMs += allowed.log.hours * 3_600_000;
    expect(await allowed.slice()).toMatchObject({ done: true, looked: 0 });
  });

  test.each(['slice', 'note'] as const)(
    'of a resumed replay keeps its shard, whenever a late %s of the execution before comes',
    async (late) => {
      for (let operation = 1, done = false; !done; operation++) {
        const { world, journal, run, slice } = await rig();
        const resumed = { ...run, execution: 'r1-2' };
        let operations = 0;
        let held: HeldCheckpoint | undefined;
        const gate = async (): Promise<void> => {
          if (++operations !== operation) return;
          await journal.putRun(resumed);
          held = await journal.hold(REPLAY, SHARD, 'resumed', newCheckpoint(SHARD));
        };
        const lateJournal = new ReplayJournal(new MemoryItemStore(world.tables, gate), 'Replays', () => world.nowMs);
        const shard = { replayId: REPLAY, shardId: SHARD, execution: run.execution };
        const acted =
          late === 'slice' ? slice({ gate }) : noteFailure({ journal: lateJournal, writer: 'late' }, shard, 'aborted');
        await acted.catch((error: unknown) => expect(error).toMatchObject({ name: 'ReplayRefused' }));
        done = held === undefined;
        if (held) await journal.move(REPLAY, held, { ...held.checkpoint, looked: 1 }, 'resumed');
      }
    },
  );

  test('of a shard that has expired is refused, and when that is allowed done with what was read of it and a note of the rest', async () => {
    const troubles = [undefined, 'shard expired'] as const;
    const refused = await rig();
    refused.log.troubles.push(...troubles);
    await expect(refused.slice()).rejects.toMatchObject({
      name: 'ReplayRefused',
      message: expect.stringContaining('has left the stream'),
    });
    expect(await refused.journal.checkpoints(REPLAY)).toMatchObject([{ done: false, looked: 2 }]);

    const { slice, log, journal, records, run } = await rig({ allowGap: true });
    log.troubles.push(...troubles);
    const gone =
      'what it held of 2026-11-20T13:00:00.000Z to 2026-11-20T13:00:00.001Z had left the stream before it was read';
    const ended = { done: true, looked: 2, sequenceNumber: records[1]?.sequenceNumber, gone, failure: undefined };
    expect(await slice()).toMatchObject({ ...ended, counts: { received: 2 } });
    expect(await journal.checkpoints(REPLAY)).toMatchObject([ended]);
    expect(await slice()).toMatchObject(ended);
    const status = {
      run,
      state: 'succeeded',
      progress: replayProgress(run.request, await journal.checkpoints(REPLAY)),
    } as const;
    expect(status.progress).toMatchObject({ shardsDone: 1, fraction: 1 });
    expect(renderStatus(status)).toContain(`done, but ${gone}`);
    expect(statusJson(status)).toMatchObject({ shards: [{ done: true, gone, failure: null }] });
  });

  test('of a shard that was made in the time that the stream still keeps is not refused for the beginning of the window', async () => {
    const child = 'shardId-000000000001';
    /** The window begins an hour before the horizon, and the child was made so many hours ago. */
    const childOf = async (hoursAgo: number) => {
      const world = new RelayWorld();
      world.nowMs = Date.parse('2026-11-20T13:00:00Z');
      const [first, ...others] = world.records(viewsStory('2').messages);
      if (!first) throw new Error('the story tells nothing');
      const agoMs = (hours: number): number => world.nowMs - hours * 3_600_000;
      const log = new MemoryChangeLog(() => world.nowMs)
        .shard(SHARD, [], true)
        .put(SHARD, [{ ...first, arrivedAtMs: agoMs(hoursAgo) }])
        .shard(child, [SHARD])
        .put(
          child,
          others.map((record) => ({ ...record, arrivedAtMs: agoMs(100) })),
        );
      const request = wholeWindow({ fromMs: agoMs(log.hours + 1), toMs: agoMs(1) }, [[SHARD], [child]]);
      return {
        ...(await replayInWorld(world, request, { logOf: () => log, batchRecords: 9 })),
        received: others.length,
      };
    };
    const young = await childOf(120);
    expect(await young.slice({ shardId: child })).toMatchObject({ done: true, counts: { received: young.received } });
    await expect(young.slice()).rejects.toThrow('have left the stream');
    const old = await childOf(168.5);
    await expect(old.slice({ shardId: child })).rejects.toThrow('have left the stream');
    const onTheEdge = await childOf(167.999);
    await expect(onTheEdge.slice({ shardId: child })).rejects.toThrow('have left the stream');
  });

  test('is refused when the horizon passes what it read last, before it reads on', async () => {
    const { world, slice, log, journal } = await rig();
    let operations = 0;
    const gate = async (): Promise<void> => {
      // Somewhere in the first batch time flies.
      if (++operations === 10) world.nowMs += log.hours * 3_600_000;
    };
    await expect(slice({ gate })).rejects.toThrow('have left the stream');
    expect(await journal.checkpoints(REPLAY)).toMatchObject([{ done: false, looked: 2, failure: undefined }]);
  });

  test('that is done says so and nothing else, whatever is noted of it later', async () => {
    const { slice, journal, run } = await rig();
    const done = await slice();
    const shard = { replayId: REPLAY, shardId: SHARD, execution: run.execution };
    expect(await noteFailure({ journal, writer: 'machine' }, shard, 'timed out')).toEqual(done);
    expect(await journal.checkpoints(REPLAY)).toEqual([done]);
    for (let operation = 1; ; operation++) {
      let operations = 0;
      const gate = async (): Promise<void> => {
        if (++operations === operation) throw new Error('too much for now');
      };
      const again = await slice({ gate }).catch((error: Error) => error.message);
      expect(await journal.checkpoints(REPLAY), `broken at operation ${operation}`).toEqual([done]);
      if (again !== 'too much for now') return expect(again).toEqual(done);
    }
  });

  test('notes why it was given up, and forgets it when it goes on', async () => {
    const { slice, journal, run } = await rig();
    const shard = { replayId: REPLAY, shardId: SHARD, execution: run.execution };
    await noteFailure({ journal, writer: 'machine' }, shard, 'out of memory');
    expect(await journal.checkpoints(REPLAY)).toMatchObject([{ failure: 'out of memory', done: false }]);
    expect((await slice()).failure).toBeUndefined();
  });
});

describe('a filter', () => {
  test('by table leaves the other tables out', async () => {
    const { slice } = await rig({ live: true, filter: { tables: ['metric_versions'], metricIds: [] } });
    expect(await slice()).toMatchObject({ looked: 8, counts: { received: 4, duplicate: 4 } });
  });

  test('by metric takes the rows of that metric', async () => {
    const { slice } = await rig({ live: true, filter: { tables: [], metricIds: ['1'] } });
    expect((await slice()).counts.received).toBe(5);
    const other = await rig({ live: true, filter: { tables: [], metricIds: ['2'] } });
    expect((await other.slice()).counts.received).toBe(0);
  });
});

describe('a window', () => {
  test('is replayed once at a time; another filter is another replay', async () => {
    const { journal, run } = await rig();
    const over = async (): Promise<boolean> => false;
    expect(await journal.takeWindow(run.request, 'r1', over)).toBeUndefined();
    expect(await journal.takeWindow(run.request, 'r2', over)).toBe('r1');
    const other = { ...run.request, filter: { tables: ['metrics'], metricIds: [] } };
    expect(await journal.takeWindow(other, 'r2', over)).toBeUndefined();
    expect(await journal.takeWindow(run.request, 'r3', async () => true)).toBeUndefined();
  });
});
