/**
 * Measures a replay of a window against a bare loop of GetRecords over the same records, its cost per 1,000 records, and what it does to live
 * traffic beside it, in one run on a pipeline of its own. Exits 0 only when every caught-up replay wrote nothing but its checkpoints and
 * caused no event, and a lost window came back as the source has it. Times are of this machine and its emulators; counts are not.
 *
 *   node bench/replay.ts [--rows 10000] [--json]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type AttributeValue, DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { requireOutput } from '#cli/connection/connection.ts';
import { writePipelineFile } from '#cli/connection/pipeline-file.ts';
import { isFullLoadDone } from '#cli/pipeline/full-load.ts';
import { reportOf } from '#cli/pipeline/resource-status.ts';
import { processTerminal } from '#cli/terminal.ts';
import { ARRIVAL_SLACK_MS, type ReplayWindow } from '#core/replay/replay-window.ts';
import { type BenchPipeline, startBenchPipeline } from './fan-out/bench-pipeline.ts';
import { atRest, type Bench, readState, type SinglesPhase, singlesAlone } from './fan-out/phases.ts';
import { singlesFigures } from './fan-out/result.ts';
import { fanOutRows, insertFanOutRows } from './fan-out/shared-dimension.ts';
import { SingleUpdates } from './fan-out/single-updates.ts';
import { ToldEvents } from './fan-out/told-events.ts';
import { bareLoop } from './replay/bare-loop.ts';
import { type ReplayReport, relayReplay } from './replay/relay-replay.ts';
import { isSilent, printTables, type ReplayResult, summary } from './replay/result.ts';
import { loseWindow, windowMetricIds, writeWindow } from './replay/window-rows.ts';

const ROUNDS = 3;
const LIVE_SECONDS = 30;
/** Of the shards' read limits; more than all is not to be had. */
const WHOLE_SHARE = 1;
const LOOK_EVERY_MS = 500;

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '10000' }, json: { type: 'boolean', default: false } },
});
const rows = Number(values.rows);
if (!Number.isSafeInteger(rows) || rows < 100)
  throw new RangeError(`--rows ${values.rows}: a whole number of at least 100 is needed, such as --rows 10000`);
const terminal = processTerminal();
const aborted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => aborted.abort());
const live = fanOutRows(0);
const dataDir = await mkdtemp(join(tmpdir(), 'metric-relay-replay-'));
let pipeline: BenchPipeline | undefined;
let exitCode = 1;
try {
  pipeline = await startBenchPipeline(terminal, undefined, (source) => insertFanOutRows(source, live));
  // So that the commands find it.
  await writePipelineFile(dataDir, pipeline.local, 'mysql://not-needed.invalid', [...pipeline.connection.outputs]);
  const result = await measure(pipeline);
  if (values.json) terminal.out(JSON.stringify(summary(result)));
  else printTables(result, terminal.out);
  exitCode = isSilent(result) ? 0 : 1;
} finally {
  await pipeline?.stop();
  await rm(dataDir, { recursive: true, force: true });
}
process.exit(exitCode);

