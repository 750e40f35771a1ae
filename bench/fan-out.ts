/**
 * Measures what a change that concerns very many metrics does to everyone else: a dimension that N metrics share is renamed and then deleted
 * while single metrics are updated beside it, and a metric with 1,000 versions is renamed. Exits 0 only when every metric got exactly one
 * event and the items are those of the source. Times are of this machine, where one Node process is all of AWS; counts are not.
 *
 *   node bench/fan-out.ts [--metrics 20000] [--json] [--assembly DIR]
 */
import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { requireOutput } from '#cli/connection/connection.ts';
import { fullLoadLine, isFullLoadDone } from '#cli/pipeline/full-load.ts';
import { reportOf } from '#cli/pipeline/resource-status.ts';
import { processTerminal } from '#cli/terminal.ts';
import { type BenchPipeline, startBenchPipeline } from './fan-out/bench-pipeline.ts';
import { atRest, type Bench, measureWrite, readState, singlesAlone, singlesDuring } from './fan-out/phases.ts';
import { type FanOutResult, holds, printTables, singlesFigures, summary, writeFigures } from './fan-out/result.ts';
import { fanOutRows, insertFanOutRows, LONG_NAME, SHARED_DIMENSION_ID } from './fan-out/shared-dimension.ts';
import { SingleUpdates } from './fan-out/single-updates.ts';
import { ToldEvents } from './fan-out/told-events.ts';

const BASELINE_SECONDS = 30;
/** The default of the setting `fanOutLimit`: up to so many metrics the replicator recomputes itself. */
const FAN_OUT_LIMIT = 100;
const PROGRESS_EVERY_MS = 10_000;

const { values } = parseArgs({
  options: {
    metrics: { type: 'string', default: '20000' },
    json: { type: 'boolean', default: false },
    /** A cloud assembly with other settings, as `cdk synth -c relay:projectorConcurrency=2 -o DIR` makes it. */
    assembly: { type: 'string' },
  },
});
const metrics = Number(values.metrics);
if (!Number.isSafeInteger(metrics) || metrics <= FAN_OUT_LIMIT)
  throw new RangeError(
    `--metrics ${values.metrics}: a whole number above ${FAN_OUT_LIMIT} is needed, such as --metrics 500; fewer make no fan-out`,
  );
const terminal = processTerminal();
const aborted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => aborted.abort());
const rows = fanOutRows(metrics);
let pipeline: BenchPipeline | undefined;
let exitCode = 1;
try {
  pipeline = await startBenchPipeline(terminal, values.assembly, (source) => insertFanOutRows(source, rows));
  const result = await measure(pipeline);
  if (values.json) terminal.out(JSON.stringify(summary(result)));
  else printTables(result, terminal.out);
  exitCode = holds(result) ? 0 : 1;
} finally {
  await pipeline?.stop();
}
process.exit(exitCode);

async function measure(running: BenchPipeline): Promise<FanOutResult> {
  const { connection, source } = running;
  const loadSeconds = await loaded(running);
  const client = new DynamoDBClient(connection.clientConfig);
  const tables = {
    metrics: requireOutput(connection, 'MetricsTable'),
    sourceRows: requireOutput(connection, 'SourceRowsTable'),
  };
  const updates = new SingleUpdates(source, client, tables.metrics, rows.singleIds);
  const told = new ToldEvents(({ metricId, version, receivedAtMs }) =>
    updates.noteEvent(metricId, version, receivedAtMs),
  );
  const bench: Bench = { pipeline: running, client, tables, updates, told, terminal, signal: aborted.signal };
  await atRest(bench);
  const { differences } = await readState(bench);
  if (differences.length > 0) throw new Error(`after the load ${differences.length} items differ from the source`);
  await told.open(connection);
  try {
    const shared = Array.from({ length: metrics }, (_, index) => index + 1);
    const before = await singlesAlone(bench, 'baseline', BASELINE_SECONDS);
    shown(singlesFigures(before));
    const rename = `UPDATE dimensions SET name = 'renamed_dimension' WHERE id = ${SHARED_DIMENSION_ID}`;
    const renamed = await singlesDuring(bench, 'dimension renamed', shared, rename);
    shown(singlesFigures(renamed.singles), writeFigures(renamed.write));
    const remove = `DELETE FROM dimensions WHERE id = ${SHARED_DIMENSION_ID}`;
    const deleted = await singlesDuring(bench, 'dimension deleted', shared, remove);
    shown(singlesFigures(deleted.singles), writeFigures(deleted.write));
    const after = await singlesAlone(bench, 'baseline again', BASELINE_SECONDS);
    const renameLong = `UPDATE metrics SET name = '${LONG_NAME}_renamed' WHERE id = ${rows.longId}`;
    const long = await measureWrite(bench, '1,000 versions renamed', [rows.longId], renameLong);
    shown(writeFigures(long));
    return {
      metrics,
      loadSeconds,
      singles: [before, renamed.singles, deleted.singles, after],
      writes: [renamed.write, deleted.write, long],
    };
  } finally {
    await told.close();
    client.destroy();
  }
}

/** A long run that is cut off has told what it had measured. */
function shown(...figures: readonly object[]): void {
  for (const one of figures) terminal.say(JSON.stringify(one));
}

/** Waits for the full load and its events; answers the seconds. */
async function loaded({ local: loading }: BenchPipeline): Promise<number> {
  const startedAtMs = performance.now();
  let shownAtMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    aborted.signal.throwIfAborted();
    const report = reportOf(loading.status());
    if (isFullLoadDone(report) && report.pipe?.lagMs === 0) break;
    if (performance.now() - shownAtMs > PROGRESS_EVERY_MS) {
      shownAtMs = performance.now();
      terminal.progress(`${fullLoadLine(report)} ${report.bus?.accepted ?? 0} events`);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return Math.round((performance.now() - startedAtMs) / 1000);
}
