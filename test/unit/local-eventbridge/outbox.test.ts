import { expect, test } from 'vitest';
import { openEventStore } from '#local/eventbridge/event-store.ts';
import { createOutbox, type SendOutcome } from '#local/eventbridge/outbox.ts';

const failed = (lasting: boolean, code = 'SDK_CLIENT_ERROR'): SendOutcome => ({
  kind: 'failed',
  lasting,
  code,
  message: 'broken',
});
const taken: SendOutcome = { kind: 'taken' };

/** A bus whose clock stands until it is moved, or goes on with every look at it, and whose only target answers as told. */
function world(answer: (attempt: number) => SendOutcome, target: object = {}, tickMs = 0) {
  const store = openEventStore(':memory:');
  let nowMs = 1_000_000;
  let timer: { atMs: number; callback: () => void } | undefined;
  const sent: number[] = [];
  const dead: Readonly<Record<string, string>>[] = [];
  const said: string[] = [];
  const outbox = createOutbox({
    store,
    sender: {
      send: async () => {
        sent.push(nowMs);
        return answer(sent.length);
      },
      sendToDeadLetterQueue: async (_queue, _body, attributes) => {
        dead.push(attributes);
        return taken;
      },
      stop: () => {},
    },
    log: (_source, message) => said.push(message),
    now: () => {
      const seen = nowMs;
      nowMs += tickMs;
      return seen;
    },
    random: () => 0,
    after: (ms, callback) => {
      timer = { atMs: nowMs + ms, callback };
      return () => {
        timer = undefined;
      };
    },
  });
  const Arn = 'arn:aws:sqs:us-east-1:000000000000:q';
  store.addDelivery({
    ruleArn: 'arn:rule',
    ruleName: 'rule',
    target: JSON.stringify({ Id: 't', Arn, ...target }),
    event: '{"id":"1"}',
    acceptedMs: nowMs,
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    store,
    outbox,
    sent,
    dead,
    said,
    settle,
    /** Runs timers until nothing is due within the time. */
    async pass(ms: number) {
      const until = nowMs + ms;
      await settle();
      for (let due = timer; due !== undefined && due.atMs <= until; due = timer) {
        nowMs = due.atMs;
        timer = undefined;
        due.callback();
        await settle();
      }
      nowMs = until;
    },
  };
}

test('a delivery leaves the store only when its target has taken it', async () => {
  const { outbox, store, sent, pass } = world((attempt) => (attempt < 4 ? failed(false) : taken));

  outbox.start();
  await pass(50);
  expect(store.pendingDeliveries()).toBe(1);
  await pass(10_000);

  expect(sent).toHaveLength(4);
  expect(store.pendingDeliveries()).toBe(0);
  expect(outbox.counts()).toMatchObject({ delivered: 1, dropped: 0 });
});

test('a delivery that becomes due while the bus looks for due ones is made', async () => {
  const { store, outbox, sent, pass } = world(() => taken, {}, 1);
  // The first look at the clock comes one millisecond too early for it.
  const [delivery] = store.dueDeliveries(1_000_000, 1);
  store.postpone(delivery?.id ?? 0, 1, 1_000_001);

  outbox.start();
  await pass(100);

  expect(sent).toHaveLength(1);
});

test('a delivery that is stored while nothing else waits is made when the bus is woken, not when a timer fires', async () => {
  const { store, outbox, sent, settle, pass } = world(() => taken);
  const delivery = store.dueDeliveries(1_000_000, 1)[0];
  outbox.start();
  await pass(0);
  expect(sent).toHaveLength(1);

  if (delivery) store.addDelivery({ ...delivery, acceptedMs: 1_000_000 });
  outbox.wake();
  await settle();

  expect(sent).toHaveLength(2);
});

test('pauses grow', async () => {
  const { outbox, sent, pass } = world((attempt) => (attempt < 6 ? failed(false) : taken));

  outbox.start();
  await pass(60_000);

  const pauses = sent.slice(1).map((at, index) => at - (sent[index] ?? 0));
  expect(pauses).toEqual([100, 200, 400, 800, 1600]);
});

test('after 185 retries or 24 hours the event is given up, whichever comes first', async () => {
  const { outbox, store, said, sent, pass } = world(() => failed(false));

  outbox.start();
  await pass(86_400_000 * 2);

  expect(store.pendingDeliveries()).toBe(0);
  expect(sent.length).toBeLessThanOrEqual(186);
  expect(said).toEqual(['event dropped']);
});

test('the retry policy of the target decides, and the dead-letter queue learns why', async () => {
  const { outbox, dead, sent, pass } = world(() => failed(false, 'THROTTLING'), {
    RetryPolicy: { MaximumRetryAttempts: 2 },
    DeadLetterConfig: { Arn: 'arn:aws:sqs:us-east-1:000000000000:dead' },
  });

  outbox.start();
  await pass(60_000);

  expect(sent).toHaveLength(3);
  expect(dead).toEqual([
    {
      RULE_ARN: 'arn:rule',
      TARGET_ARN: 'arn:aws:sqs:us-east-1:000000000000:q',
      ERROR_CODE: 'THROTTLING',
      ERROR_MESSAGE: 'broken',
      RETRY_ATTEMPTS: '2',
      EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
    },
  ]);
});

test('a failure that no retry can heal is not retried', async () => {
  const { outbox, sent, store, pass } = world(() => failed(true, 'NO_RESOURCE'));

  outbox.start();
  await pass(1000);

  expect(sent).toHaveLength(1);
  expect(store.pendingDeliveries()).toBe(0);
});

test('nothing is delivered before the start or after the stop, and nothing is forgotten', async () => {
  const { outbox, sent, store, pass } = world(() => taken);

  outbox.wake();
  await pass(1000);
  await outbox.stop();
  outbox.wake();
  await pass(1000);

  expect(sent).toEqual([]);
  expect(store.pendingDeliveries()).toBe(1);
});
