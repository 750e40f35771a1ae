import { describe, expect, test } from 'vitest';
import { archivedWindow, archiveLines, refuseMissing } from '#cli/replay/archived-window.ts';
import { archiveBatch } from '#core/archive/archive-batch.ts';
import { archiveLogOf } from '#core/archive/archive-change-log.ts';
import { archiveCoverage } from '#core/archive/archive-coverage.ts';
import { encodeRecords } from '#core/archive/archive-object.ts';
import { paceOf } from '#core/replay/read-pace.ts';
import type { ReplayRequest } from '#core/replay/replay-run.ts';
import { judgeWindow } from '#core/replay/replay-window.ts';
import { shardGenerations } from '#core/replay/shard-generations.ts';
import { archivedRecord, type MemoryArchive, memoryArchive, sequenceNumber } from '../../support/memory-archive.ts';
import { expectPublished } from '../../support/published-laws.ts';
import { RelayWorld } from '../../support/relay-world.ts';
import { replayInWorld, wholeWindow } from '../../support/replay-in-world.ts';
import { metricRow, SourceStory, versionRow } from '../../support/source-story.ts';

const NOON = Date.parse('2026-11-20T12:00:00.000Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const at = (hours: number): number => NOON + hours * HOUR;

/** One record per arrival time, each an object of its own, on two shards by turns. */
async function archiveOf(...arrivals: readonly number[]): Promise<MemoryArchive> {
  const archive = memoryArchive();
  for (const [place, ms] of arrivals.entries())
    await archiveBatch([archivedRecord(`shardId-${place % 2}`, place, ms)], archive.put);
  return archive;
}

const connected = (store: MemoryArchive) => ({ archive: { store, bucket: 'raw', days: 365, windowSeconds: 300 } });

describe('what the archive has of a window', () => {
  const silences = async (archive: MemoryArchive, fromMs: number, toMs: number) =>
    (await archiveCoverage(archive, { fromMs, toMs })).silences;

  test('is whole where no hour is without a record, whichever shard it is of', async () => {
    const archive = await archiveOf(at(-1), at(0), at(0.9), at(1.8), at(2.7));
    expect(await silences(archive, at(0), at(3))).toEqual([]);
    expect((await archiveCoverage(archive, { fromMs: at(0), toMs: at(3) })).shards).toHaveLength(2);
  });

  test('names an hour without a record, to the millisecond, as silent only', async () => {
    const archive = await archiveOf(at(-1), at(0), at(2), at(2.5));
    expect(await silences(archive, at(0), at(3))).toEqual([{ fromMs: at(0), toMs: at(2), missing: false }]);
    expect(await silences(archive, at(0.5), at(5))).toEqual([
      { fromMs: at(0.5), toMs: at(2), missing: false },
      { fromMs: at(2.5), toMs: at(5), missing: false },
    ]);
  });

  test('calls a day without a record missing, and what lies before the first record of the archive', async () => {
    const archive = await archiveOf(at(0), at(25));
    expect(await silences(archive, at(-2), at(25))).toEqual([
      { fromMs: at(-2), toMs: at(0), missing: true },
      { fromMs: at(0), toMs: at(25), missing: true },
    ]);
    expect(await silences(archive, at(-50), at(-48))).toEqual([{ fromMs: at(-50), toMs: at(-48), missing: true }]);
    expect(await silences(memoryArchive(), at(0), at(2))).toEqual([{ fromMs: at(0), toMs: at(2), missing: true }]);
  });

  test('does not take an object that spans a time for two', async () => {
    const archive = memoryArchive();
    await archiveBatch([archivedRecord('s', 1, at(-3)), archivedRecord('s', 2, at(5))], archive.put);
    await archiveBatch([archivedRecord('s', 1, at(-1))], archive.put);
    expect(await silences(archive, at(-2), at(4))).toEqual([]);
  });

  test('begins with the earliest record of its first day, also when the least name is of another shard', async () => {
    const archive = memoryArchive();
    await archive.put('changes/notes.txt', new Uint8Array());
    await archiveBatch([archivedRecord('shardId-1', 1, at(3))], archive.put);
    await archiveBatch([archivedRecord('shardId-2', 1, at(1))], archive.put);
    await archiveBatch([archivedRecord('shardId-0', 1, at(-0.5) + DAY)], archive.put);
    expect((await archiveCoverage(archive, { fromMs: at(0), toMs: at(1) })).beginsMs).toBe(at(1));
  });
});

describe('a replay from the archive', () => {
  const window = { fromMs: at(0), toMs: at(4) };

  test('is refused where no archive is, with what to do instead', async () => {
    await expect(archivedWindow({ archive: undefined }, {}, window, at(5))).rejects.toThrow('archive is not on');
  });

  test('has no share of a shard to keep to', async () => {
    const archive = connected(await archiveOf(at(1)));
    await expect(archivedWindow(archive, { readShare: 0.5 }, window, at(5))).rejects.toThrow('--read-share');
    const pace = paceOf({ source: 'archive', readShare: 0.5 } as ReplayRequest);
    pace.spent(1_000, 50_000_000);
    expect(pace.waitMs(1_000)).toBe(0);
  });

  test('of a window of which nothing is archived is refused, and the window named', async () => {
    const nothing = archivedWindow(connected(await archiveOf(at(9))), {}, window, at(10));
    await expect(nothing).rejects.toThrow(
      'raw has no object from 2026-11-20T12:00:00.000Z to 2026-11-20T16:00:00.000Z; the archive begins at 2026-11-20T21:00:00.000Z',
    );
  });

  test('of which a part is missing names it, and goes on only when that is allowed', async () => {
    const found = await archivedWindow(connected(await archiveOf(at(2), at(2.5))), {}, window, at(9));
    expect(() => refuseMissing(found, false)).toThrow(
      'no object of 2026-11-20T12:00:00.000Z to 2026-11-20T14:00:00.000Z (2 h); the archive begins at 2026-11-20T14:00:00.000Z',
    );
    expect(() => refuseMissing(found, true)).not.toThrow();
    expect(archiveLines(found).map((line) => line.slice(0, 10))).toEqual(['MISSING   ', 'silent    ']);
  });

  test('says from when on the archive may be behind', async () => {
    const archive = connected(await archiveOf(at(-1), at(0.5), at(1), at(2), at(2.9), at(3.8)));
    expect((await archivedWindow(archive, {}, window, at(4))).lateFromMs).toBe(at(4) - 360_000);
    expect((await archivedWindow(archive, {}, window, at(4) + 360_000)).lateFromMs).toBeUndefined();
  });

  test('is no way round the tombstones, and is what a window that has left the stream is referred to', () => {
    const old = { fromMs: at(-24 * 40), toMs: at(-24 * 39) };
    const archive = { nowMs: at(0), source: 'archive' as const, retentionHours: 24 * 365, tombstoneDays: 30 };
    expect(judgeWindow(old, archive)).toMatchObject({ kind: 'refused', because: 'gone' });
    expect(judgeWindow(old, { ...archive, tombstoneDays: 420 })).toMatchObject({ kind: 'usable', goneMs: 0 });
    const stream = { nowMs: at(0), retentionHours: 168, tombstoneDays: 420 };
    expect(judgeWindow(old, { ...stream, archiveIsOn: true })).toMatchObject({
      instead: expect.stringMatching('--from-archive'),
    });
    expect(judgeWindow(old, stream)).toMatchObject({ instead: expect.not.stringMatching('--from-archive') });
  });
});

/** A story in an archive of two shards, its rows by turns, in objects of two records. */
async function archivedStory() {
  const world = new RelayWorld();
  world.nowMs = NOON;
  const told = new SourceStory();
  told.transaction(() => {
    told.insert('metric_groups', { id: '1', name: 'views' });
    told.insert('metrics', metricRow('1', 'views'));
    told.insert('metric_versions', versionRow('1', '1'));
  });
  for (const version of ['2', '3', '4'])
    told.transaction(() => told.insert('metric_versions', versionRow('1', version)));
  const archive = memoryArchive();
  const records = world.records(told.messages).map((record, place) => ({
    ...record,
    shardId: `shardId-${place % 2}`,
    sequenceNumber: sequenceNumber(place),
    partitionKey: 'k',
  }));
  for (let place = 0; place < records.length; place += 4)
    await archiveBatch(records.slice(place, place + 4), archive.put);
  const window = { fromMs: NOON, toMs: NOON + 1 };
  world.nowMs += 200 * DAY;
  const generations = shardGenerations(await archiveLogOf(archive, window, 365).shards(NOON));
  const { journal, slice } = await replayInWorld(world, wholeWindow(window, generations, { source: 'archive' }), {
    logOf: ({ window: asked }) => archiveLogOf(archive, asked, 365),
    batchRecords: 1,
  });
  return { world, told, archive, slice, generations, journal };
}

describe('a slice of a replay from the archive', () => {
  test('applies what has long left the stream, shards in any order, as the live path would have', async () => {
    const { world, told, slice, generations } = await archivedStory();
    expect(generations).toEqual([['shardId-0', 'shardId-1']]);
    expect(await slice({ shardId: 'shardId-1' })).toMatchObject({ done: true, counts: { received: 3 } });
    expect(await slice({ shardId: 'shardId-0' })).toMatchObject({ done: true, counts: { received: 3 } });
    await world.drainQueue();
    expectPublished(world, told, 'replayed from the archive');
  });

  test('goes on behind its checkpoint with a log that knows nothing of it', async () => {
    const { slice, archive } = await archivedStory();
    expect(await slice({ shardId: 'shardId-0', remainingMs: () => 1_000 })).toMatchObject({ done: false, looked: 1 });
    archive.opened.length = 0;
    expect(await slice({ shardId: 'shardId-0' })).toMatchObject({
      done: true,
      looked: 3,
      counts: { received: 3, applied: 3 },
    });
    // Its first object holds the record of the checkpoint and the one behind it.
    expect(archive.opened).toHaveLength(2);
  });

  test.each([
    ['cut off', (content: Uint8Array) => content.subarray(0, content.length - 9)],
    ['empty', () => new Uint8Array()],
    ['written over with no record', () => encodeRecords([])],
    ['written over with others', () => encodeRecords([archivedRecord('shardId-0', 99, NOON)])],
  ])(
    'whose object is %s is refused with its name; nothing of it is applied, and mended it is done',
    async (_, damage) => {
      const { slice, archive, journal } = await archivedStory();
      const key = [...archive.objects.keys()].filter((name) => name.includes('shardId-0')).sort()[1] ?? '';
      const content = archive.objects.get(key) ?? new Uint8Array();
      archive.objects.set(key, damage(content));
      await expect(slice({ shardId: 'shardId-0' })).rejects.toMatchObject({
        name: 'ReplayRefused',
        message: expect.stringContaining(key),
      });
      expect(await journal.checkpoints('r1')).toMatchObject([{ done: false, looked: 2, counts: { received: 2 } }]);
      archive.objects.set(key, content);
      expect(await slice({ shardId: 'shardId-0' })).toMatchObject({ done: true, counts: { received: 3 } });
    },
  );

  test('reads large records a few megabytes at a time', async () => {
    const archive = memoryArchive();
    const bytes = new Uint8Array(1024 * 1024);
    const large = Array.from({ length: 12 }, (_, place) => ({ ...archivedRecord('s', place, NOON), bytes }));
    await archiveBatch(large, archive.put);
    const log = archiveLogOf(archive, { fromMs: NOON, toMs: NOON + 1 }, 365);
    const first = await log.read('s', await log.open('s', { kind: 'time', ms: NOON }), 2_000);
    expect(first.records).toHaveLength(8);
    expect((await log.read('s', first.next ?? '', 2_000)).records).toHaveLength(4);
  });

  test('does not take a shard whose reading failed for one that has ended', async () => {
    const { archive } = await archivedStory();
    const log = archiveLogOf(archive, { fromMs: NOON, toMs: NOON + 1 }, 365);
    const place = await log.open('shardId-0', { kind: 'time', ms: NOON });
    const [key = ''] = archive.objects.keys();
    archive.objects.set(key, new Uint8Array());
    await expect(log.read('shardId-0', place, 10)).rejects.toThrow('cannot be read');
    await expect(log.read('shardId-0', place, 10)).rejects.toThrow('is not open');
  });
});
