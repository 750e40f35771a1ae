/**
 * Applies records of a replay through the very core of the live path until none of them has to be tried again. A record that was
 * done in one attempt keeps its outcome when the next one meets it again; one whose row was stored and whose recompute failed is a duplicate then.
 */
import { type RecordOutcome, weightiest } from '../replication/batch-outcome.ts';
import type { ChangeRecord } from '../replication/change-record.ts';
import { type ReplicationContext, replicateBatch } from '../replication/replicate-batch.ts';
import { type ReplayCounts, replayCounts } from './replay-run.ts';

/** Attempts of one batch inside a slice; then the slice fails, and the state machine tries it again, later and later. */
const ATTEMPTS_MAX = 6;
const FIRST_WAIT_MS = 500;

export async function applyRecords(
  given: ReplicationContext,
  records: readonly ChangeRecord[],
  sleep: (ms: number) => Promise<void>,
): Promise<ReplayCounts> {
  let lastError: unknown;
  const context: ReplicationContext = {
    ...given,
    log: {
      ...given.log,
      failed: (subject, error) => {
        lastError = error;
        given.log.failed(subject, error);
      },
    },
  };
  const outcomes: RecordOutcome[] = records.map(() => 'control');
  let open = records.map((_, index) => index);
  for (let attempt = 1; open.length > 0; attempt++) {
    const tried = open;
    const result = await replicateBatch(
      context,
      tried.flatMap((index) => records[index] ?? []),
    );
    for (const [place, index] of tried.entries()) {
      const outcome = result.outcomes[place] ?? 'failed';
      if (outcome !== 'failed') outcomes[index] = weightiest([outcomes[index] ?? 'control', outcome]);
    }
    open = stillOpen(result.outcomes, tried);
    if (open.length === 0) break;
    if (attempt === ATTEMPTS_MAX)
      throw new Error(
        `${open.length} of ${records.length} records were not applied in ${ATTEMPTS_MAX} attempts; the last one met: ${String(lastError)}`,
        { cause: lastError },
      );
    await sleep(FIRST_WAIT_MS * 2 ** (attempt - 1));
  }
  return replayCounts(outcomes);
}

/** From the first failed record on, as the event source mapping does: so nothing passes an earlier record of its row. */
function stillOpen(outcomes: readonly RecordOutcome[], tried: readonly number[]): number[] {
  const first = outcomes.indexOf('failed');
  return first < 0 ? [] : tried.slice(first);
}
