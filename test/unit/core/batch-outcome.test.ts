/** What is reported of a batch, and what an error does to its record. */
import { describe, expect, test } from 'vitest';
import { dispositionOf } from '#core/error/disposition.ts';
import { ERROR_CODES, RelayError } from '#core/error/relay-error.ts';
import { countOutcomes, type RecordOutcome, retryFrom, weightiest } from '#core/replication/batch-outcome.ts';

const records = (...sequenceNumbers: readonly string[]) =>
  sequenceNumbers.map((sequenceNumber) => ({ shardId: 's', sequenceNumber, arrivedAtMs: 0, bytes: new Uint8Array() }));

describe('the sequence number to retry from', () => {
  test('is the lowest of those that failed, compared as numbers of up to 56 digits', () => {
    const long = '49590338271490256608559692538361571095921575989136588898';
    expect(retryFrom(records(long, '9', '10'), ['failed', 'applied', 'failed'])).toBe('10');
    expect(retryFrom(records('100', '99'), ['failed', 'failed'])).toBe('99');
    expect(retryFrom(records(long, `${long.slice(0, -1)}7`), ['failed', 'failed'])).toBe(`${long.slice(0, -1)}7`);
  });

  test('is none when nothing failed: a record set aside is done', () => {
    expect(retryFrom(records('1', '2'), ['quarantined', 'stale'])).toBeUndefined();
    expect(retryFrom([], [])).toBeUndefined();
  });
});

describe('the counts', () => {
  test('add up to what was received', () => {
    const outcomes: RecordOutcome[] = [
      'applied',
      'applied',
      'unchanged',
      'duplicate',
      'stale',
      'quarantined',
      'control',
      'failed',
    ];
    const { received, ...others } = countOutcomes(outcomes);
    expect(received).toBe(8);
    expect(Object.values(others).reduce((sum, count) => sum + count)).toBe(8);
    expect(others.applied).toBe(2);
  });
});

describe('a record that stands for two rows', () => {
  test('has failed when one of them failed, and is applied when one of them is', () => {
    expect(weightiest(['applied', 'failed'])).toBe('failed');
    expect(weightiest(['stale', 'applied'])).toBe('applied');
    expect(weightiest(['duplicate', 'stale'])).toBe('duplicate');
    expect(weightiest(['applied', 'quarantined'])).toBe('quarantined');
  });
});

describe('the disposition', () => {
  test('of every code is retry or quarantine', () => {
    for (const code of ERROR_CODES) expect(['retry', 'quarantine']).toContain(dispositionOf(new RelayError(code, '')));
  });

  test('of an unknown error is retry: it is never dropped', () => {
    for (const error of [new Error('x'), new TypeError('x'), 'text', undefined, null, { code: 'MALFORMED_RECORD' }]) {
      expect(dispositionOf(error)).toBe('retry');
    }
  });

  test('is that of the cause when the error itself has none', () => {
    const cause = new RelayError('ITEM_TOO_LARGE', 'x');
    expect(dispositionOf(new Error('outer', { cause: new Error('middle', { cause }) }))).toBe('quarantine');
  });

  test('is retry only where a retry can help: what the protocol rules out would come again and block the shard', () => {
    expect(dispositionOf(new RelayError('CONTENTION', ''))).toBe('retry');
    expect(dispositionOf(new RelayError('ITEM_REFUSED', ''))).toBe('quarantine');
    expect(dispositionOf(new RelayError('INVARIANT_BROKEN', ''))).toBe('quarantine');
  });
});
