import { expect, test } from 'vitest';
import { toStreamRecord } from '#local/stream/dynamodb-stream-source.ts';
import type { StreamRecord, StreamSource } from '#local/stream/stream-source.ts';
import { SimulatedDynamoDb } from '#simulator/aws/dynamodb.ts';
import { seededRandom } from '#simulator/engine/random.ts';
import { VirtualTime } from '#simulator/engine/virtual-time.ts';
import { lived, only } from './lived.ts';

const TABLES = { Metrics: { partitionKey: 'name', sortKey: 'version', stream: true } };
const itemOf = (name: string, n: number, more: object = {}) => ({
  name: { S: name },
  version: { S: '0' },
  n: { N: String(n) },
  ...more,
});

function world(seed = 'stream') {
  const time = new VirtualTime();
  const db = new SimulatedDynamoDb(time, seededRandom(seed), only({}), TABLES);
  const put = (name: string, n: number, more?: object): Promise<object> =>
    lived(time, db.request('PutItem', { TableName: 'Metrics', Item: itemOf(name, n, more) }));
  return { time, db, put };
}

async function readAll(time: VirtualTime, source: StreamSource): Promise<readonly StreamRecord[]> {
  const records: StreamRecord[] = [];
  for (const { shardId } of await source.listShards()) {
    const cursor = await source.open(shardId, { kind: 'trim-horizon' });
    for (let empty = false; !empty; ) {
      const read = await lived(time, cursor.read(3));
      records.push(...read.records);
      empty = read.records.length === 0;
    }
  }
  return records;
}

test('each change of an item is one record, in the order of the changes; a write that changes nothing is none', async () => {
  const { time, db, put } = world();
  for (const n of [1, 1, 2, 2, 1]) for (const name of ['cpu', 'mem', 'disk', 'net']) await put(name, n);
  await lived(
    time,
    db.request('DeleteItem', { TableName: 'Metrics', Key: { name: { S: 'cpu' }, version: { S: '0' } } }),
  );
  const records = await readAll(time, db.stream('Metrics').source());
  expect(records).toHaveLength(13);
  const ofCpu = records.map(({ json }) => JSON.parse(json)).filter(({ dynamodb }) => dynamodb.Keys.name.S === 'cpu');
  expect(ofCpu.map(({ eventName, dynamodb }) => [eventName, dynamodb.OldImage?.n.N, dynamodb.NewImage?.n.N])).toEqual([
    ['INSERT', undefined, '1'],
    ['MODIFY', '1', '2'],
    ['MODIFY', '2', '1'],
    ['REMOVE', '1', undefined],
  ]);
});

test('items are spread over shards, one item stays in its shard, and a shard can go on in a child', async () => {
  const { time, db, put } = world('several shards 2');
  for (let n = 0; n < 20; n++) await put(`metric ${n % 10}`, n);
  db.stream('Metrics').rollShard();
  for (let n = 20; n < 40; n++) await put(`metric ${n % 10}`, n);
  const source = db.stream('Metrics').source();
  const shards = await source.listShards();
  expect(shards.length).toBeGreaterThan(2);
  const child = shards.find(({ parents }) => parents.length > 0);
  const parent = await source.open(child?.parents[0] ?? '', { kind: 'trim-horizon' });
  await lived(time, time.sleep(10_000));
  await expect(lived(time, parent.read(1_000))).resolves.toMatchObject({ atEnd: true });
  expect((await readAll(time, source)).length).toBe(40);
  expect([...db.stream('Metrics').latest.keys()].sort()).toEqual(shards.map(({ shardId }) => shardId).sort());
});

