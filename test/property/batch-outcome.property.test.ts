/** What a batch answers: every record is accounted for, poison delays nobody, and what is retried begins at the lowest record that failed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rowMirrorKey } from '#core/mirror/mirror-key.ts';
import { countOutcomes, type RecordOutcome, retryFrom } from '#core/replication/batch-outcome.ts';
import { type BatchResult, replicateBatch } from '#core/replication/replicate-batch.ts';
import { decode, message } from '../support/dms-message.ts';
import { contextWithFailingWrites, touches } from '../support/faulty-store.ts';
import { expectPublished } from '../support/published-laws.ts';
import { randomHistory } from '../support/random-history.ts';
import { RelayWorld } from '../support/relay-world.ts';
import { seededRandom } from '../support/seeded-random.ts';

const outcome = fc.constantFrom<RecordOutcome>(
  'applied',
  'unchanged',
  'duplicate',
  'stale',
  'quarantined',
  'control',
  'failed',
);
const sequence = fc.bigInt({ min: 0n, max: 10n ** 56n - 1n });

const POISON = [
  '{"data":',
  '\u0000',
  message({ metadata: { 'table-name': 'customers' } }),
  message({ metadata: { operation: 'truncate' } }),
  message({ metadata: { 'transaction-id': undefined } }),
  message({ data: { aggregation_style: 'MEDIAN' } }),
];
const CONTROL = '{"metadata":{"timestamp":"2026-11-20T12:00:00Z","record-type":"control","operation":"create-table"}}';

const sumOf = ({ counts: { received, ...others } }: BatchResult): number =>
  Object.values(others).reduce((sum, count) => sum + count, 0);

describe('the answer to the event source mapping', () => {
  test('is the lowest failed record, and none when nothing failed; the counts add up', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(sequence, outcome), { selector: ([number]) => number, maxLength: 12 }),
        (batch) => {
          const records = batch.map(([number]) => ({
            shardId: 's',
            sequenceNumber: String(number),
            arrivedAtMs: 0,
            bytes: new Uint8Array(),
          }));
          const outcomes = batch.map(([, of]) => of);
          const failed = batch.filter(([, of]) => of === 'failed').map(([number]) => number);
          const lowest = failed.reduce<bigint | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined);
          expect(retryFrom(records, outcomes)).toBe(lowest === undefined ? undefined : String(lowest));
          const { received, ...counts } = countOutcomes(outcomes);
          expect(received).toBe(batch.length);
          for (const [kind, count] of Object.entries(counts))
            expect(count).toBe(outcomes.filter((of) => of === kind).length);
        },
      ),
    );
  });
});

/** Records of a random history with poison and control records among them. */
function mixed(seed: number) {
  const random = seededRandom(seed);
  const story = randomHistory(random, 4 + random.below(8));
  const messages = story.messages.flatMap((one) => {
    const extra = random.chance(0.2) ? [random.pick(POISON)] : random.chance(0.1) ? [CONTROL] : [];
    return [...extra, one, ...(random.chance(0.2) ? [one] : [])];
  });
  return { random, story, messages, poison: messages.filter((one) => POISON.includes(one)).length };
}

describe('a batch with poison records', () => {
  test('is done, every record is accounted for, the poison is set aside whole, and the rest is published', async () => {
    for (let seed = 1; seed <= 150; seed++) {
      const { story, messages, poison } = mixed(seed);
      const world = new RelayWorld();
      const result = await world.apply(messages);
      expect(result, `seed ${seed}`).toMatchObject({
        retryFrom: undefined,
        counts: { quarantined: poison, failed: 0 },
      });
      expect(sumOf(result)).toBe(messages.length);
      expect(world.setAside.size).toBe(poison);
      for (const bytes of world.setAside.values()) expect(POISON).toContain(Buffer.from(bytes).toString());
      await world.drainQueue();
      expectPublished(world, story, `seed ${seed}`);
    }
  });

  test('one of whose rows cannot be stored holds back exactly the records of that row; the retry from there finishes the job', async () => {
    for (let seed = 1; seed <= 150; seed++) {
      const { random, story, messages } = mixed(seed);
      const world = new RelayWorld();
      const records = world.records(messages);
      const rows = messages.map((text) => (POISON.includes(text) || text === CONTROL ? [] : rowsOf(text)));
      const broken = random.pick(rows.flat());
      const [pk = '', sk = ''] = broken.split('\u0000');
      const held = records.filter((_, index) => rows[index]?.includes(broken));
      const result = await replicateBatch(contextWithFailingWrites(world.context(), touches(pk, sk)), records);
      expect(result.retryFrom, `seed ${seed}`).toBe(held[0]?.sequenceNumber);
      expect(result.counts.failed, `seed ${seed}`).toBe(held.length);
      expect(sumOf(result)).toBe(messages.length);

      // Lambda's own rule: everything from there on comes again, nothing before.
      const again = records.filter(({ sequenceNumber }) => BigInt(sequenceNumber) >= BigInt(result.retryFrom ?? 0));
      const retry = await replicateBatch(world.context(), again);
      expect(retry.retryFrom).toBeUndefined();
      expect(sumOf(retry)).toBe(again.length);
      await world.drainQueue();
      expectPublished(world, story, `seed ${seed}, after the retry`);
    }
  });

  test('one of whose metrics cannot be published is retried from the lowest record that concerns it, and nothing is lost before', async () => {
    let failures = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const { random, story, messages } = mixed(seed);
      const world = new RelayWorld();
      const records = world.records(messages);
      // What is stored when the batch begins: its records may then be updates alone, which no birth brings back to mind.
      await replicateBatch(world.context(), records.splice(0, random.below(records.length)));
      const id = random.pick(['1', '2', '3', '4']);
      const broken = contextWithFailingWrites(world.context(), touches(`metric#${id}`, 'head'));
      const result = await replicateBatch(broken, records);
      expect(sumOf(result)).toBe(records.length);
      expect(result.counts.failed > 0).toBe(result.retryFrom !== undefined);
      if (result.retryFrom !== undefined) failures++;
      const again = records.filter(
        ({ sequenceNumber }) => BigInt(sequenceNumber) >= BigInt(result.retryFrom ?? '1000000'),
      );
      await replicateBatch(world.context(), again);
      await world.drainQueue();
      expectPublished(world, story, `seed ${seed}, after the retry`);
    }
    expect(failures).toBeGreaterThan(100); // or nothing was retried
  });
});

function rowsOf(text: string): readonly string[] {
  const decoded = decode(text);
  if (decoded.kind !== 'rows') return [];
  return decoded.changes.map(({ table, key }) => {
    const { pk, sk } = rowMirrorKey(table, key);
    return `${pk}\u0000${sk}`;
  });
}
