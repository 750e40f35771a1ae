import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { archiveBatch } from '#core/archive/archive-batch.ts';
import { ArchiveChangeLog } from '#core/archive/archive-change-log.ts';
import { compareSequenceNumbers, decodeRecords, encodeRecords, parseObjectKey } from '#core/archive/archive-object.ts';
import { archivedShards, readArchivedShard } from '#core/archive/read-archive.ts';
import { s3ArchivePut } from '#core/archive/s3-archive-store.ts';
import { ReadPace } from '#core/replay/read-pace.ts';
import { WindowReader } from '#core/replay/read-window.ts';
import { allOf, archivedRecord, memoryArchive, sequenceNumber } from '../../support/memory-archive.ts';

const SHARD = 'shardId-000000000001';
const NOON = Date.parse('2026-11-20T12:00:00.000Z');
const MIDNIGHT = Date.parse('2026-11-21T00:00:00.000Z');
const from = (place: number, count: number, startMs = NOON) =>
  Array.from({ length: count }, (_, index) => archivedRecord(SHARD, place + index, startMs + index));

describe('an object of the change archive', () => {
  test('is named by day, shard, arrivals and sequence numbers', async () => {
    const archive = memoryArchive();
    await archiveBatch(from(1, 3), archive.put);
    expect([...archive.objects.keys()]).toEqual([
      `changes/year=2026/month=11/day=20/${SHARD}/001795176000000-001795176000002-${sequenceNumber(1)}-${sequenceNumber(3)}.ndjson.gz`,
    ]);
    expect(parseObjectKey([...archive.objects.keys()][0] ?? '')).toEqual({
      shardId: SHARD,
      firstArrivedAtMs: NOON,
      lastArrivedAtMs: NOON + 2,
      firstSequenceNumber: sequenceNumber(1),
      lastSequenceNumber: sequenceNumber(3),
    });
  });

  test('gives back every byte, also of a record that is no text', () => {
    const records = [{ ...archivedRecord(SHARD, 1, NOON), bytes: Uint8Array.from([0, 255, 10, 13, 128]) }];
    expect(decodeRecords('k', encodeRecords(records), SHARD)).toEqual(
      records.map((record) => ({ ...record, bytes: Buffer.from(record.bytes) })),
    );
  });

  test('that is damaged is named, with what to do', () => {
    expect(() => decodeRecords('changes/x', Buffer.from('no gzip'), SHARD)).toThrow(
      /changes\/x .*cannot be read.*reload/,
    );
  });

  test('is made once of a batch that comes twice, and apart for what arrived after midnight', async () => {
    const archive = memoryArchive();
    const batch = from(1, 4, MIDNIGHT - 2);
    expect(await archiveBatch(batch, archive.put)).toMatchObject({ records: 4, written: 2, present: 0 });
    expect(await archiveBatch(batch, archive.put)).toMatchObject({ records: 4, written: 0, present: 2, bytes: 0 });
    expect([...archive.objects.keys()].map((key) => key.slice(0, 35))).toEqual([
      'changes/year=2026/month=11/day=20/s',
      'changes/year=2026/month=11/day=21/s',
    ]);
  });

  test('of another writer is passed over', () => {
    expect(parseObjectKey('changes/year=2026/month=11/day=20/readme.txt')).toBeUndefined();
  });
});

