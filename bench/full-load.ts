/**
 * Loads a sample of a given size through the whole local pipeline, once, and prints how long it took, what it asked of AWS by AWS's own
 * rules, and the peak memory of each process. Times are of this machine and its emulators; the counts are not.
 *
 *   npm run bench:load -- --metrics 20000 [--json]
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { connectionTo } from '#cli/commands/up.ts';
import { requireOutput } from '#cli/connection/connection.ts';
import { readEndState } from '#cli/demo/end-state.ts';
import { fullLoadLine } from '#cli/pipeline/full-load.ts';
import { openPipelineLog } from '#cli/pipeline/pipeline-log.ts';
import { reportOf } from '#cli/pipeline/resource-status.ts';
import { sampleOptions } from '#cli/pipeline/sample.ts';
import { type RunningPipeline, startPipeline } from '#cli/pipeline/start-pipeline.ts';
import { renderTable } from '#cli/render/table.ts';
import { processTerminal } from '#cli/terminal.ts';
import { connectSource } from '#local/dms/source-connection.ts';
import { FUNCTIONS, requestSums } from './request-counts.ts';

const LOOK_EVERY_MS = 2_000;

const { values } = parseArgs({
  options: { metrics: { type: 'string', default: '20000' }, json: { type: 'boolean', default: false } },
});
const metrics = Number(values.metrics);
const terminal = processTerminal();
const directory = await mkdtemp(join(tmpdir(), 'metric-relay-load-'));
const log = openPipelineLog(directory, terminal, false);
const aborted = new AbortController();
process.once('SIGINT', () => aborted.abort());
let running: RunningPipeline | undefined;
try {
  running = await startPipeline({
    dataDirectory: directory,
    sample: sampleOptions(metrics),
    terminal,
    log: log.log,
    signal: aborted.signal,
  });
  print(await measure(running, aborted.signal));
} finally {
  await running?.stop();
  await log.close();
  await rm(directory, { recursive: true, force: true });
}
process.exit(process.exitCode ?? 0);

async function measure(pipeline: RunningPipeline, signal: AbortSignal) {
  const connection = connectionTo(pipeline);
  const client = new DynamoDBClient(connection.clientConfig);
  const source = await connectSource(pipeline.source.url);
  const tables = {
    metrics: requireOutput(connection, 'MetricsTable'),
    sourceRows: requireOutput(connection, 'SourceRowsTable'),
  };
  const startedAt = Date.now();
  const peaks = new Map<string, number>();
  const seconds = (): number => Math.round((Date.now() - startedAt) / 100) / 10;
  let readSeconds: number | undefined;
  let idleSeconds: number | undefined;
  let shown = 0;
  for (;;) {
    signal.throwIfAborted();
    notePeaks(peaks);
    const report = reportOf(pipeline.local.status());
    if (report.replication?.state === 'replicating') readSeconds ??= seconds();
    if (shown++ % 10 === 0)
      terminal.progress(`${seconds()} s · ${fullLoadLine(report)} ${report.bus?.accepted ?? 0} events`);
    const idle = report.mappings.every(({ lagMs }) => lagMs === 0) && report.pipe?.lagMs === 0;
    if (idle && (report.bus?.accepted ?? 0) >= metrics) {
      idleSeconds ??= seconds();
      terminal.progress(`${idleSeconds} s · everything is applied; comparing the items with the source…`);
      const state = await readEndState(client, tables, source);
      if (state.differences.length > 0) idleSeconds = undefined;
      else
        return {
          state,
          seconds: idleSeconds,
          readSeconds,
          events: report.bus?.accepted ?? 0,
          rows: rowsOf(report),
          peaks,
          counts: pipeline.local.gateway.counts(),
        };
    }
    await delay(LOOK_EVERY_MS);
  }
}

function rowsOf({ replication }: ReturnType<typeof reportOf>): number {
  return (replication?.tables ?? []).reduce((sum, { rowsLoaded }) => sum + rowsLoaded, 0);
}

/** Peak resident memory, MiB, of this process and of those that work on its data directory. */
function notePeaks(peaks: Map<string, number>): void {
  for (const line of execFileSync('ps', ['-e', '-o', 'pid=,ppid=,rss=,args='], { encoding: 'utf8' }).split('\n')) {
    const [, pid, parent, rss, args = ''] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    const isOurs = parent === String(process.pid) || args.includes(directory);
    const name =
      pid === String(process.pid) ? 'relay (gateway, functions, twin, poller)' : isOurs ? processName(args) : undefined;
    if (name) peaks.set(name, Math.max(peaks.get(name) ?? 0, Math.round(Number(rss) / 1024)));
  }
}

function processName(args: string): string | undefined {
  if (/mariadbd|mysqld/.test(args)) return 'database';
  if (args.includes('LoopbackDynamoDb')) return 'DynamoDB Local';
  if (args.includes('kinesis')) return 'kinesis-local';
  if (args.includes('fauxqs')) return 'fauxqs (SQS, S3)';
  return undefined;
}

function print(result: Awaited<ReturnType<typeof measure>>): void {
  const { state, peaks, counts, ...times } = result;
  const { requests, writeRequestUnits, readRequestUnits } = requestSums(counts, FUNCTIONS);
  const summary = {
    metrics,
    ...times,
    items: state.items,
    requests,
    writeRequestUnits,
    readRequestUnits,
    peakMiB: Object.fromEntries(peaks),
  };
  if (values.json) {
    terminal.out(JSON.stringify(summary));
    return;
  }
  const { peakMiB, ...figures } = summary;
  terminal.out(renderTable(Object.keys(figures), [Object.values(figures).map(String)]));
  terminal.out('');
  terminal.out(
    renderTable(
      ['process', 'peak mib'],
      Object.entries(peakMiB).map(([name, mib]) => [name, String(mib)]),
    ),
  );
}
