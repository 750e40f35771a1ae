/** The change archive: any batches of any shards, cut anyhow, delivered again any number of times; each record comes back once, in order. */
import { describe, expect, test } from 'vitest';
import { archiveBatch } from '#core/archive/archive-batch.ts';
import type { ArchivedRecord } from '#core/archive/archive-object.ts';
import { archivedShards, readArchivedShard } from '#core/archive/read-archive.ts';
import { allOf, archivedRecord, memoryArchive } from '../support/memory-archive.ts';
import { type SeededRandom, seededRandom } from '../support/seeded-random.ts';

const HISTORIES = Number(process.env.ARCHIVE_HISTORIES ?? 300);
const START = Date.parse('2026-12-30T20:00:00.000Z');
const HOUR_MS = 3_600_000;

/** Arrival times that go on by up to hours and now and then back by up to ten seconds. */
function shardHistory(random: SeededRandom, shardId: string): ArchivedRecord[] {
  const stepMs = random.pick([20, 60_000, 5 * HOUR_MS]);
  // Some begin where a day ends: there arrival times that go back are filed under two days.
  let nowMs = random.pick([START, START + 4 * HOUR_MS - 200]);
  let place = 0;
  return Array.from({ length: random.below(60) }, () => {
    nowMs += random.below(stepMs);
    place += 1 + random.below(3);
    return archivedRecord(shardId, place, Math.max(START, nowMs - (random.chance(0.3) ? random.below(10_000) : 0)));
  });
}

/** Cuts at random; some batches come again later, whole or in halves, or with a beginning that came before. */
function deliveries(random: SeededRandom, records: readonly ArchivedRecord[]): ArchivedRecord[][] {
  const batches: ArchivedRecord[][] = [];
  for (let at = 0; at < records.length; ) {
    const size = 1 + random.below(12);
    const batch = records.slice(at, at + size);
    batches.push(batch);
    if (random.chance(0.3)) batches.push(batch);
    if (random.chance(0.3)) batches.push(batch.slice(0, Math.ceil(batch.length / 2)), batch.slice(batch.length / 2));
    if (random.chance(0.3)) batches.push(records.slice(Math.max(0, at - random.below(9)), at + random.below(size)));
    at += size;
  }
  return random.shuffle(batches.filter((batch) => batch.length > 0));
}

describe('the change archive', () => {
  test(`gives each record of a window once and in the order of its shard, in ${HISTORIES} histories`, async () => {
    for (let seed = 1; seed <= HISTORIES; seed += 1) {
      const random = seededRandom(seed);
      const archive = memoryArchive();
      const shards = ['shardId-000000000000', 'shardId-000000000007'].map((id) => shardHistory(random, id));
      for (const batch of shards.flatMap((records) => deliveries(random, records))) {
        await archiveBatch(batch, archive.put);
      }
      const fromMs = START + random.below(12 * HOUR_MS) - HOUR_MS;
      const window = { fromMs, toMs: fromMs + random.below(300 * HOUR_MS) };
      const found = new Set((await archivedShards(archive, window)).map(({ shardId }) => shardId));
      for (const records of shards) {
        const wanted = records.filter(({ arrivedAtMs: ms }) => ms >= window.fromMs && ms < window.toMs);
        const shardId = records[0]?.shardId ?? '';
        if (wanted.length > 0) expect(found, `seed ${seed}`).toContain(shardId);
        const read = await allOf(readArchivedShard(archive, shardId, window));
        expect(read, `seed ${seed}`).toEqual(wanted);
        const middle = wanted[random.below(wanted.length)];
        if (middle === undefined) continue;
        const rest = await allOf(readArchivedShard(archive, shardId, window, middle.sequenceNumber));
        expect(rest, `seed ${seed}, behind ${middle.sequenceNumber}`).toEqual(wanted.slice(wanted.indexOf(middle) + 1));
      }
    }
  });
});
