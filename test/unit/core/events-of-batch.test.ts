/** What a batch of the pipe becomes: one bad record never takes the others with it, and only what cannot be reached fails the batch. */
import { describe, expect, test } from 'vitest';
import type { RelayError } from '#core/error/relay-error.ts';
import { eventsOfBatch, METRICS_STREAM } from '#core/event/events-of-batch.ts';
import type { Item } from '#core/platform/item-store.ts';
import { redirectItem } from '#core/publication/metric-item.ts';
import { Quarantine } from '#core/quarantine/quarantine.ts';
import type { ChangeRecord } from '#core/replication/change-record.ts';
import { MemoryItemStore, MemoryTables } from '../../support/memory-item-store.ts';

let sequence = 100;
const item = (metricId: string, more: Item = {}): Item => ({
  name: { S: `metric ${metricId}` },
  version: { S: '0' },
  metricId: { N: metricId },
  revision: { N: '1' },
  valueType: { S: 'SCALAR' },
  lastChange: { M: { committedAt: { S: '2026-11-20T12:00:00Z' }, transactionId: { S: '677883278264080' } } },
  ...more,
});
const record = (NewImage: Item | undefined, OldImage?: Item): unknown => ({
  eventID: String(++sequence),
  eventName: NewImage ? (OldImage ? 'MODIFY' : 'INSERT') : 'REMOVE',
  eventSource: 'aws:dynamodb',
  dynamodb: { NewImage, OldImage, SequenceNumber: String(sequence), ApproximateCreationDateTime: 1_763_640_000 },
});

interface Aside {
  readonly record: ChangeRecord;
  readonly error: RelayError;
}

async function run(records: readonly unknown[]) {
  const aside: Aside[] = [];
  const setAside = async (one: ChangeRecord, error: RelayError) => void aside.push({ record: one, error });
  const batch = await eventsOfBatch({ metricsTable: 'Metrics', setAside }, records);
  return { ids: batch.events.map(({ metadata }) => metadata.eventId), count: batch.setAside, aside };
}

const { metricId: _, ...nobodys } = item('9');
const BAD: readonly (readonly [string, unknown])[] = [
  ['belongs to no metric', record(nobodys)],
  ['has a revision beyond 2^53', record(item('9', { revision: { N: '9007199254740993' } }))],
  ['would give an event outside of its schema', record({ ...item('9'), valueType: { N: '7' } })],
  ['has no commit time', record(item('9', { lastChange: { M: {} } }))],
  ['has an attribute that JSON does not hold', record(item('9', { extra: { BS: [] } }))],
  ['has an attribute that is no attribute', record({ ...item('9'), extra: null } as unknown as Item)],
  ['has no image', { eventName: 'MODIFY', dynamodb: { Keys: {}, SequenceNumber: '5' } }],
  ['is nothing at all', null],
];

describe('a batch with a record that', () => {
  test.each(BAD)('%s is published without it, and it is set aside whole', async (_, bad) => {
    const { ids, count, aside } = await run([record(item('1')), bad, record(item('2'))]);
    expect(ids).toEqual(['1:1', '2:1']);
    expect([count, aside.length]).toEqual([1, 1]);
    expect(JSON.parse(Buffer.from(aside[0]?.record.bytes ?? []).toString())).toEqual(bad);
    expect(aside[0]?.record.shardId).toBe(METRICS_STREAM);
    expect(aside[0]?.error.message).not.toBe('');
    expect(Number.isFinite(aside[0]?.record.arrivedAtMs)).toBe(true);
  });

  test('is bad comes to the quarantine under the place it had in the stream, twice as once', async () => {
    const tables = new MemoryTables({ Quarantine: ['pk', 'sk'] });
    const objects = new Map<string, Uint8Array>();
    const put = async (key: string, bytes: Uint8Array) => void objects.set(key, bytes);
    const quarantine = new Quarantine(new MemoryItemStore(tables), 'Quarantine', put, () => 0);
    const context = {
      metricsTable: 'Metrics',
      setAside: (one: ChangeRecord, error: RelayError) => quarantine.setAside(one, error),
    };
    const bad = record(nobodys);
    await eventsOfBatch(context, [bad]);
    await eventsOfBatch(context, [bad, null]);
    const kept = [...tables.table('Quarantine').values()];
    expect(kept.map(({ code }) => code?.S)).toEqual(['UNPUBLISHABLE_ITEM', 'UNPUBLISHABLE_ITEM']);
    expect(kept.map(({ pk }) => pk?.S)).toEqual([METRICS_STREAM, METRICS_STREAM]);
    expect([...objects.keys()][0]).toBe(`quarantine/metrics-stream/${sequence}.record`);
    expect(objects.size).toBe(2);
  });
});

describe('a batch', () => {
  test('fails when what must be set aside cannot be stored: the pipe brings it again', async () => {
    const setAside = async (): Promise<void> => Promise.reject(new Error('no bucket'));
    const context = { metricsTable: 'Metrics', setAside };
    await expect(eventsOfBatch(context, [record(item('1')), record(nobodys)])).rejects.toThrow('no bucket');
  });

  test('that comes again gives the same events with the same ids', async () => {
    const records = [record(item('1')), record(item('1', { revision: { N: '2' } }), item('1'))];
    expect((await run(records)).ids).toEqual(['1:1', '1:2']);
    expect((await run(records)).ids).toEqual(['1:1', '1:2']);
  });

  test('of redirects, their expiry, claims and removals publishes nothing and sets nothing aside', async () => {
    const redirect = redirectItem('old', 'new', 99);
    const claim: Item = { name: { S: 'a' }, version: { S: '0' }, metricId: { N: '1' }, claim: { BOOL: true } };
    const changes = [
      record(redirect),
      record(redirect, item('1')),
      record(undefined, redirect),
      record(claim),
      record(undefined, claim),
      record(undefined, item('1', { deleted: { BOOL: true } })),
    ];
    expect(await run(changes)).toEqual({ ids: [], count: 0, aside: [] });
  });
});
