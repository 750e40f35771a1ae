/**
 * `relay demo`: a pipeline of its own, random product-like writes, and a verdict. It waits by state and never by time: until the items are
 * what SQL over the source says and every revision's event has arrived, or until nothing has moved for two minutes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Connection as SourceConnection } from 'mysql2/promise';
import { coordinateNumber } from '#local/dms/binlog-coordinate.ts';
import { connectSource } from '#local/dms/source-connection.ts';
import { dynamoDb } from '../connection/clients.ts';
import { requireOutput } from '../connection/connection.ts';
import { type EndState, readEndState, type Tables } from '../demo/end-state.ts';
import { percentile } from '../demo/percentile.ts';
import { type Revisions, type SeenEvent, tally } from '../demo/tally.ts';
import { viewMetricChanged } from '../events/metric-changed.ts';
import { DEFAULT_PATTERN, type Subscription, subscribe } from '../events/subscription.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { followFullLoad } from '../pipeline/full-load.ts';
import { GentleWriter } from '../pipeline/gentle-writer.ts';
import { openPipelineLog } from '../pipeline/pipeline-log.ts';
import { reportOf } from '../pipeline/resource-status.ts';
import { sampleOptions } from '../pipeline/sample.ts';
import { type RunningPipeline, startPipeline } from '../pipeline/start-pipeline.ts';
import { renderTable } from '../render/table.ts';
import type { CommandContext, OutputOptions } from './command-context.ts';
import { connectionTo } from './up.ts';

export interface DemoOptions extends OutputOptions {
  readonly writes: number;
  readonly seed: number;
  /** Pace; above what one machine carries, the latency measured is that of a queue. */
  readonly writesPerSecond: number;
  readonly metrics?: number;
  readonly debug?: boolean;
}

const GIVE_UP_AFTER_STILL_MS = 120_000;
const LOOK_EVERY_MS = 500;
/** Lines of progress where there is no terminal. */
const PROGRESS_EVERY = 50;

/** Arrived events, with the time from commit to arrival where the commit was made by this run. */
interface Arrivals {
  readonly seen: SeenEvent[];
  readonly latenciesMs: number[];
}

interface Parts {
  readonly running: RunningPipeline;
  readonly client: DynamoDBClient;
  readonly tables: Tables;
  readonly source: SourceConnection;
  readonly writer: GentleWriter;
}

