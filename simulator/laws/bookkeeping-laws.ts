/** L7 at every batch and every slice: what is said to have become of records adds up to what was received. */
import { Violation } from './violation.ts';

const OUTCOMES = ['applied', 'stale', 'duplicate', 'unchanged', 'quarantined', 'control', 'failed'] as const;

/** The same for the checkpoint of a replay: nothing is failed there, it is tried until it is done. */
export function checkReplayCounts(fields: Readonly<Record<string, unknown>>): void {
  const { received = Number.NaN, ...outcomes } = fields.counts as Readonly<Record<string, number>>;
  const sum = Object.values(outcomes).reduce((total, count) => total + count, 0);
  if (sum !== received)
    throw new Violation('L7', `the outcomes of a replay do not add up: ${JSON.stringify(fields.counts)}`);
}

export function checkBatchCounts(fields: Readonly<Record<string, unknown>>): void {
  const counts = fields.counts as Readonly<Record<string, number>>;
  const sum = OUTCOMES.reduce((total, outcome) => total + (counts[outcome] ?? Number.NaN), 0);
  if (sum !== counts.received)
    throw new Violation('L7', `the outcomes of a batch do not add up: ${JSON.stringify(counts)}`);
  if ((counts.failed ?? 0) > 0 !== (fields.retryFrom !== undefined))
    throw new Violation(
      'L7',
      `a batch reports ${JSON.stringify(fields)}: failed records and a place to retry from belong together`,
    );
}