test('a record has the form that the source for the real stream gives it', async () => {
  const { time, db, put } = world();
  await put('cpu', 1, { bytes: { B: Buffer.from('raw') }, set: { SS: ['a'] } });
  const [record] = await readAll(time, db.stream('Metrics').source());
  const streamArn = db.stream('Metrics').streamArn;
  const { dynamodb } = JSON.parse(record?.json ?? '');
  const real = toStreamRecord(
    {
      eventID: record?.sequenceNumber.padStart(32, '0'),
      eventName: 'INSERT',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      dynamodb: {
        ApproximateCreationDateTime: new Date(dynamodb.ApproximateCreationDateTime * 1000),
        Keys: dynamodb.Keys,
        NewImage: itemOf('cpu', 1, { bytes: { B: Buffer.from('raw') }, set: { SS: ['a'] } }) as never,
        SequenceNumber: dynamodb.SequenceNumber,
        SizeBytes: dynamodb.SizeBytes,
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
    },
    { streamArn, region: 'us-east-1' },
  );
  expect({ ...record, filterable: record?.filterable() }).toEqual({ ...real, filterable: real.filterable() });
});

test('what is past its time to live is deleted in the name of that service', async () => {
  const { time, db, put } = world();
  const nowSeconds = Math.floor(time.nowMs() / 1000);
  await put('old', 1, { expiresAt: { N: String(nowSeconds - 1) } });
  await put('young', 1, { expiresAt: { N: String(nowSeconds + 3600) } });
  await put('for ever', 1);
  db.expire();
  expect(db.items('Metrics').map(({ name }) => name?.S)).toEqual(['young', 'for ever']);
  const removal = (await readAll(time, db.stream('Metrics').source())).map(({ json }) => JSON.parse(json));
  expect(removal.find(({ eventName }) => eventName === 'REMOVE')).toMatchObject({
    userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
    dynamodb: { OldImage: { name: { S: 'old' } } },
  });
});

test('what is past its time to live goes one by one, and all of it in the end', async () => {
  const { time, db, put } = world();
  const past = { expiresAt: { N: String(Math.floor(time.nowMs() / 1000) - 1) } };
  for (let n = 0; n < 20; n++) await put(`metric ${n}`, n, past);
  db.expire(0.5);
  const left = db.items('Metrics').length;
  expect([left > 0, left < 20]).toEqual([true, true]);
  for (let looks = 0; looks < 30; looks++) db.expire(0.5);
  expect(db.items('Metrics')).toEqual([]);
});

test('what is old leaves the stream, and a closed shard with nothing left expires; its child is read on', async () => {
  const { time, db, put } = world();
  for (let n = 0; n < 10; n++) await put(`metric ${n}`, n);
  const stream = db.stream('Metrics');
  for (let n = 0; n < 10; n++) stream.rollShard();
  const ids = async () => (await stream.source().listShards()).map(({ shardId }) => shardId);
  const before = await ids();
  time.skip(24 * 3_600_000);
  await put('young', 1);
  stream.trim(time.nowMs() - 3_600_000);
  const records = await readAll(time, stream.source());
  expect(records.map(({ json }) => JSON.parse(json).dynamodb.Keys.name.S)).toEqual(['young']);
  const after = await ids();
  const expired = before.filter((shardId) => !after.includes(shardId));
  expect(expired).not.toEqual([]);
  for (const shardId of expired)
    await expect(stream.source().open(shardId, { kind: 'trim-horizon' })).rejects.toThrow('not found');
});

test('an hour in which nothing happens costs a reader almost nothing', async () => {
  const { time, db } = world();
  const source = db.stream('Metrics').source();
  const [shard] = await source.listShards();
  const cursor = await source.open(shard?.shardId ?? '', { kind: 'trim-horizon' });
  const startedAtMs = time.nowMs();
  const stepsBefore = time.steps;
  while (time.nowMs() - startedAtMs < 3_600_000) expect((await lived(time, cursor.read(10))).records).toEqual([]);
  expect(time.steps - stepsBefore).toBeLessThan(100);
  const reading = cursor.read(10);
  source.close();
  await expect(lived(time, reading)).resolves.toEqual({ records: [], atEnd: false });
});