export async function demo(context: CommandContext, options: DemoOptions): Promise<ExitCode> {
  const { terminal, interruption } = context;
  const directory = await mkdtemp(join(tmpdir(), 'metric-relay-demo-'));
  const log = openPipelineLog(directory, terminal, options.debug === true);
  let running: RunningPipeline | undefined;
  try {
    const sample = sampleOptions(options.metrics, options.seed);
    running = await startPipeline({
      dataDirectory: directory,
      sample,
      terminal,
      log: log.log,
      signal: interruption.signal,
    });
    await followFullLoad(running.local, terminal, interruption.signal);
    return await run(context, options, running);
  } finally {
    if (running !== undefined) {
      terminal.say('Stopping the pipeline…');
      await running.stop();
    }
    await log.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function run(context: CommandContext, options: DemoOptions, running: RunningPipeline): Promise<ExitCode> {
  const { signal } = context.interruption;
  const connection = connectionTo(running);
  const client = dynamoDb(connection.clientConfig);
  const source = await connectSource(running.source.url);
  const tables = {
    metrics: requireOutput(connection, 'MetricsTable'),
    sourceRows: requireOutput(connection, 'SourceRowsTable'),
  };
  const writer = await GentleWriter.open(running.source.url, options.seed + 1);
  const parts: Parts = { running, client, tables, source, writer };
  const subscription = await subscribe(connection, requireOutput(connection, 'EventBus'), DEFAULT_PATTERN);
  const done = new AbortController();
  const arrivals: Arrivals = { seen: [], latenciesMs: [] };
  const collecting = collect(subscription, writer, arrivals, done.signal);
  try {
    const start = await settle(context, parts, 'Waiting for the loaded sample', (state) => state.differences.length);
    let rows = 0;
    for (let write = 1; write <= options.writes; write++) {
      signal.throwIfAborted();
      rows += await writer.write();
      if (write % PROGRESS_EVERY === 0 || context.terminal.interactive) {
        context.terminal.progress(`Writes: ${write} of ${options.writes}, ${arrivals.seen.length} events so far…`);
      }
      await delay(1000 / options.writesPerSecond, undefined, { signal });
    }
    const missing = (state: EndState): number =>
      state.differences.length + tally(start.revisions, state.revisions, arrivals.seen).lost;
    const end = await settle(context, parts, 'Waiting for what was written', missing);
    return verdict(context, options, start.revisions, end, arrivals, rows);
  } finally {
    done.abort();
    await collecting;
    await writer.close();
    await subscription.close();
    await source.end();
    client.destroy();
  }
}

async function collect(
  subscription: Subscription,
  writer: GentleWriter,
  arrivals: Arrivals,
  signal: AbortSignal,
): Promise<void> {
  for await (const { envelope, receivedAtMs } of subscription.deliveries(signal)) {
    const event = viewMetricChanged(envelope);
    if (!event) continue;
    arrivals.seen.push(event);
    const committedAtMs = writer.commits.committedAtMs(event.correlationId);
    if (committedAtMs !== undefined) arrivals.latenciesMs.push(receivedAtMs - committedAtMs);
  }
}

/** Looks until nothing is missing and every hop is idle; gives up when nothing has moved for a long time, and answers what it then found. */
async function settle(
  context: CommandContext,
  parts: Parts,
  what: string,
  missing: (state: EndState) => number,
): Promise<EndState> {
  const { signal } = context.interruption;
  let movedAt = Date.now();
  let shown = '';
  for (;;) {
    signal.throwIfAborted();
    const state = await readEndState(parts.client, parts.tables, parts.source);
    const open = missing(state);
    if (open === 0 && isIdle(parts.running, parts.writer.commits.end)) return state;
    const line = `${what}: ${state.items} items, ${open} still to arrive…`;
    if (line !== shown) {
      movedAt = Date.now();
      context.terminal.progress(line);
    }
    shown = line;
    if (Date.now() - movedAt > GIVE_UP_AFTER_STILL_MS) return state;
    await delay(LOOK_EVERY_MS);
  }
}

/** Everything that was written has been read from the binlog, and nothing waits on the way. */
function isIdle({ local }: RunningPipeline, writtenUpTo: bigint): boolean {
  const { mappings, pipe, replication } = reportOf(local.status());
  const readUpTo = positionNumber(replication?.position);
  return readUpTo >= writtenUpTo && mappings.every(({ lagMs }) => lagMs === 0) && pipe?.lagMs === 0;
}

/** `binlog.000001:4711` as the number of that place; -1 for no place. */
function positionNumber(position: string | undefined): bigint {
  const [file = '', offset = ''] = position?.split(':') ?? [];
  return position === undefined ? -1n : coordinateNumber({ file, offset: Number(offset) });
}

function verdict(
  context: CommandContext,
  options: DemoOptions,
  start: Revisions,
  end: EndState,
  { seen, latenciesMs }: Arrivals,
  rows: number,
): ExitCode {
  const { terminal } = context;
  const { events, lost, duplicated, lostIds } = tally(start, end.revisions, seen);
  const result = {
    writes: options.writes,
    rows,
    events,
    items: end.items,
    lost,
    duplicated,
    p50Ms: percentile(latenciesMs, 50) ?? null,
    p99Ms: percentile(latenciesMs, 99) ?? null,
    different: end.differences.length,
    seed: options.seed,
  };
  if (options.json) terminal.out(JSON.stringify(result));
  else terminal.out(renderTable(Object.keys(result), [Object.values(result).map((value) => String(value ?? '–'))]));
  for (const { name, version, problem, attributes } of end.differences.slice(0, 10)) {
    const which = attributes.map(({ attribute }) => attribute).join(', ');
    terminal.say(`${problem}: metric ${JSON.stringify(name)}, version ${version}${which === '' ? '' : ` (${which})`}`);
  }
  if (lost > 0) terminal.say(`No event arrived for: ${lostIds.join(', ')}`);
  const holds = lost === 0 && end.differences.length === 0;
  terminal.say(
    holds ? 'Nothing is lost, and the items equal the source.' : 'The items or the events do not match the source.',
  );
  return holds ? EXIT.ok : EXIT.failure;
}
