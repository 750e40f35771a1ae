/** L7 at every batch: what the replicator says became of its records adds up to what it was given. */
import { Violation } from './violation.ts';

const OUTCOMES = ['applied', 'stale', 'duplicate', 'unchanged', 'quarantined', 'control', 'failed'] as const;

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
