/** What the measurement found: whether everything held, and the tables that a person reads. */
import { percentile } from '#cli/demo/percentile.ts';
import { renderTable } from '#cli/render/table.ts';
import type { SinglesPhase, WriteOutcome } from './phases.ts';

export interface FanOutResult {
  readonly metrics: number;
  readonly loadSeconds: number;
  readonly singles: readonly SinglesPhase[];
  readonly writes: readonly WriteOutcome[];
}

/** Exactly one event and one revision per metric, items as in the source, and no single update without its item and event. */
export function holds({ singles, writes }: FanOutResult): boolean {
  return (
    writes.every(
      ({ metrics, events, metricsTold, wrongRevisions, differences }) =>
        events === metrics && metricsTold === metrics && wrongRevisions === 0 && differences === 0,
    ) &&
    singles.every(
      ({ latencies: { updates, itemMs, eventMs } }) => itemMs.length === updates && eventMs.length === updates,
    )
  );
}

/** The figures of a phase by name; times in milliseconds where the name says so. */
export function singlesFigures({ name, latencies, watched }: SinglesPhase) {
  const at = (values: readonly number[], percent: number): number | null => percentile(values, percent) ?? null;
  return {
    phase: name,
    updates: latencies.updates,
    itemP50Ms: at(latencies.itemMs, 50),
    itemP99Ms: at(latencies.itemMs, 99),
    itemMaxMs: at(latencies.itemMs, 100),
    eventP50Ms: at(latencies.eventMs, 50),
    eventP99Ms: at(latencies.eventMs, 99),
    eventMaxMs: at(latencies.eventMs, 100),
    itemToEventP50Ms: at(latencies.itemToEventMs, 50),
    readP50Ms: at(latencies.readMs, 50),
    readP99Ms: at(latencies.readMs, 99),
    ...watched,
  };
}

export function writeFigures(write: WriteOutcome) {
  const { replicator, projector, metrics } = write;
  // Beside a fan-out the replicator applies the single updates; what the fan-out costs is then the projector's.
  const work = metrics === 1 ? replicator : projector;
  const perMetric = (sum: number): number => Math.round((sum / metrics) * 100) / 100;
  return {
    write: write.name,
    metrics,
    itemSeconds: write.itemSeconds,
    eventSeconds: write.eventSeconds,
    events: write.events,
    redelivered: write.redelivered,
    messages: replicator.messages + projector.messages,
    requestsPerMetric: perMetric(work.requests),
    wruPerMetric: perMetric(work.writeRequestUnits),
    rruPerMetric: perMetric(work.readRequestUnits),
    transactions: work.transactions,
    failedConditions: work.failedConditions,
    wrongRevisions: write.wrongRevisions,
    differences: write.differences,
  };
}

/** For `--json`: the figures, not every latency. */
export function summary(result: FanOutResult) {
  const { metrics, loadSeconds, singles, writes } = result;
  const date = new Date().toISOString().slice(0, 10);
  return {
    date,
    metrics,
    loadSeconds,
    singles: singles.map(singlesFigures),
    writes: writes.map(writeFigures),
    holds: holds(result),
  };
}

export function printTables(result: FanOutResult, out: (line: string) => void): void {
  const { metrics, loadSeconds, singles, writes } = result;
  out(`${metrics} metrics share a dimension; loaded in ${loadSeconds} s`);
  for (const figures of [singles.map(singlesFigures), writes.map(writeFigures)]) {
    out('');
    out(turned(figures));
  }
  out('');
  out(holds(result) ? 'One event per metric, and the items are those of the source.' : 'The counts are NOT right.');
}

/** A row for each figure, a column for each phase: there are more figures than fit side by side. */
function turned(phases: readonly Readonly<Record<string, string | number | null>>[]): string {
  const [header = [], ...rows] = Object.keys(phases[0] ?? {}).map((figure) => [
    figure,
    ...phases.map((phase) => String(phase[figure] ?? '–')),
  ]);
  return renderTable(header, rows);
}
