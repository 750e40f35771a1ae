import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Delivery } from '#local/stream/batch-target.ts';
import { type Attempt, afterDelivery, backoffMs, dropExpired, type RetryPolicy } from '#local/stream/retry-decision.ts';
import { record } from './memory-stream.ts';

const FOREVER: RetryPolicy = { retryAttemptsMax: -1, recordAgeSecondsMax: -1, bisect: false, partial: 'checkpoint' };
const FAILED: Delivery = { kind: 'failed', message: 'boom' };
const attempt = (numbers: readonly string[], retries = 0): Attempt => ({
  records: numbers.map((one) => record(one)),
  retries,
  failures: retries,
});
const partly = (...identifiers: string[]): Delivery => ({ kind: 'items-failed', identifiers, message: 'some' });
const numbersOf = (attempts: readonly { records: readonly { sequenceNumber: string }[] }[]) =>
  attempts.map((one) => one.records.map((each) => each.sequenceNumber));

describe('after a delivery', () => {
  it('a partial failure is done up to the lowest failed sequence number, compared as numbers and not as text', () => {
    const step = afterDelivery(attempt(['8', '9', '10', '11']), partly('11', '9', '10'), FOREVER);
    expect(step.done.map((one) => one.sequenceNumber)).toEqual(['8']);
    expect(numbersOf(step.next)).toEqual([['9', '10', '11']]);
    expect(step.next[0]?.retries).toBe(1);
  });

  it('with bisect a partial failure splits at the returned number and uses up no retry', () => {
    const step = afterDelivery(attempt(['1', '2', '3']), partly('2'), {
      ...FOREVER,
      bisect: true,
      retryAttemptsMax: 0,
    });
    expect(numbersOf(step.next)).toEqual([['2', '3']]);
    expect(step.next[0]?.retries).toBe(0);
    expect(step.discarded).toBeUndefined();
  });

  it('with bisect a whole failure splits in two, the first half first, and uses up no retry', () => {
    const step = afterDelivery(attempt(['1', '2', '3'], 1), FAILED, { ...FOREVER, bisect: true, retryAttemptsMax: 1 });
    expect(numbersOf(step.next)).toEqual([['1', '2'], ['3']]);
    expect(step.next.map((one) => one.retries)).toEqual([1, 1]);
  });

  it('with bisect a single poison record is given up alone', () => {
    const policy = { ...FOREVER, bisect: true, retryAttemptsMax: 0 };
    const step = afterDelivery(attempt(['3']), FAILED, policy);
    expect(step.discarded).toMatchObject({ condition: 'RetryAttemptsExhausted', invokeCount: 1 });
  });

  it('a throttle never counts as a retry, however often it happens', () => {
    let current = attempt(['1']);
    for (let time = 0; time < 100; time += 1) {
      const step = afterDelivery(current, { kind: 'throttled', message: '' }, { ...FOREVER, retryAttemptsMax: 0 });
      expect(step.discarded).toBeUndefined();
      current = step.next[0] ?? attempt([]);
    }
    expect(current.records).toHaveLength(1);
    expect(current.retries).toBe(0);
  });

  it('the default retries without end', () => {
    expect(afterDelivery(attempt(['1'], 1_000_000), FAILED, FOREVER).discarded).toBeUndefined();
  });

  it('a partial failure of a bus delivers only the remainder again', () => {
    const step = afterDelivery(attempt(['1', '2', '3']), partly('1', '3'), { ...FOREVER, partial: 'remainder' });
    expect(step.done.map((one) => one.sequenceNumber)).toEqual(['2']);
    expect(numbersOf(step.next)).toEqual([['1', '3']]);
  });

  it('the pause doubles from 100 ms and never exceeds 10 s', () => {
    expect([1, 2, 3, 4, 50].map(backoffMs)).toEqual([100, 200, 400, 800, 10_000]);
  });

  it('every record is exactly once in done, given up or next, in order, whatever happened', () => {
    const policies = fc.record({
      retryAttemptsMax: fc.integer({ min: -1, max: 2 }),
      recordAgeSecondsMax: fc.constant(-1),
      bisect: fc.boolean(),
      partial: fc.constantFrom('checkpoint' as const, 'remainder' as const),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 3 }),
        policies,
        fc.constantFrom('delivered', 'throttled', 'failed', 'items-failed'),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }),
        (size, retries, policy, kind, failing) => {
          const numbers = Array.from({ length: size }, (_, index) => String(index + 1));
          const identifiers = failing.map((one) => String(((one - 1) % size) + 1));
          const delivery =
            kind === 'items-failed' ? partly(...identifiers) : ({ kind, message: 'm' } as unknown as Delivery);
          const step = afterDelivery(attempt(numbers, retries), delivery, policy);
          const parts = [step.done, step.discarded?.records ?? [], ...step.next.map((one) => one.records)];
          const all = parts.flat().map((one) => one.sequenceNumber);
          expect([...all].sort((a, b) => Number(a) - Number(b))).toEqual(numbers);
          const later = step.next.flatMap((one) => one.records.map((each) => Number(each.sequenceNumber)));
          expect(later).toEqual([...later].sort((a, b) => a - b));
        },
      ),
    );
  });
});

describe('before a delivery', () => {
  it('records that are too old are given up and the others are tried', () => {
    const records = [record('1', 'k', 1_000), record('2', 'k', 5_000), record('3', 'k', 9_000)];
    const policy = { ...FOREVER, recordAgeSecondsMax: 5 };
    const step = dropExpired({ records, retries: 2, failures: 2 }, policy, 10_500);
    expect(step.discarded).toMatchObject({ condition: 'RecordAgeExceeded', invokeCount: 2 });
    expect(numbersOf(step.discarded === undefined ? [] : [step.discarded])).toEqual([['1', '2']]);
    expect(numbersOf(step.next)).toEqual([['3']]);
  });

  it('by default no record is ever too old', () => {
    expect(dropExpired(attempt(['1']), FOREVER, Number.MAX_SAFE_INTEGER).discarded).toBeUndefined();
  });
});
