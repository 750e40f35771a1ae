/** The replicator's own account of its batches, read from its log. */

interface Batch {
  readonly received: number;
  readonly sumOfOutcomes: number;
}

export interface BatchTotals {
  readonly batches: readonly Batch[];
  readonly received: number;
  /** Rows that are finished: everything but control records and what is to be retried. */
  readonly done: number;
  readonly outcomes: ReadonlyMap<string, number>;
}

export function batchTotals(functionLogs: string): BatchTotals {
  const batches: Batch[] = [];
  const outcomes = new Map<string, number>();
  let received = 0;
  for (const line of functionLogs.split('\n')) {
    const counts = countsOf(line);
    if (counts === undefined) continue;
    const outcomesOfBatch = counts.filter(([name]) => name !== 'received');
    const receivedNow = counts.find(([name]) => name === 'received')?.[1] ?? 0;
    received += receivedNow;
    batches.push({ received: receivedNow, sumOfOutcomes: outcomesOfBatch.reduce((sum, [, count]) => sum + count, 0) });
    for (const [name, count] of outcomesOfBatch) outcomes.set(name, (outcomes.get(name) ?? 0) + count);
  }
  const done = received - (outcomes.get('control') ?? 0) - (outcomes.get('failed') ?? 0);
  return { batches, received, done, outcomes };
}

/** The counts of a line that tells of a batch; other lines, and the half line of a write under way, have none. */
function countsOf(line: string): [string, number][] | undefined {
  const start = line.indexOf('{');
  if (start < 0) return undefined;
  try {
    const { message, counts } = JSON.parse(line.slice(start)) as { message?: string; counts?: Record<string, number> };
    return message === 'batch' && counts !== undefined ? Object.entries(counts) : undefined;
  } catch {
    return undefined;
  }
}
