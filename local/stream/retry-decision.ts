/**
 * Decides what happens to a batch of a shard after a delivery: what is done, what is tried again and when, what is given up.
 * Pure, and the only place with these rules. Every record of the attempt is in exactly one of `done`, `discarded` and `next`;
 * the checkpoint rule stands on that.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
 */
import type { Delivery } from './batch-target.ts';
import type { StreamRecord } from './stream-source.ts';
import { compareSequenceNumbers } from './stream-source.ts';

export interface RetryPolicy {
  /** -1 is infinite, AWS's default. */
  readonly retryAttemptsMax: number;
  /** -1 is infinite, AWS's default. */
  readonly recordAgeSecondsMax: number;
  readonly bisect: boolean;
  /**
   * What a partial failure leaves to do. `checkpoint`: everything from the lowest failed sequence number (event source
   * mappings). `remainder`: only the failed records (a pipe's event bus target).
   */
  readonly partial: 'checkpoint' | 'remainder';
}

export interface Attempt {
  readonly records: readonly StreamRecord[];
  /** Deliveries of these records that failed and count against the retry quota. */
  readonly retries: number;
  /** Deliveries in a row that did not succeed, throttles included; sets the backoff. */
  readonly failures: number;
}

export type DiscardCondition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded' | 'RecordSizeExceeded';

export interface Discard {
  readonly records: readonly StreamRecord[];
  readonly condition: DiscardCondition;
  readonly invokeCount: number;
}

export interface Step {
  readonly done: readonly StreamRecord[];
  readonly discarded?: Discard;
  /** In order: the first is tried next, and must be finished before the second. */
  readonly next: readonly Attempt[];
  readonly delayMs: number;
}

const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 10_000;

export function backoffMs(failures: number): number {
  return Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.max(0, Math.min(failures - 1, 20)));
}

/** Splits off the records that became too old to be tried (again). They are at the front, because a shard is in order of arrival. */
export function dropExpired(attempt: Attempt, policy: RetryPolicy, nowMs: number): Step {
  if (policy.recordAgeSecondsMax < 0) return { done: [], next: [attempt], delayMs: 0 };
  const oldestMs = nowMs - policy.recordAgeSecondsMax * 1000;
  const firstLive = attempt.records.findIndex((record) => record.arrivedAtMs >= oldestMs);
  const count = firstLive === -1 ? attempt.records.length : firstLive;
  if (count === 0) return { done: [], next: [attempt], delayMs: 0 };
  const live = attempt.records.slice(count);
  return {
    done: [],
    discarded: {
      records: attempt.records.slice(0, count),
      condition: 'RecordAgeExceeded',
      invokeCount: attempt.retries,
    },
    next: live.length === 0 ? [] : [{ ...attempt, records: live }],
    delayMs: 0,
  };
}

export function afterDelivery(attempt: Attempt, delivery: Delivery, policy: RetryPolicy): Step {
  switch (delivery.kind) {
    case 'delivered':
      return { done: attempt.records, next: [], delayMs: 0 };
    case 'throttled': {
      const failures = attempt.failures + 1;
      return { done: [], next: [{ ...attempt, failures }], delayMs: backoffMs(failures) };
    }
    case 'items-failed':
      return policy.partial === 'remainder'
        ? afterRemainder(attempt, delivery.identifiers, policy)
        : afterCheckpoint(attempt, delivery.identifiers, policy);
    case 'failed':
      return afterWholeFailure(attempt, policy);
  }
}

/** The lowest failed sequence number is the checkpoint: what is before it is done, all from it on is tried again. */
function afterCheckpoint(attempt: Attempt, identifiers: readonly string[], policy: RetryPolicy): Step {
  const failed = new Set(identifiers);
  let lowest: string | undefined;
  for (const { identifier, sequenceNumber } of attempt.records) {
    if (!failed.has(identifier)) continue;
    if (lowest === undefined || compareSequenceNumbers(sequenceNumber, lowest) < 0) lowest = sequenceNumber;
  }
  const index = attempt.records.findIndex((record) => record.sequenceNumber === lowest);
  // A batch response that names no record of the attempt was refused before; treat it as a failure, not as a success.
  if (index === -1) return afterWholeFailure(attempt, policy);
  const done = attempt.records.slice(0, index);
  const rest = attempt.records.slice(index);
  if (policy.bisect && done.length > 0) {
    // With bisect the batch is split at the returned number, and splitting does not use up the retry quota.
    const failures = attempt.failures + 1;
    return { done, next: [{ records: rest, retries: attempt.retries, failures }], delayMs: backoffMs(failures) };
  }
  return { ...retryOrDiscard({ ...attempt, records: rest }, policy), done };
}

function afterRemainder(attempt: Attempt, identifiers: readonly string[], policy: RetryPolicy): Step {
  const failed = new Set(identifiers);
  const done = attempt.records.filter((record) => !failed.has(record.identifier));
  const rest = attempt.records.filter((record) => failed.has(record.identifier));
  if (rest.length === 0) return afterWholeFailure(attempt, policy);
  return { ...retryOrDiscard({ ...attempt, records: rest }, policy), done };
}

function afterWholeFailure(attempt: Attempt, policy: RetryPolicy): Step {
  if (!policy.bisect || attempt.records.length < 2) return retryOrDiscard(attempt, policy);
  const middle = Math.ceil(attempt.records.length / 2);
  const failures = attempt.failures + 1;
  const half = (records: readonly StreamRecord[]): Attempt => ({ records, retries: attempt.retries, failures });
  return {
    done: [],
    next: [half(attempt.records.slice(0, middle)), half(attempt.records.slice(middle))],
    delayMs: backoffMs(failures),
  };
}

function retryOrDiscard(attempt: Attempt, policy: RetryPolicy): Step {
  if (policy.retryAttemptsMax >= 0 && attempt.retries >= policy.retryAttemptsMax) {
    const { records, retries } = attempt;
    return {
      done: [],
      discarded: { records, condition: 'RetryAttemptsExhausted', invokeCount: retries + 1 },
      next: [],
      delayMs: 0,
    };
  }
  const failures = attempt.failures + 1;
  return {
    done: [],
    next: [{ records: attempt.records, retries: attempt.retries + 1, failures }],
    delayMs: backoffMs(failures),
  };
}
