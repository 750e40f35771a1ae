/**
 * The simulator's Kinesis stream agrees with the Kinesis emulator: random puts, splits and merges give the same shards with the same parents and
 * hash ranges, every record goes to the same shard, and readers get the same records in the same order from wherever they begin. Differences are
 * listed in docs/simulator-models.md.
 */
import * as sdk from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openKinesisSource } from '#local/stream/kinesis-source.ts';
import type { StartingPoint, StreamRecord, StreamSource } from '#local/stream/stream-source.ts';
import { SimulatedKinesis, type StreamEntry } from '#simulator/aws/kinesis.ts';
import { NO_FAULTS } from '#simulator/engine/faults.ts';
import { type Random, seededRandom } from '#simulator/engine/random.ts';
import { VirtualTime } from '#simulator/engine/virtual-time.ts';
import { errorName, lived } from '../unit/simulator-aws/lived.ts';
import { ACCOUNT, type Platform, REGION, startPlatform } from './platform-rig.ts';

const SEED = process.env.SEED ?? '1';
const STEPS = Number(process.env.STEPS ?? 120);
const STREAM = 'agreement';
const SHARDS = 3;

let platform: Platform;
let client: sdk.KinesisClient;
beforeAll(async () => {
  platform = await startPlatform();
  client = new sdk.KinesisClient(platform.access);
  await client.send(new sdk.CreateStreamCommand({ StreamName: STREAM, ShardCount: SHARDS }));
  await active();
});
afterAll(async () => {
  client?.destroy();
  await platform?.stop();
});

async function active(): Promise<void> {
  for (;;) {
    const { StreamDescriptionSummary } = await client.send(
      new sdk.DescribeStreamSummaryCommand({ StreamName: STREAM }),
    );
    if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') return;
  }
}

test(`the simulated stream has the shards and the records of the emulator's, ${STEPS} steps from seed ${SEED}`, async () => {
  const random = seededRandom(`kinesis agreement ${SEED}`);
  const time = new VirtualTime();
  const simulated = new SimulatedKinesis(time, random.fork('kinesis'), { faults: NO_FAULTS }, { shards: SHARDS });
  let [splits, merges] = [0, 0];
  for (let step = 0; step < STEPS; step++) {
    const dice = random.next();
    if (dice < 0.1) splits += await split(simulated, random);
    else if (dice < 0.2) merges += await merge(simulated, random);
    else await put(time, simulated, randomEntries(random, step));
    const open = simulated.openShards.map(({ shardId, start, end }) => `${shardId} ${start} ${end}`);
    expect([...open].sort(), `seed ${SEED}, step ${step}`).toEqual(await openShardsThere());
  }
  expect(splits).toBeGreaterThan(2);
  expect(merges).toBeGreaterThan(2);

  const there = openKinesisSource({
    streamArn: `arn:aws:kinesis:${REGION}:${ACCOUNT}:stream/${STREAM}`,
    ...platform.access,
    roleArn: `arn:aws:iam::${ACCOUNT}:role/replicator`,
    shape: 'lambda',
  });
  const here = simulated.source();
  const shards = await here.listShards();
  expect(byName(shards)).toEqual(byName(await there.listShards()));
  for (const { shardId } of shards) {
    const isOpen = simulated.openShards.some((shard) => shard.shardId === shardId);
    const start: StartingPoint = { kind: 'trim-horizon' };
    const recordsThere = await readAll(there, shardId, start, isOpen, (promise) => promise);
    const recordsHere = await readAll(here, shardId, start, isOpen, (promise) => lived(time, promise));
    expect(recordsHere.map(comparable), shardId).toEqual(recordsThere.map(comparable));
    await compareRests(recordsHere, recordsThere, shardId, isOpen);
  }

  /** From after any record on, both give the same rest; after a record that never was, neither gives anything. */
  async function compareRests(
    recordsHere: readonly StreamRecord[],
    recordsThere: readonly StreamRecord[],
    shardId: string,
    isOpen: boolean,
  ): Promise<void> {
    if (recordsHere.length === 0) return;
    const after = random.below(recordsHere.length);
    const rest = async (
      source: StreamSource,
      records: readonly StreamRecord[],
      wait: <T>(promise: Promise<T>) => Promise<T>,
    ): Promise<readonly unknown[]> => {
      const sequenceNumber = records[after]?.sequenceNumber ?? '';
      return (await readAll(source, shardId, { kind: 'after', sequenceNumber }, isOpen, wait)).map(comparable);
    };
    const restThere = await rest(there, recordsThere, (promise) => promise);
    expect(restThere).toHaveLength(recordsThere.length - after - 1);
    expect(await rest(here, recordsHere, (promise) => lived(time, promise))).toEqual(restThere);
    const unknown = { kind: 'after', sequenceNumber: '12345' } as const;
    expect(await errorName(here.open(shardId, unknown))).toBe('PositionUnavailable');
    expect(await errorName(there.open(shardId, unknown))).toBe('PositionUnavailable');
  }
});

