import { beforeEach, expect, test } from 'vitest';
import { SimulatedBucket } from '#simulator/aws/bucket.ts';
import { SimulatedBus } from '#simulator/aws/bus.ts';
import { type Faults, NO_FAULTS } from '#simulator/engine/faults.ts';
import { seededRandom } from '#simulator/engine/random.ts';
import { VirtualTime } from '#simulator/engine/virtual-time.ts';
import { errorName, lived } from './lived.ts';

let time: VirtualTime;
let weather: { faults: Faults };
let bus: SimulatedBus;
let delivered: string[];
beforeEach(() => {
  time = new VirtualTime();
  weather = { faults: NO_FAULTS };
  bus = new SimulatedBus(time, seededRandom('bus'), weather);
  delivered = [];
  bus.subscribe((detail) => delivered.push(detail));
});

const entry = (number: number) => ({ Source: 'relay', DetailType: 'MetricChanged', Detail: `{"number":${number}}` });
const entries = (count: number) => Array.from({ length: count }, (_, number) => entry(number));
const atRest = (): Promise<void> => time.runUntil(() => bus.idle, 600_000, 'everything is delivered');
const details = (): readonly string[] => bus.events.map(({ detail }) => detail);

test('every accepted event is delivered, in no order', async () => {
  for (let number = 0; number < 30; number++) await lived(time, bus.putEvents([entry(number)]));
  await atRest();
  expect([...delivered].sort()).toEqual([...details()].sort());
  expect(delivered).not.toEqual(details());
});

test('under duplication some are delivered more than once, and none less', async () => {
  weather.faults = { ...NO_FAULTS, duplicate: 0.5 };
  await lived(time, bus.putEvents(entries(10)));
  await atRest();
  expect(delivered.length).toBeGreaterThan(10);
  expect(new Set(delivered)).toEqual(new Set(details()));
});

test('entries that fail are told by their places and are not accepted', async () => {
  weather.faults = { ...NO_FAULTS, partial: 1 };
  const answer = await lived(time, bus.putEvents(entries(8)));
  const taken = entries(8).filter((_, place) => 'EventId' in (answer.Entries[place] ?? {}));
  expect(answer.FailedEntryCount).toBe(8 - taken.length);
  expect(taken.length).toBeGreaterThan(0);
  expect(taken.length).toBeLessThan(8);
  expect(details()).toEqual(taken.map(({ Detail }) => Detail));
});

test('a lost answer leaves the events accepted, a throttled request does not', async () => {
  weather.faults = { ...NO_FAULTS, lostResponse: 1 };
  expect(await errorName(lived(time, bus.putEvents(entries(2))))).toBe('TimeoutError');
  weather.faults = { ...NO_FAULTS, throttle: 1 };
  expect(await errorName(lived(time, bus.putEvents(entries(1))))).toBe('ThrottlingException');
  expect(bus.events).toHaveLength(2);
});

test('what PutEvents does not take is refused: whole by its size, one by one by its content', async () => {
  expect(await errorName(lived(time, bus.putEvents(entries(11))))).toBe('ValidationException');
  const large = { ...entry(0), Detail: JSON.stringify({ text: 'x'.repeat(1_048_576) }) };
  expect(await errorName(lived(time, bus.putEvents([large])))).toBe('ValidationException');
  const answer = await lived(time, bus.putEvents([entry(1), { ...entry(2), Detail: '[]' }, { Detail: '{}' }]));
  expect(answer.FailedEntryCount).toBe(2);
  expect(answer.Entries[1]).toMatchObject({ ErrorCode: 'MalformedDetail' });
  expect(answer.Entries[2]).toMatchObject({ ErrorCode: 'InvalidArgument' });
});

test('an object is there once it was put, also when the answer was lost; a throttled put leaves nothing', async () => {
  const bucket = new SimulatedBucket(time, seededRandom('bucket'), weather);
  const bytes = Buffer.from('record');
  weather.faults = { ...NO_FAULTS, throttle: 1 };
  expect(await errorName(lived(time, bucket.put('a', bytes)))).toBe('SlowDown');
  expect(bucket.objects.size).toBe(0);
  weather.faults = { ...NO_FAULTS, lostResponse: 1 };
  expect(await errorName(lived(time, bucket.put('a', bytes)))).toBe('TimeoutError');
  expect(bucket.objects.get('a')).toEqual(bytes);
  weather.faults = NO_FAULTS;
  expect(await errorName(lived(time, bucket.put('k'.repeat(1025), bytes)))).toBe('KeyTooLongError');
});