test('an object that S3 says is there already counts as archived; any other refusal is an error', async () => {
  const refusing = (name: string) => {
    const client = new S3Client({ region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
    const inputs: unknown[] = [];
    client.send = async (command: { readonly input: unknown }) => {
      inputs.push(command.input);
      throw Object.assign(new Error(name), { name });
    };
    return { put: s3ArchivePut(client, 'bucket'), inputs };
  };
  const { put, inputs } = refusing('PreconditionFailed');
  expect(await put('changes/k', new Uint8Array())).toBe('present');
  expect(inputs).toMatchObject([{ Bucket: 'bucket', Key: 'changes/k', IfNoneMatch: '*' }]);
  await expect(refusing('SlowDown').put('changes/k', new Uint8Array())).rejects.toThrow('SlowDown');
});

test('sequence numbers compare as numbers, whatever their length', () => {
  expect(compareSequenceNumbers('9', '10')).toBeLessThan(0);
  expect(compareSequenceNumbers('0010', '9')).toBeGreaterThan(0);
  expect(compareSequenceNumbers(sequenceNumber(1), sequenceNumber(2))).toBeLessThan(0);
  expect(compareSequenceNumbers('007', '7')).toBe(0);
});

describe('reading the archive', () => {
  const wide = { fromMs: NOON - 1, toMs: MIDNIGHT + 3_600_000 };
  const places = async (records: ReturnType<typeof readArchivedShard>) =>
    (await allOf(records)).map(({ sequenceNumber: number }) => Number(BigInt(number) - BigInt(sequenceNumber(0))));

  test('gives a record once that two batches hold, cut otherwise', async () => {
    const archive = memoryArchive();
    for (const batch of [from(1, 6), from(1, 3), from(4, 3, NOON + 3), from(3, 5, NOON + 2)]) {
      await archiveBatch(batch, archive.put);
    }
    expect(await places(readArchivedShard(archive, SHARD, wide))).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test('keeps the order of the shard where arrival times go back over midnight', async () => {
    const archive = memoryArchive();
    const records = [MIDNIGHT - 2, MIDNIGHT + 1, MIDNIGHT - 1, MIDNIGHT + 2, MIDNIGHT + 5].map((ms, index) =>
      archivedRecord(SHARD, index, ms),
    );
    await archiveBatch(records, archive.put);
    expect(await places(readArchivedShard(archive, SHARD, wide))).toEqual([0, 1, 2, 3, 4]);
  });

  test('opens no object outside the window or before the record to go on behind', async () => {
    const archive = memoryArchive();
    for (const batch of [from(0, 10), from(10, 10, NOON + 1_000), from(20, 10, NOON + 2_000)]) {
      await archiveBatch(batch, archive.put);
    }
    const window = { fromMs: NOON + 1_005, toMs: NOON + 2_003 };
    expect(await places(readArchivedShard(archive, SHARD, window))).toEqual([15, 16, 17, 18, 19, 20, 21, 22]);
    expect(archive.opened).toHaveLength(2);
    expect(await places(readArchivedShard(archive, SHARD, window, sequenceNumber(19)))).toEqual([20, 21, 22]);
    expect(archive.opened).toHaveLength(3);
  });

  test('finds the shards of a window by names alone', async () => {
    const archive = memoryArchive();
    await archiveBatch([...from(0, 2), archivedRecord('shardId-000000000000', 1, MIDNIGHT)], archive.put);
    expect(await archivedShards(archive, wide)).toEqual([
      { shardId: 'shardId-000000000000', objects: 1, firstArrivedAtMs: MIDNIGHT, lastArrivedAtMs: MIDNIGHT },
      { shardId: SHARD, objects: 1, firstArrivedAtMs: NOON, lastArrivedAtMs: NOON + 1 },
    ]);
    expect(await archivedShards(archive, { fromMs: NOON - 10, toMs: NOON })).toEqual([]);
    expect(archive.opened).toEqual([]);
  });
});

describe('the archive as the change log of a replay', () => {
  const window = { fromMs: NOON, toMs: NOON + 1_000_000 };
  const clock = { nowMs: () => NOON + 2_000_000, sleep: async () => {} };

  async function readAll(log: ArchiveChangeLog, after?: string): Promise<string[]> {
    const pace = new ReadPace(1);
    const reader = new WindowReader({ log, pace, ...clock }, SHARD, window, after);
    const numbers: string[] = [];
    for (;;) {
      const read = await reader.next(7);
      numbers.push(...read.records.map(({ sequenceNumber: number }) => number));
      if (read.end) return numbers;
    }
  }

  test('is read through the same reader as the stream, and goes on behind a checkpoint', async () => {
    const archive = memoryArchive();
    const records = from(1, 30);
    for (const at of [0, 9, 20]) await archiveBatch(records.slice(at, at + 12), archive.put);
    const numbers = records.map((record) => record.sequenceNumber);
    const log = new ArchiveChangeLog(archive, window, 365);
    expect(await log.shards(window.fromMs)).toEqual([{ shardId: SHARD, parents: [], closed: true }]);
    expect(await log.retentionHours()).toBe(8760);
    expect(await readAll(log)).toEqual(numbers);
    expect(await readAll(new ArchiveChangeLog(archive, window, 365), sequenceNumber(25))).toEqual(numbers.slice(25));
  });

  test('ends at once for a shard that has nothing there', async () => {
    expect(await readAll(new ArchiveChangeLog(memoryArchive(), window, 365))).toEqual([]);
  });
});
