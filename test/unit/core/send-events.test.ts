/** Events go to the bus at a pace, in requests that it takes, and never past one that it refused. */
import { expect, test } from 'vitest';
import { billedChunks, type OutgoingEvent, requestsOf } from '#core/republish/put-events-entry.ts';
import { EventSender, type PutEvents, type SendOutcome } from '#core/republish/send-events.ts';

const event = (name: string, bytes = 500): OutgoingEvent => ({ name, eventId: `${name}:1`, detail: '{}', bytes });
const events = (count: number): OutgoingEvent[] =>
  Array.from({ length: count }, (_, index) => event(`m${index + 100}`));

interface Run {
  readonly outcome: SendOutcome;
  readonly sent: readonly string[];
  readonly requests: readonly (readonly string[])[];
  readonly tookMs: number;
}

async function run(list: readonly OutgoingEvent[], answer: PutEvents, rate = 100, stopAfter = Infinity): Promise<Run> {
  let nowMs = 0;
  const sent: string[] = [];
  const requests: string[][] = [];
  const sender = new EventSender({
    put: async (asked) => {
      requests.push(asked.map(({ name }) => name));
      return answer(asked);
    },
    rate,
    nowMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
    },
    mustStop: () => requests.length >= stopAfter,
    sent: ({ name }) => void sent.push(name),
  });
  const outcome = await sender.send(list);
  return { outcome, sent, requests, tookMs: nowMs };
}

const accepted: PutEvents = async (asked) => asked.map(() => undefined);

test('a request holds at most ten events and less than a megabyte, in order, and none is left out', () => {
  const list = [...events(25), event('large1', 600_000), event('large2', 600_000), event('last')];
  const requests = requestsOf(list, 1000);
  expect(requests.flat()).toEqual(list);
  expect(requests.map((request) => request.length)).toEqual([10, 10, 6, 2]);
  for (const request of requests) expect(request.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(1_048_576);
});

test('the bus bills by 64 KiB', () => {
  expect([1, 65_536, 65_537, 190_000].map((bytes) => billedChunks(event('m', bytes)))).toEqual([1, 1, 2, 3]);
});

test('the pace holds over all requests, also below ten a second', async () => {
  expect((await run(events(100), accepted, 20)).tookMs).toBeGreaterThanOrEqual(4_500);
  const slow = await run(events(4), accepted, 1);
  expect(slow.requests).toHaveLength(4);
  expect(slow.tookMs).toBe(3_000);
});

test('only the entries that the bus refused are sent again', async () => {
  let round = 0;
  const flaky: PutEvents = async (asked) =>
    asked.map(({ name }) => (round++ < 10 && name.endsWith('3') ? 'ThrottlingException: slow down' : undefined));
  const { outcome, sent, requests } = await run(events(10), flaky);
  expect(outcome).toEqual({ kind: 'done' });
  expect(requests).toEqual([events(10).map(({ name }) => name), ['m103']]);
  expect(sent).toEqual(events(10).map(({ name }) => name));
});

test('an event that is refused again and again ends the run, and only what came before it counts as sent', async () => {
  const never: PutEvents = async (asked) =>
    asked.map(({ name }) => (name === 'm113' ? 'InternalFailure: no' : undefined));
  const { outcome, sent } = await run(events(30), never);
  expect(outcome).toMatchObject({ kind: 'refused', event: { name: 'm113' }, reason: 'InternalFailure: no' });
  expect(sent.at(-1)).toBe('m112');
  expect(sent).toHaveLength(13);
});

test('a request that fails ends the run, and only what the bus is known to have counts as sent', async () => {
  const error = new Error('socket hang up');
  let requests = 0;
  const breaking: PutEvents = async (asked) => {
    if (++requests === 3) throw error;
    return asked.map(({ name }) => (name === 'm113' ? 'ThrottlingException: slow down' : undefined));
  };
  const { outcome, sent } = await run(events(30), breaking);
  expect(outcome).toEqual({ kind: 'failed', error });
  // The third request was the second attempt of m113.
  expect(sent.at(-1)).toBe('m112');
  expect(sent).toHaveLength(13);
});

test('a stop ends it between two requests', async () => {
  const { outcome, sent } = await run(events(30), accepted, 100, 2);
  expect(outcome).toEqual({ kind: 'stopped' });
  expect(sent).toHaveLength(20);
});

test('a stop ends it also while the bus refuses, behind the last event before the refused one', async () => {
  const never: PutEvents = async (asked) =>
    asked.map(({ name }) => (name === 'm103' ? 'InternalFailure: no' : undefined));
  const { outcome, sent, requests } = await run(events(10), never, 100, 2);
  expect(outcome).toEqual({ kind: 'stopped' });
  expect(requests).toHaveLength(2);
  expect(sent).toEqual(['m100', 'm101', 'm102']);
});