async function measure(running: BenchPipeline): Promise<ReplayResult> {
  const { connection, source, local } = running;
  const loadBefore = loadavg()[0] ?? 0;
  while (!isFullLoadDone(reportOf(local.status()))) await pause(LOOK_EVERY_MS);
  const client = new DynamoDBClient(connection.clientConfig);
  const tables = {
    metrics: requireOutput(connection, 'MetricsTable'),
    sourceRows: requireOutput(connection, 'SourceRowsTable'),
  };
  const updates = new SingleUpdates(source, client, tables.metrics, live.singleIds);
  const told = new ToldEvents(({ metricId, version, receivedAtMs }) =>
    updates.noteEvent(metricId, version, receivedAtMs),
  );
  const bench: Bench = { pipeline: running, client, tables, updates, told, terminal, signal: aborted.signal };
  await told.open(connection);
  try {
    await atRest(bench);
    const ids = windowMetricIds(rows);
    const window = await written(bench, ids);
    const before = await metricsItems(bench);
    told.forget();

    const rounds: ReplayResult['rounds'][number][] = [];
    const stream = requireOutput(connection, 'ChangeStream');
    const settings = JSON.parse(requireOutput(connection, 'ReplaySettings')) as Record<string, number>;
    for (let round = 1; round <= ROUNDS; round++) {
      terminal.progress(`round ${round} of ${ROUNDS}: bare loop, then replay…`);
      const bare = await bareLoop(connection.clientConfig, stream, window, Number.POSITIVE_INFINITY);
      const paced = await bareLoop(connection.clientConfig, stream, window, WHOLE_SHARE);
      rounds.push({ bare, paced, replay: await relayReplay(bench, dataDir, window, WHOLE_SHARE) });
    }
    await atRest(bench);
    const after = await metricsItems(bench);
    const changedItems = [...new Set([...before, ...after])].filter((item) => before.has(item) !== after.has(item));

    const alone = shown(await singlesAlone(bench, 'alone', LIVE_SECONDS));
    const replays: ReplayReport[] = [];
    const beside = await singlesBeside(bench, 'beside replays', async () => {
      replays.push(await relayReplay(bench, dataDir, window, undefined));
    });
    const share = settings.readShare ?? WHOLE_SHARE;
    const besideReading = await singlesBeside(bench, 'beside a bare loop', async () => {
      await bareLoop(connection.clientConfig, stream, window, share);
    });
    const again = shown(await singlesAlone(bench, 'alone again', LIVE_SECONDS));
    // Behind the updates, whose events all came: whatever a replay had published came before them.
    const { events } = told.seen();

    terminal.progress(`${await loseWindow(client, tables, ids)} items are deleted; replaying what they came from…`);
    await atRest(bench);
    const applying = await relayReplay(bench, dataDir, window, WHOLE_SHARE);
    await atRest(bench);
    const { differences } = await readState(bench);
    return {
      rows,
      batchRecords: settings.batchRecords ?? 0,
      defaultShare: settings.readShare ?? 0,
      loadAverage: { before: loadBefore, after: loadavg()[0] ?? 0 },
      rounds,
      live: [alone, beside, besideReading, again],
      besides: replays,
      applying,
      events,
      changedItems: changedItems.length,
      differences: differences.length,
    };
  } finally {
    await told.close();
    client.destroy();
  }
}

/** Writes the window, waits until it is applied, and until a replay of it has nothing to wait for. */
async function written(bench: Bench, ids: readonly number[]): Promise<ReplayWindow> {
  // The full load stays outside, also outside of the slack with which a replay reads.
  await pause(ARRIVAL_SLACK_MS);
  // The emulator dates records by whole seconds.
  const fromMs = Math.floor(Date.now() / 1000) * 1000;
  terminal.progress(`writing ${rows} rows of ${ids.length} metrics…`);
  await writeWindow(bench.pipeline.source, ids, [1, 2, 3, 4, 5, 6, 7, 8]);
  for (;;) {
    await atRest(bench);
    const { differences } = await readState(bench);
    if (differences.length === 0) break;
    terminal.progress(`${differences.length} items are not there yet…`);
  }
  const window = { fromMs, toMs: (Math.floor(Date.now() / 1000) + 1) * 1000 };
  await pause(Math.max(0, window.toMs + ARRIVAL_SLACK_MS - Date.now()));
  return window;
}

/** Single updates while something else is done again and again. */
async function singlesBeside(bench: Bench, name: string, work: () => Promise<void>): Promise<SinglesPhase> {
  let isOver = false;
  const updating = singlesAlone(bench, name, LIVE_SECONDS).finally(() => {
    isOver = true;
  });
  updating.catch(() => {}); // Told by the await below.
  while (!isOver) await work();
  return shown(await updating);
}

/** Every item, as one text each. */
async function metricsItems({ client, tables }: Bench): Promise<Set<string>> {
  const items = new Set<string>();
  for await (const { Items = [] } of paginateScan({ client }, { TableName: tables.metrics, ConsistentRead: true }))
    for (const item of Items) items.add(JSON.stringify(sorted(item)));
  return items;
}

function sorted(item: Record<string, AttributeValue>): [string, AttributeValue][] {
  return Object.entries(item).sort(([one], [other]) => (one < other ? -1 : 1));
}

/** A run that is cut off has told what it had measured. */
function shown(phase: SinglesPhase): SinglesPhase {
  terminal.say(JSON.stringify(singlesFigures(phase)));
  return phase;
}

async function pause(ms: number): Promise<void> {
  aborted.signal.throwIfAborted();
  await delay(ms, undefined, { signal: aborted.signal });
}
