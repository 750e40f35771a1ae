/**
 * What became of every record of a batch, and the answer to the event source mapping. Lambda retries from the lowest sequence number that
 * is reported, so exactly one is: everything before it is done, everything after it is done again, which changes nothing.
 */
import type { Placement } from '../mirror/row-register.ts';
import type { ChangeRecord } from './change-record.ts';

/** `failed` met an infrastructure error and will be retried. The others are final. */
export type RecordOutcome = Placement | 'quarantined' | 'control' | 'failed';

/** Received = the sum of all others. */
export type BatchCounts = Readonly<Record<RecordOutcome | 'received', number>>;

/** A record that stands for two row changes (a primary-key update) has the outcome that says most. */
const BY_WEIGHT: readonly RecordOutcome[] = [
  'failed',
  'quarantined',
  'applied',
  'unchanged',
  'duplicate',
  'stale',
  'control',
];

export function weightiest(outcomes: readonly RecordOutcome[]): RecordOutcome {
  return BY_WEIGHT.find((outcome) => outcomes.includes(outcome)) ?? 'control';
}

export function countOutcomes(outcomes: readonly RecordOutcome[]): BatchCounts {
  const counts = {
    received: outcomes.length,
    applied: 0,
    unchanged: 0,
    duplicate: 0,
    stale: 0,
    quarantined: 0,
    control: 0,
    failed: 0,
  };
  for (const outcome of outcomes) counts[outcome] += 1;
  return counts;
}

/** Sequence number from which the batch must be retried, or undefined when it is done. Compared as numbers: they have up to 56 digits. */
export function retryFrom(records: readonly ChangeRecord[], outcomes: readonly RecordOutcome[]): string | undefined {
  let lowest: string | undefined;
  for (const [index, { sequenceNumber }] of records.entries()) {
    if (outcomes[index] === 'failed' && (lowest === undefined || BigInt(sequenceNumber) < BigInt(lowest)))
      lowest = sequenceNumber;
  }
  return lowest;
}
