import { beforeEach, expect, test } from 'vitest';
import { ShardCheckpoints } from '#local/stream/shard-checkpoint.ts';
import { ShardCoordinator } from '#local/stream/shard-coordinator.ts';
import { compareSequenceNumbers, PositionUnavailable } from '#local/stream/stream-source.ts';
import { SimulatedKinesis } from '#simulator/aws/kinesis.ts';
import { type Faults, NO_FAULTS } from '#simulator/engine/faults.ts';
import { seededRandom } from '#simulator/engine/random.ts';
import { VirtualTime } from '#simulator/engine/virtual-time.ts';
import { errorName, lived } from './lived.ts';

let time: VirtualTime;
let weather: { faults: Faults };
let stream: SimulatedKinesis;
beforeEach(() => {
  time = new VirtualTime();
  weather = { faults: NO_FAULTS };
  stream = new SimulatedKinesis(time, seededRandom('kinesis'), weather, { shards: 2 });
});

const entries = (...texts: readonly string[]) =>
  texts.map((text) => ({ partitionKey: text.split(' ')[0] ?? '', bytes: Buffer.from(text) }));
const put = (...texts: readonly string[]): Promise<readonly number[]> => lived(time, stream.put(entries(...texts)));
const texts = (): readonly string[] => stream.records.map(({ bytes }) => Buffer.from(bytes).toString());

/** The real poller over the whole stream; `stop` waits for what is under way. */
function follow(delivered: string[]): { readonly stop: () => Promise<void> } {
  const stored = new Map<string, unknown>();
  const source = stream.source();
  const coordinator = new ShardCoordinator(
    {
      source,
      target: {
        deliver: async (records) => {
          for (const record of records) {
            const { data } = (JSON.parse(record.json) as { kinesis: { data: string } }).kinesis;
            delivered.push(Buffer.from(data, 'base64').toString());
          }
          return { kind: 'delivered' };
        },
      },
      limits: { batchSize: 10, windowMs: 0, payloadBytesMax: 6_000_000 },
      policy: { retryAttemptsMax: -1, recordAgeSecondsMax: -1, bisect: true, partial: 'checkpoint' },
      parallelizationFactor: 1,
      filter: () => true,
      checkpoints: new ShardCheckpoints(
        { get: (key) => stored.get(key), set: async (key, value) => void stored.set(key, value) },
        'test',
      ),
      clock: time,
      name: 'test',
      log: () => {},
    },
    { kind: 'TRIM_HORIZON' },
  );
  coordinator.start();
  return {
    stop: async () => {
      source.close();
      await lived(time, coordinator.stop());
    },
  };
}

test('through splits and merges the real poller gets every record once, those of one key in their order', async () => {
  weather.faults = { ...NO_FAULTS, throttle: 0.1, slow: 0.05, lostResponse: 0.05 };
  const delivered: string[] = [];
  const reader = follow(delivered);
  weather.faults = NO_FAULTS;
  const sent: string[] = [];
  for (let step = 0; step < 60; step++) {
    const batch = Array.from({ length: 4 }, (_, number) => `key${(step + number * 7) % 9} ${step}/${number}`);
    sent.push(...batch);
    await put(...batch);
    if (step % 9 === 4) stream.split();
    if (step % 9 === 8) stream.merge();
    await lived(time, time.sleep(500));
  }
  await time.runUntil(() => delivered.length >= sent.length, 600_000, 'everything is delivered');
  await reader.stop();
  expect([...delivered].sort()).toEqual([...sent].sort());
  const ofKey = (list: readonly string[], key: string) => list.filter((text) => text.startsWith(`${key} `));
  for (let key = 0; key < 9; key++) expect(ofKey(delivered, `key${key}`)).toEqual(ofKey(sent, `key${key}`));
  expect((await stream.source().listShards()).length).toBeGreaterThan(10);
});

test('sequence numbers have 56 digits and grow, also from parent to child; arrival times now and then go back', async () => {
  for (let number = 0; number < 30; number++) {
    await put(`a ${number}`, `b ${number}`);
    if (number === 15) stream.split();
  }
  const { records } = stream;
  for (const [place, { sequenceNumber }] of records.entries()) {
    expect(sequenceNumber).toMatch(/^49\d{54}$/);
    if (place > 0) expect(compareSequenceNumbers(records[place - 1]?.sequenceNumber ?? '', sequenceNumber)).toBe(-1);
  }
  expect(records.some(({ arrivedAtMs }, place) => arrivedAtMs < (records[place - 1]?.arrivedAtMs ?? 0))).toBe(true);
});

