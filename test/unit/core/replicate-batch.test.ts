/** A batch: what becomes of each record, what the event source mapping is told, and that no record harms another one. */
import { describe, expect, test } from 'vitest';
import type { RecordOutcome } from '#core/replication/batch-outcome.ts';
import { type BatchResult, replicateBatch } from '#core/replication/replicate-batch.ts';
import { contextWithFailingWrites, touches } from '../../support/faulty-store.ts';
import { expectPublished } from '../../support/published-laws.ts';
import { RelayWorld } from '../../support/relay-world.ts';
import { metricRow, SourceStory, versionRow } from '../../support/source-story.ts';

function twoMetrics(): SourceStory {
  const story = new SourceStory();
  story.transaction(() => {
    story.insert('dimensions', { id: '1', name: 'country' });
    story.insert('metric_groups', { id: '1', name: 'group' });
    story.insert('dimensions_metric_groups', { dimension_id: '1', metric_group_id: '1' });
  });
  for (const [id, name] of [
    ['1', 'first'],
    ['2', 'second'],
  ] as const) {
    story.transaction(() => {
      story.insert('metrics', metricRow(id, name));
      story.insert('metric_versions', versionRow(id, '1'));
    });
  }
  return story;
}

const sumOf = ({ counts: { received, ...others } }: BatchResult): readonly [number, number] => [
  received,
  Object.values(others).reduce((sum, count) => sum + count, 0),
];

describe('a poison record', () => {
  const poisons = {
    'that is not JSON': '{"data":',
    'of an unknown table': JSON.stringify({
      data: { id: '1', relay_lineage: 'lph-1' },
      metadata: {
        timestamp: '2026-11-20T12:00:00Z',
        'record-type': 'data',
        operation: 'insert',
        'schema-name': 'lph',
        'table-name': 'customers',
      },
    }),
    'of an operation with a name of half a megabyte': JSON.stringify({
      data: { id: '1', relay_lineage: 'lph-1' },
      metadata: {
        timestamp: '2026-11-20T12:00:00Z',
        'record-type': 'data',
        operation: 'x'.repeat(500_000),
        'schema-name': 'lph',
        'table-name': 'metrics',
      },
    }),
  };
  for (const [kind, poison] of Object.entries(poisons)) {
    for (const place of ['first', 'in the middle', 'last'] as const) {
      test(`${kind} is set aside with its bytes and delays nobody, standing ${place}`, async () => {
        const story = twoMetrics();
        const world = new RelayWorld();
        const index = { first: 0, 'in the middle': 4, last: story.messages.length }[place];
        const messages = story.messages.toSpliced(index, 0, poison);
        const result = await world.apply(messages);
        expect(result.retryFrom).toBeUndefined();
        expect(result.counts).toMatchObject({
          received: messages.length,
          applied: messages.length - 1,
          quarantined: 1,
        });
        expectPublished(world, story, kind);
        expect([...world.setAside.values()].map((bytes) => Buffer.from(bytes).toString())).toEqual([poison]);
        expect(world.tables.table('Quarantine').size).toBe(1);
      });
    }
  }

  test('that is too large to store is set aside, with the other records of its row, and not retried for ever', async () => {
    const story = twoMetrics();
    story.transaction(() => story.update('metric_versions', ['1', '1'], { notes: 'x'.repeat(500_000) }));
    const world = new RelayWorld();
    await world.apply(story.messages.slice(0, -1));
    const result = await world.apply(story.messages.slice(-1));
    expect(result.retryFrom).toBeUndefined();
    expect(result.counts).toMatchObject({ received: 1, quarantined: 1 });
    expect([...world.tables.table('Quarantine').values()][0]?.code?.S).toBe('ITEM_TOO_LARGE');
  });

  test('that makes a metric too large to publish is set aside; the last published state stands', async () => {
    const story = twoMetrics();
    const world = new RelayWorld();
    await world.apply(story.messages);
    const items = () => [...world.liveItems()].filter(([key]) => key.startsWith('first'));
    const before = items();
    const from = story.messages.length;
    story.transaction(() => {
      // A row that the mirror can hold, and with the names of the dimensions an item "0" above 400 KB.
      story.update('metric_versions', ['1', '1'], { hybrid_formula: 'x'.repeat(390_000) });
      for (let id = 10; id < 110; id++) {
        story.insert('dimensions', { id: String(id), name: `${id}-${'d'.repeat(250)}` });
        story.insert('dimensions_metric_groups', { dimension_id: String(id), metric_group_id: '1' });
      }
    });
    const result = await world.apply(story.messages.slice(from));
    expect(result.retryFrom).toBeUndefined();
    expect(result.counts.quarantined).toBeGreaterThan(0);
    expect(sumOf(result)[1]).toBe(sumOf(result)[0]);
    expect(items()).toEqual(before);
  });

  test('whose quarantine fails is retried: it is never dropped', async () => {
    const story = twoMetrics();
    const world = new RelayWorld();
    const context = world.context();
    const quarantine = { setAside: async () => Promise.reject(new Error('bucket unreachable')) };
    const records = world.records(['{', ...story.messages]);
    const result = await replicateBatch({ ...context, quarantine: quarantine as never }, records);
    expect(result.retryFrom).toBe(records[0]?.sequenceNumber);
    expect(result.counts).toMatchObject({ failed: 1, applied: story.messages.length });
  });
});

