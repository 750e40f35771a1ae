/** Records that cannot be applied: each is set aside whole, with its bytes and the reason, and its neighbours go on. */
import { createHash } from 'node:crypto';
import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, until } from './support/eventually.ts';
import { atRest } from './support/laws.ts';
import { mirrored, type PipelineUnderTest, startPipelineUnderTest } from './support/pipeline-under-test.ts';
import { createPrimitive, LATER } from './support/primitive.ts';
import { exposed } from './support/process-tree.ts';
import { inGroup, version } from './support/source-writes.ts';

let pipeline: PipelineUnderTest;
beforeAll(async () => {
  pipeline = await startPipelineUnderTest();
});
afterAll(() => pipeline?.stop());

const SECRET = 'value-that-no-log-may-show';

interface Message {
  readonly data?: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** An insert of a dimension as DMS writes it; nothing refers to it, so it changes no metric. */
const message = (id: number | string, metadata: object = {}, data: object = {}): Message => ({
  data: {
    id,
    name: `dimension ${id}`,
    created_at: '2026-01-01T00:00:00Z',
    created_by: 'x',
    relay_lineage: 'lph-1',
    ...data,
  },
  metadata: {
    timestamp: '2026-01-01T00:00:00.000000Z',
    'record-type': 'data',
    operation: 'insert',
    'partition-key-type': 'primary-key',
    'schema-name': 'lph',
    'table-name': 'dimensions',
    'transaction-id': 1,
    'transaction-record-id': 1,
    'commit-timestamp': '2026-01-01T00:00:00Z',
    ...metadata,
  },
});

const bytes = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const without = (name: string): Message => {
  const { metadata, data } = message(1);
  return { metadata, data: Object.fromEntries(Object.entries(data as object).filter(([column]) => column !== name)) };
};

const BAD: readonly (readonly [code: string, record: Buffer])[] = [
  ['MALFORMED_RECORD', bytes(`not JSON: ${SECRET}`)],
  ['MALFORMED_RECORD', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
  ['MALFORMED_RECORD', bytes('[]')],
  ['MALFORMED_RECORD', bytes('{"metadata":{}}')],
  ['MALFORMED_RECORD', bytes('['.repeat(200_000))],
  ['MALFORMED_RECORD', bytes({ metadata: message(1).metadata })],
  ['UNKNOWN_TABLE', bytes(message(1, { 'table-name': 'secrets' }))],
  ['UNKNOWN_TABLE', bytes(message(1, { 'schema-name': 'another' }))],
  ['UNKNOWN_TABLE', bytes(message(1, { 'table-name': '__proto__' }))],
  ['UNKNOWN_OPERATION', bytes(message(1, { operation: 'merge' }))],
  ['MISSING_COLUMN', bytes(without('created_by'))],
  ['COLUMN_MISMATCH', bytes(message(SECRET))],
  ['COLUMN_MISMATCH', bytes(JSON.stringify(message(1)).replace('dimension 1', '\\ud800'))],
  ['MISSING_POSITION', bytes(message(1, { 'transaction-id': undefined }))],
  ['MISSING_POSITION', bytes(without('relay_lineage'))],
];

test('bad records in a row are set aside with bytes and reason, and what comes before and after them is applied', async () => {
  const { reach, tables } = pipeline;
  const kinesis = new KinesisClient(reach.client);
  const records = [bytes(message(901)), ...BAD.map(([, record]) => record), bytes(message(902))];
  const answer = await kinesis.send(
    new PutRecordsCommand({
      StreamName: reach.output('ChangeStream'),
      // One key, one shard, one order: nobody can go round the bad ones.
      Records: records.map((Data) => ({ Data, PartitionKey: 'bad-input' })),
    }),
  );
  kinesis.destroy();
  expect(answer.FailedRecordCount).toBe(0);
  await mirrored(pipeline, 'dimension#901', 'row');
  await mirrored(pipeline, 'dimension#902', 'row');

  const aside = new Map(
    (await tables.all('QuarantineTable')).map((item) => [`${item.pk?.S} ${item.sequenceNumber?.S}`, item]),
  );
  expect(aside.size).toBe(BAD.length);
  const bucket = new S3Client({ ...reach.client, forcePathStyle: true });
  for (const [index, [code, record]] of BAD.entries()) {
    const { ShardId, SequenceNumber } = answer.Records?.[index + 1] ?? {};
    const item = aside.get(`${ShardId} ${SequenceNumber}`);
    expect(item?.code?.S, `record ${index}: ${item?.reason?.S}`).toBe(code);
    expect(item?.reason?.S).not.toContain(SECRET);
    expect(item?.sha256?.S).toBe(createHash('sha256').update(record).digest('hex'));
    const object = { Bucket: reach.output('QuarantineBucket'), Key: item?.objectKey?.S };
    const kept = await (await bucket.send(new GetObjectCommand(object))).Body?.transformToByteArray();
    expect(Buffer.from(kept ?? []).equals(record), `the bytes of record ${index}`).toBe(true);
    const line = logLines().find((one) => one.includes(String(SequenceNumber)));
    expect(line).toContain('record set aside');
    expect(line).toContain(String(ShardId));
    expect(line).toContain(code);
  }
  bucket.destroy();
  expect(pipeline.functionLogs()).not.toContain(SECRET);
});

const logLines = (): string[] => pipeline.functionLogs().split('\n');

test('a control record of any kind is noted and sets nothing aside', async () => {
  const { reach, tables } = pipeline;
  const before = (await tables.all('QuarantineTable')).length;
  const kinesis = new KinesisClient(reach.client);
  const control = { 'record-type': 'control', operation: 'change-columns', 'table-name': 'dimensions' };
  const Records = [bytes({ metadata: { ...message(1).metadata, ...control } }), bytes(message(903))];
  await kinesis.send(
    new PutRecordsCommand({
      StreamName: reach.output('ChangeStream'),
      Records: Records.map((Data) => ({ Data, PartitionKey: 'bad-input' })),
    }),
  );
  kinesis.destroy();
  await mirrored(pipeline, 'dimension#903', 'row');
  expect((await tables.all('QuarantineTable')).length).toBe(before);
  await until('the control record is noted', () =>
    logLines().some((line) => line.includes('control record') && line.includes('change-columns')),
  );
});

test('a change of which no event can be made is set aside whole, and the events beside it are published', async () => {
  const { reach, tables } = pipeline;
  const store = new DynamoDBClient(reach.client);
  const TableName = reach.output('MetricsTable');
  const byHand = { name: { S: 'written by hand' }, version: { S: '0' }, valueType: { S: SECRET } };
  await store.send(new PutItemCommand({ TableName, Item: byHand }));
  await createPrimitive(pipeline, 905, 'beside_what_was_written_by_hand');
  const [aside] = await eventually('the change made by hand is set aside', async () => {
    const found = (await tables.all('QuarantineTable')).filter(({ pk }) => pk?.S === 'metrics-stream');
    return found.length > 0 ? found : undefined;
  });
  expect(aside).toMatchObject({ code: { S: 'UNPUBLISHABLE_ITEM' }, reason: { S: 'item "0" has no metricId' } });
  const bucket = new S3Client({ ...reach.client, forcePathStyle: true });
  const object = { Bucket: reach.output('QuarantineBucket'), Key: aside?.objectKey?.S };
  const kept = (await (await bucket.send(new GetObjectCommand(object))).Body?.transformToString()) ?? '';
  expect(JSON.parse(kept)).toMatchObject({ eventName: 'INSERT', dynamodb: { NewImage: byHand } });
  const { name, version } = byHand;
  await store.send(new DeleteItemCommand({ TableName, Key: { name, version } }));
  store.destroy();
  bucket.destroy();
  expect(pipeline.functionLogs()).toContain('change without an event set aside');
  expect(pipeline.functionLogs()).not.toContain(SECRET);
});

test('writes of the product go on behind bad records, in every shard', async () => {
  for (const id of [900, 901, 902, 903]) await createPrimitive(pipeline, id, `after_bad_${id}`);
});

test('a metric too large for an item keeps its last state and holds nobody up; made smaller, it is published again', async () => {
  const { source, tables, subscriber } = pipeline;
  await createPrimitive(pipeline, 910, 'swollen');
  const ids = Array.from({ length: 450 }, (_, index) => 2000 + index);
  const rows = ids.map((id) => `(${id}, CONCAT(REPEAT('𝄞', 250), ${id}), NOW(6), 'x')`);
  await source.transaction(`INSERT INTO dimensions VALUES ${rows.join(', ')}`);
  await source.transaction(inGroup(1910, ...ids));
  await until('a record of the swollen metric is set aside', async () =>
    (await tables.all('QuarantineTable')).some((item) => item.code?.S === 'ITEM_TOO_LARGE'),
  );
  await createPrimitive(pipeline, 911, 'neighbour');
  expect((await tables.metric('swollen'))?.relatedDimensions?.SS?.length ?? 0).toBeLessThan(450);
  await source.transaction(
    'DELETE FROM dimensions_metric_groups WHERE metric_group_id = 1910 AND dimension_id >= 2000',
  );
  await source.transaction(version(910, 2, { at: LATER }));
  await atRest(source, tables, subscriber);
});

test('every listener of the pipeline is on the loopback interface', () => {
  const listeners = pipeline.listeners();
  expect(listeners.length).toBeGreaterThanOrEqual(5);
  expect(exposed(listeners)).toEqual([]);
});
