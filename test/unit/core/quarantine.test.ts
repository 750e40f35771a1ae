/** Setting a record aside. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { RelayError } from '#core/error/relay-error.ts';
import { Quarantine } from '#core/quarantine/quarantine.ts';
import { MemoryItemStore, MemoryTables } from '../../support/memory-item-store.ts';

const bytes = Uint8Array.of(0, 255, 123);
const record = { shardId: 'shardId-000000000001', sequenceNumber: '4959', arrivedAtMs: 1_000, bytes };
const error = new RelayError('MALFORMED_RECORD', 'the record is not UTF-8 JSON');

function quarantine(putObject?: (key: string, bytes: Uint8Array) => Promise<void>) {
  const tables = new MemoryTables({ Quarantine: ['pk', 'sk'] });
  const objects = new Map<string, Uint8Array>();
  const put = putObject ?? (async (key: string, body: Uint8Array) => void objects.set(key, body));
  const events: string[] = [];
  const store = new MemoryItemStore(tables, async () => void events.push('reason'));
  return {
    tables,
    objects,
    events,
    quarantine: new Quarantine(
      store,
      'Quarantine',
      async (key, body) => {
        events.push('bytes');
        await put(key, body);
      },
      () => 2_000,
    ),
  };
}

describe('a record that is set aside', () => {
  test('keeps its raw bytes, its reason, its place in the stream and when it came', async () => {
    const { quarantine: aside, objects, tables } = quarantine();
    await aside.setAside(record, error);
    const [item] = tables.table('Quarantine').values();
    expect(item).toEqual({
      pk: { S: 'shardId-000000000001' },
      sk: { S: '4959'.padStart(56, '0') },
      sequenceNumber: { S: '4959' },
      code: { S: 'MALFORMED_RECORD' },
      reason: { S: 'the record is not UTF-8 JSON' },
      objectKey: { S: 'quarantine/shardId-000000000001/4959.record' },
      bytes: { N: '3' },
      sha256: { S: createHash('sha256').update(bytes).digest('hex') },
      arrivedAt: { S: '1970-01-01T00:00:01.000Z' },
      quarantinedAt: { S: '1970-01-01T00:00:02.000Z' },
    });
    expect(objects.get(item?.objectKey?.S ?? '')).toEqual(bytes);
  });

  test('has its bytes stored before its reason: a reason without bytes could not be redriven', async () => {
    const { quarantine: aside, events } = quarantine();
    await aside.setAside(record, error);
    expect(events).toEqual(['bytes', 'reason']);
  });

  test('leaves no reason when its bytes could not be stored', async () => {
    const { quarantine: aside, tables } = quarantine(async () => Promise.reject(new Error('no bucket')));
    await expect(aside.setAside(record, error)).rejects.toThrow('no bucket');
    expect(tables.table('Quarantine').size).toBe(0);
  });

  test('twice is set aside once', async () => {
    const { quarantine: aside, objects, tables } = quarantine();
    await aside.setAside(record, error);
    await aside.setAside(record, error);
    expect([objects.size, tables.table('Quarantine').size]).toEqual([1, 1]);
  });

  test('stands in the table in the order of the stream, though sequence numbers differ in length', async () => {
    const { quarantine: aside, tables } = quarantine();
    for (const sequenceNumber of ['100', '9']) await aside.setAside({ ...record, sequenceNumber }, error);
    const inOrder = [...tables.table('Quarantine').values()].sort((a, b) =>
      (a.sk?.S ?? '') < (b.sk?.S ?? '') ? -1 : 1,
    );
    expect(inOrder.map((item) => item.sequenceNumber?.S)).toEqual(['9', '100']);
  });
});