describe('an infrastructure error', () => {
  test('of one row reports the lowest sequence number of that row; the others are stored, and the retry finishes the job', async () => {
    const story = twoMetrics();
    const world = new RelayWorld();
    const records = world.records(story.messages);
    const broken = contextWithFailingWrites(world.context(), touches('metric#1', 'row#metric_versions#1'));
    const result = await replicateBatch(broken, records);
    const index = story.messages.findIndex((message) => message.includes('"metric_versions"'));
    expect(result.retryFrom).toBe(records[index]?.sequenceNumber);
    expect(result.counts).toMatchObject({ failed: 1, applied: records.length - 1 });
    expect(sumOf(result)[1]).toBe(sumOf(result)[0]);

    const retry = await replicateBatch(world.context(), records.slice(index));
    expect(retry.retryFrom).toBeUndefined();
    await world.drainQueue();
    expectPublished(world, story, 'after the retry');
  });

  test('of one row holds back its later records, so that none passes an earlier one', async () => {
    const story = twoMetrics();
    const from = story.messages.length;
    story.transaction(() => story.update('metrics', ['1'], { name: 'renamed' }));
    story.transaction(() => story.update('metrics', ['1'], { name: 'again' }));
    const world = new RelayWorld();
    await world.apply(story.messages.slice(0, from));
    const records = world.records(story.messages.slice(from));
    const broken = contextWithFailingWrites(world.context(), touches('metric#1', 'row'));
    const result = await replicateBatch(broken, records);
    expect(result.retryFrom).toBe(records[0]?.sequenceNumber);
    expect(result.counts.failed).toBe(2);
    await replicateBatch(world.context(), records);
    expectPublished(world, story, 'after the retry');
  });

  test('of a publication reports the records behind it, and the retry publishes although its rows are duplicates by then', async () => {
    const story = twoMetrics();
    const world = new RelayWorld();
    const records = world.records(story.messages);
    const broken = contextWithFailingWrites(world.context(), touches('metric#2', 'head'));
    const result = await replicateBatch(broken, records);
    expect(result.retryFrom).toBeDefined();
    expect([...world.liveItems().keys()].every((key) => key.startsWith('first'))).toBe(true);
    const retry = await replicateBatch(world.context(), records);
    expect(retry.counts.duplicate).toBe(records.length);
    expectPublished(world, story, 'after the retry');
  });

  test('of a primary-key update fails the record as a whole when one of its two rows is not stored', async () => {
    const story = twoMetrics();
    const world = new RelayWorld();
    await world.apply(story.messages);
    const from = story.messages.length;
    story.transaction(() => story.update('metric_versions', ['1', '1'], { version: '2' }));
    const records = world.records(story.messages.slice(from));
    const broken = contextWithFailingWrites(world.context(), touches('metric#1', 'row#metric_versions#2'));
    expect((await replicateBatch(broken, records)).counts).toMatchObject({ received: 1, failed: 1 });
    await replicateBatch(world.context(), records);
    await world.drainQueue();
    expectPublished(world, story, 'after the retry');
  });
});

describe('a batch', () => {
  test('of every kind of record adds up', async () => {
    const story = twoMetrics();
    const world = new RelayWorld();
    await world.apply(story.messages.slice(0, 5));
    story.transaction(() => story.update('metrics', ['1'], { created_by: 'ada' }));
    const control =
      '{"metadata":{"timestamp":"2026-11-20T12:00:00Z","record-type":"control","operation":"create-table"}}';
    const result = await world.apply([...story.messages, control, '{']);
    expect(result.counts).toMatchObject({ control: 1, quarantined: 1, failed: 0 });
    expect(sumOf(result)[0]).toBe(story.messages.length + 2);
    expect(sumOf(result)[1]).toBe(sumOf(result)[0]);
    const kinds: readonly RecordOutcome[] = ['applied', 'duplicate', 'unchanged'];
    for (const kind of kinds) expect(result.counts[kind], kind).toBeGreaterThan(0);
  });

  test('that is empty is done', async () => {
    const result = await new RelayWorld().apply([]);
    expect(result).toMatchObject({ retryFrom: undefined, counts: { received: 0 } });
  });

  test('recomputes each metric once, however many of its rows it brings', async () => {
    const story = twoMetrics();
    const world = new RelayWorld();
    await world.apply(story.messages);
    expect(
      world
        .events()
        .map(({ data }) => `${data.name}:${data.revision}`)
        .sort(),
    ).toEqual(['first:1', 'second:1']);
  });

  test('names the newest of its commits as the cause', async () => {
    const story = twoMetrics();
    const world = new RelayWorld();
    await world.apply([...story.messages].reverse());
    const [event] = world.events().filter(({ data }) => data.name === 'second');
    expect(event?.metadata.correlationId).toBe(String((5n << 32n) + 3n));
  });

  test('with a change of more metrics than the limit hands them to the projection queue', async () => {
    const story = twoMetrics();
    const world = new RelayWorld({ fanOutLimit: 1 });
    await world.apply(story.messages);
    await world.drainQueue();
    story.transaction(() => story.update('dimensions', ['1'], { name: 'land' }));
    await world.apply(story.messages.slice(-1));
    expect(world.queue.map(({ body }) => body.kind)).toEqual(['fanOut']);
    await world.drainQueue();
    expectPublished(world, story, 'after the queue');
  });
});