test('what was trimmed cannot be continued after, and a closed shard with nothing left expires', async () => {
  await put('a 1', 'a 2', 'a 3');
  const [first, , third] = stream.records;
  stream.split(first?.shardId);
  stream.trim(time.nowMs() + 1);
  const source = stream.source();
  expect((await source.listShards()).map(({ shardId }) => shardId)).not.toContain(first?.shardId);
  await put('a 4');
  const fourth = stream.records.at(-1);
  stream.trim(time.nowMs() + 1);
  await put('a 5', 'a 6');
  const after = (sequenceNumber = '') => source.open(fourth?.shardId ?? '', { kind: 'after', sequenceNumber });
  await after(fourth?.sequenceNumber);
  const fifth = stream.records.at(-2)?.sequenceNumber;
  stream.trim(time.nowMs() + 1);
  const error = await after(fourth?.sequenceNumber).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(PositionUnavailable);
  expect(error).toMatchObject({ trimmed: true });
  expect(await errorName(after(fifth))).toBe('PositionUnavailable');
  expect(await errorName(after(third?.sequenceNumber))).toBe('PositionUnavailable');
  expect(texts()).toEqual(['a 1', 'a 2', 'a 3', 'a 4', 'a 5', 'a 6']);
});

test('a replay begins behind a trimmed record with the oldest that is left; a number that was never given is refused', async () => {
  await put('a 1', 'a 2');
  const [first] = stream.records;
  time.skip(1_000);
  stream.trim(time.nowMs());
  await put('a 3');
  const ask = (command: string, input: object): Promise<unknown> => lived(time, stream.request(command, input));
  const from = { ShardId: first?.shardId, ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' };
  const place = (await ask('GetShardIterator', { ...from, StartingSequenceNumber: first?.sequenceNumber })) as object;
  await lived(time, time.sleep(1_000));
  const { Records } = (await ask('GetRecords', { ...place, Limit: 10 })) as { Records: { Data: Uint8Array }[] };
  expect(Records.map(({ Data }) => Buffer.from(Data).toString())).toEqual(['a 3']);
  const unknown = ask('GetShardIterator', { ...from, StartingSequenceNumber: '7' });
  expect(await errorName(unknown)).toBe('InvalidArgumentException');
  const latest = ask('GetShardIterator', { ...from, ShardIteratorType: 'LATEST' });
  expect(await errorName(latest)).toBe('InvalidArgumentException');
});

test('refused entries are told by their places and are not in the stream; a lost answer leaves them in', async () => {
  weather.faults = { ...NO_FAULTS, partial: 1 };
  const sent = ['a 1', 'b 2', 'c 3', 'd 4', 'e 5', 'f 6'];
  const refused = await put(...sent);
  expect(refused.length).toBeGreaterThan(0);
  expect(texts()).toEqual(sent.filter((_, place) => !refused.includes(place)));
  const before = texts().length;
  weather.faults = { ...NO_FAULTS, lostResponse: 1 };
  expect(await errorName(put('g 7'))).toBe('TimeoutError');
  weather.faults = { ...NO_FAULTS, throttle: 1 };
  expect(await errorName(put('h 8'))).toBe('ProvisionedThroughputExceededException');
  expect(texts().slice(before)).toEqual(['g 7']);
});

test('a request above the limits of the service is refused whole', async () => {
  const large = { partitionKey: 'a', bytes: new Uint8Array(1024 * 1024) };
  expect(await errorName(lived(time, stream.put([large])))).toBe('InvalidArgumentException');
  expect(await errorName(lived(time, stream.put([])))).toBe('InvalidArgumentException');
  expect(await errorName(put(...Array.from({ length: 501 }, () => 'a 1')))).toBe('InvalidArgumentException');
  expect(texts()).toEqual([]);
});

test('there is nothing to merge in a stream of one shard', () => {
  expect(new SimulatedKinesis(time, seededRandom('one'), weather, { shards: 1 }).merge()).toBe(false);
});

test('an hour in which nothing happens costs the real poller few steps', async () => {
  const reader = follow([]);
  await lived(time, time.sleep(10_000));
  const stepsBefore = time.steps;
  await lived(time, time.sleep(3_600_000));
  expect(time.steps - stepsBefore).toBeLessThan(2_000);
  await reader.stop();
});
