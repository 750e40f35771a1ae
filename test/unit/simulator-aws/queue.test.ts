import { beforeEach, expect, test } from 'vitest';
import type { QueueRecord } from '#local/stream/queue-source.ts';
import { SimulatedQueue } from '#simulator/aws/queue.ts';
import { type Faults, NO_FAULTS } from '#simulator/engine/faults.ts';
import { seededRandom } from '#simulator/engine/random.ts';
import { VirtualTime } from '#simulator/engine/virtual-time.ts';
import { errorName, lived } from './lived.ts';

let time: VirtualTime;
let weather: { faults: Faults };
let queue: SimulatedQueue;
beforeEach(() => {
  time = new VirtualTime();
  weather = { faults: NO_FAULTS };
  queue = new SimulatedQueue(time, seededRandom('queue'), weather, { visibilitySeconds: 30, receiveMax: 3 });
});

const send = (body: string, delaySeconds?: number): Promise<void> => lived(time, queue.send(body, delaySeconds));
const receive = (waitSeconds = 20): Promise<readonly QueueRecord[]> =>
  lived(time, queue.source().receive(10, waitSeconds, new AbortController().signal));
const bodies = (records: readonly QueueRecord[]) =>
  records.map(({ json }) => (JSON.parse(json) as { body: string }).body);

test('a message is out of sight while somebody has it, comes again, and is gone once deleted', async () => {
  await send('hello');
  const [first] = await receive();
  expect(bodies(first ? [first] : [])).toEqual(['hello']);
  expect(await receive(5)).toEqual([]);
  expect(queue.depth).toBe(1);
  const [again] = await receive(60);
  expect(again?.identifier).toBe(first?.identifier);
  expect(again?.receiptHandle).not.toBe(first?.receiptHandle);
  await lived(time, queue.source().delete(again ? [again] : []));
  expect(queue.depth).toBe(0);
  expect(await receive(60)).toEqual([]);
});

test('a record has the members that functions read', async () => {
  await send('{"metricId":"42"}');
  const [record] = await receive();
  expect(JSON.parse(record?.json ?? '')).toMatchObject({
    messageId: record?.identifier,
    receiptHandle: record?.receiptHandle,
    body: '{"metricId":"42"}',
    attributes: { ApproximateReceiveCount: '1', SentTimestamp: String(record?.arrivedAtMs) },
    eventSource: 'aws:sqs',
    eventSourceARN: queue.queueArn,
    awsRegion: 'us-east-1',
  });
});

test('a delayed message comes no earlier, and a receiver that waits gets it at once', async () => {
  await send('later', 12);
  const sentAtMs = time.nowMs();
  expect(bodies(await receive(20))).toEqual(['later']);
  const waitedMs = time.nowMs() - sentAtMs;
  expect(waitedMs).toBeGreaterThan(11_900);
  expect(waitedMs).toBeLessThan(12_100);
});

test('what was received too often is set aside, whole', async () => {
  await send('hopeless');
  for (let receives = 0; receives < 3; receives++) expect(await receive(60)).toHaveLength(1);
  expect(await receive(60)).toEqual([]);
  expect(queue.deadLetters).toEqual(['hopeless']);
  expect(queue.depth).toBe(0);
});

test('under duplication a message comes more than once, and an answer that was lost leaves one that was sent', async () => {
  weather.faults = { ...NO_FAULTS, duplicate: 0.5 };
  for (let number = 0; number < 20; number++) await send(String(number));
  weather.faults = NO_FAULTS;
  expect(queue.depth).toBeGreaterThan(20);
  const before = queue.depth;
  weather.faults = { ...NO_FAULTS, lostResponse: 1 };
  expect(await errorName(send('unheard'))).toBe('TimeoutError');
  expect(queue.depth).toBe(before + 1);
  weather.faults = { ...NO_FAULTS, throttle: 1 };
  expect(await errorName(send('refused'))).toBe('RequestThrottled');
  expect(queue.depth).toBe(before + 1);
});

test('messages come in no order', async () => {
  for (let number = 0; number < 10; number++) await send(String(number));
  const received: string[] = [];
  while (received.length < 10) received.push(...bodies(await receive()));
  expect([...received].sort()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  expect(received).not.toEqual([...received].sort());
});

test('a delay beyond what the service takes is refused', async () => {
  expect(await errorName(send('x', 901))).toBe('InvalidParameterValue');
  expect(await errorName(send('', 0))).toBe('InvalidParameterValue');
});

test('a receiver that stops waiting gets nothing', async () => {
  const stopping = new AbortController();
  const waiting = queue.source().receive(10, 20, stopping.signal);
  time.after(1_000, () => stopping.abort());
  const startedAtMs = time.nowMs();
  expect(await lived(time, waiting)).toEqual([]);
  expect(time.nowMs() - startedAtMs).toBe(1_000);
});