function randomEntries(random: Random, step: number): readonly StreamEntry[] {
  return Array.from({ length: random.between(1, 12) }, (_, number) => ({
    partitionKey: random.pick(['relay.metrics.', 'relay.dimensions.', 'ä', '😀', '']) + random.below(40),
    bytes: Buffer.from(`${step}/${number}`),
  }));
}

async function put(time: VirtualTime, simulated: SimulatedKinesis, entries: readonly StreamEntry[]): Promise<void> {
  const before = simulated.records.length;
  const refused = await lived(time, simulated.put(entries));
  expect(refused).toEqual([]);
  const Records = entries.map(({ partitionKey, bytes }) => ({ PartitionKey: partitionKey, Data: bytes }));
  const answer = await client.send(new sdk.PutRecordsCommand({ StreamName: STREAM, Records }));
  const shardsHere = simulated.records.slice(before).map(({ shardId }) => shardId);
  expect(shardsHere).toEqual(answer.Records?.map(({ ShardId }) => ShardId));
}

/** @returns how many were split: none when there are many already. */
async function split(simulated: SimulatedKinesis, random: Random): Promise<number> {
  if (simulated.openShards.length > 8) return 0;
  const { shardId, start, end } = random.pick(simulated.openShards);
  const newStart = random.chance(0.5) ? (start + end + 1n) / 2n : start + (end - start) / 7n + 1n;
  simulated.split(shardId, newStart);
  const input = { StreamName: STREAM, ShardToSplit: shardId, NewStartingHashKey: String(newStart) };
  await client.send(new sdk.SplitShardCommand(input));
  await active();
  return 1;
}

async function merge(simulated: SimulatedKinesis, random: Random): Promise<number> {
  const { openShards } = simulated;
  const pairs = openShards.flatMap((left) =>
    openShards.filter((right) => left.end + 1n === right.start).map((right) => [left.shardId, right.shardId] as const),
  );
  if (pairs.length < 2) return 0;
  const [shardId, adjacent] = random.pick(pairs);
  expect(simulated.merge(shardId, adjacent)).toBe(true);
  await client.send(
    new sdk.MergeShardsCommand({ StreamName: STREAM, ShardToMerge: shardId, AdjacentShardToMerge: adjacent }),
  );
  await active();
  return 1;
}

async function openShardsThere(): Promise<readonly string[]> {
  const { Shards = [] } = await client.send(new sdk.ListShardsCommand({ StreamName: STREAM }));
  return Shards.filter(({ SequenceNumberRange }) => SequenceNumberRange?.EndingSequenceNumber === undefined)
    .map(({ ShardId, HashKeyRange }) => `${ShardId} ${HashKeyRange?.StartingHashKey} ${HashKeyRange?.EndingHashKey}`)
    .sort();
}

const byName = (shards: readonly { readonly shardId: string; readonly parents: readonly string[] }[]) =>
  new Map(shards.map(({ shardId, parents }) => [shardId, parents]));

/** To the end of a closed shard; of an open one until nothing comes. */
async function readAll(
  source: StreamSource,
  shardId: string,
  from: StartingPoint,
  isOpen: boolean,
  wait: <T>(promise: Promise<T>) => Promise<T>,
): Promise<readonly StreamRecord[]> {
  const cursor = await wait(source.open(shardId, from));
  const records: StreamRecord[] = [];
  for (let reads = 0; reads < 1_000; reads++) {
    const read = await wait(cursor.read(7));
    records.push(...read.records);
    if (read.atEnd) {
      expect(isOpen, `${shardId} is at its end`).toBe(false);
      return records;
    }
    if (isOpen && read.records.length === 0) return records;
  }
  throw new Error(`shard ${shardId} is closed and has no end`);
}

/** All but what no two streams have in common: their sequence numbers and times. */
function comparable({ json, orderingKey, identifier, sequenceNumber, arrivedAtMs }: StreamRecord): unknown {
  const { kinesis, eventID, eventSourceARN, ...event } = JSON.parse(json) as Record<string, unknown> & {
    kinesis: Record<string, unknown>;
  };
  expect(identifier).toBe(sequenceNumber);
  expect(sequenceNumber).toMatch(/^49\d{54}$/);
  expect(kinesis.sequenceNumber).toBe(sequenceNumber);
  expect(kinesis.approximateArrivalTimestamp).toBe(arrivedAtMs / 1000);
  expect(String(eventSourceARN)).toMatch(/^arn:aws:kinesis:us-east-1:000000000000:stream\//);
  const { sequenceNumber: _, approximateArrivalTimestamp: __, ...record } = kinesis;
  return { ...event, shardId: String(eventID).replace(`:${sequenceNumber}`, ''), record, orderingKey };
}
