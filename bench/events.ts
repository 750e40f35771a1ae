/**
 * Measures what publishing costs: bytes of an event, latency of the enrichment, requests per 1,000 visible changes, and events per visible and
 * per invisible change, over the sample's full load, product-like writes, and all records of both sent again. Exits 0 only when each
 * visible change gave exactly one event and nothing else gave any. Times are of this machine; the counts are AWS's own rules.
 *
 *   node bench/events.ts [--metrics 220] [--writes 300] [--invocations 300] [--json]
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type AttributeValue, DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { requireOutput } from '#cli/connection/connection.ts';
import { type EndState, readEndState } from '#cli/demo/end-state.ts';
import type { Revisions } from '#cli/demo/tally.ts';
import { reportOf } from '#cli/pipeline/resource-status.ts';
import { sampleOptions } from '#cli/pipeline/sample.ts';
import { renderTable } from '#cli/render/table.ts';
import { processTerminal } from '#cli/terminal.ts';
import type { OperationCount } from '#local/gateway/accounting.ts';
import { loadSample } from '#sample/load-sample.ts';
import { productWriter } from '#sample/product-writes.ts';
import { batchesOf, inLambdaHost, inProcess } from './events/enrichment-latency.ts';
import { resendEverything } from './events/resend.ts';
import { ToldEvents, type ToldSince } from './events/told.ts';
import { type BenchPipeline, startBenchPipeline } from './fan-out/bench-pipeline.ts';
import { requestsPerThousand } from './request-counts.ts';

const GIVE_UP_AFTER_STILL_MS = 120_000;
const LOOK_EVERY_MS = 500;
const SEED = 1;

const { values } = parseArgs({
  options: {
    metrics: { type: 'string', default: '220' },
    writes: { type: 'string', default: '300' },
    invocations: { type: 'string', default: '300' },
    json: { type: 'boolean', default: false },
  },
});
const terminal = processTerminal();
const aborted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => aborted.abort());
const told = new ToldEvents();
let pipeline: BenchPipeline | undefined;
let exitCode = 1;
try {
  pipeline = await startBenchPipeline(terminal, undefined, async (source) => {
    await loadSample(source, sampleOptions(Number(values.metrics), SEED));
  });
  await told.open(pipeline.connection);
  const result = await measure(pipeline);
  print(result);
  exitCode = result.phases.every(({ lost, tooMany }) => lost === 0 && tooMany === 0) ? 0 : 1;
} finally {
  await told.close();
  await pipeline?.stop();
}
process.exit(exitCode);

async function measure(running: BenchPipeline) {
  const { connection, source, local } = running;
  const client = new DynamoDBClient(connection.clientConfig);
  const writer = productWriter(source, SEED + 1);
  const phases: ({ phase: string; records: number } & ToldSince)[] = [];
  const phase = async (name: string, start: Revisions, work: () => Promise<void>): Promise<EndState> => {
    terminal.progress(`${name}…`);
    const [from, before] = [told.deliveries, recordsApplied(running)];
    await work();
    const end = await settle(running, client, start, from);
    phases.push({
      phase: name,
      records: recordsApplied(running) - before,
      ...told.since(from, start, end.revisions),
    });
    return end;
  };
  // What was published before the subscriber had come is not held against it.
  const loadedFrom = (await stateOf(running, client)).revisions;
  const loaded = await phase('full load of the sample', loadedFrom, async () => {});
  const countsBefore = local.gateway.counts();
  const written = await phase('product-like writes', loaded.revisions, async () => {
    for (let write = 0; write < Number(values.writes); write++) {
      aborted.signal.throwIfAborted();
      await writer.write();
    }
  });
  const countsAfter = local.gateway.counts();
  const kinesis = new KinesisClient(connection.clientConfig);
  const stream = requireOutput(connection, 'ChangeStream');
  const before = recordsApplied(running);
  const replayed = await phase('all records sent again', written.revisions, async () => {
    const sent = await resendEverything(kinesis, stream);
    await none('records sent again that are not applied', () => sent - (recordsApplied(running) - before));
  });
  // Whatever the replay had published would be on the stream before this.
  await phase('one write behind them', replayed.revisions, async () => void (await writer.write('new-version')));
  kinesis.destroy();

  const items = await currentItems(client, requireOutput(connection, 'MetricsTable'));
  const lambda = new LambdaClient(connection.clientConfig);
  const batches = batchesOf(items, Number(values.invocations));
  const enrichment = {
    'in this process': await inProcess(batchesOf(items, 2_000)),
    'through the local Lambda host': await inLambdaHost(
      lambda,
      requireOutput(connection, 'EnrichmentFunction'),
      batches,
    ),
  };
  lambda.destroy();
  client.destroy();
  const changes = phases.find(({ phase: name }) => name === 'product-like writes')?.visibleChanges ?? 0;
  const requests = requestsPerThousand(countsBefore as OperationCount[], countsAfter as OperationCount[], changes);
  return { metrics: Number(values.metrics), bytes: told.bytes(), enrichment, phases, requests };
}

function recordsApplied({ local }: BenchPipeline): number {
  return reportOf(local.status()).mappings.reduce((sum, { records }) => sum + records, 0);
}

async function stateOf({ connection, lookingSource }: BenchPipeline, client: DynamoDBClient): Promise<EndState> {
  const tables = {
    metrics: requireOutput(connection, 'MetricsTable'),
    sourceRows: requireOutput(connection, 'SourceRowsTable'),
  };
  return readEndState(client, tables, lookingSource);
}

/** Waits until the items are the source's, every revision's event has come, and nothing is on the way. */
async function settle(
  running: BenchPipeline,
  client: DynamoDBClient,
  start: Revisions,
  from: number,
): Promise<EndState> {
  let end = await stateOf(running, client);
  let revisions = Number.NaN;
  const open = async (): Promise<number> => {
    end = await stateOf(running, client);
    // A look takes time: what it reads first may be older than what it reads last, so two looks have to agree.
    const total = [...end.revisions.values()].reduce((sum, revision) => sum + Number(revision), 0);
    const moved = total === revisions ? 0 : 1;
    revisions = total;
    const { mappings, pipe } = reportOf(running.local.status());
    const busy = mappings.every(({ lagMs }) => lagMs === 0) && pipe?.lagMs === 0 ? 0 : 1;
    return end.differences.length + told.since(from, start, end.revisions).lost + busy + moved;
  };
  await none('differences, lost events and hops at work', open);
  return end;
}

/** Waits until nothing is left of what is counted; an error when the count stands still for long. */
async function none(what: string, left: () => number | Promise<number>): Promise<void> {
  let [last, movedAt] = [Number.NaN, Date.now()];
  for (;;) {
    aborted.signal.throwIfAborted();
    const now = await left();
    if (now <= 0) return;
    if (now !== last) movedAt = Date.now();
    last = now;
    if (Date.now() - movedAt > GIVE_UP_AFTER_STILL_MS)
      throw new Error(`after two minutes without movement there are still ${now} ${what}`);
    await delay(LOOK_EVERY_MS);
  }
}

async function currentItems(client: DynamoDBClient, table: string): Promise<Record<string, AttributeValue>[]> {
  const items: Record<string, AttributeValue>[] = [];
  for await (const { Items = [] } of paginateScan({ client }, { TableName: table, ConsistentRead: true })) {
    items.push(...Items.filter(({ version, renamedTo }) => version?.S === '0' && renamedTo === undefined));
  }
  return items;
}

function print(result: Awaited<ReturnType<typeof measure>>): void {
  if (values.json) {
    terminal.out(JSON.stringify(result));
    return;
  }
  const table = (rows: readonly object[]): void => {
    const [first] = rows;
    if (first)
      terminal.out(
        renderTable(
          Object.keys(first),
          rows.map((row) => Object.values(row).map(String)),
        ),
      );
    terminal.out('');
  };
  table(result.phases);
  table([{ event: 'bytes of the detail', ...result.bytes }]);
  table(Object.entries(result.enrichment).map(([where, latency]) => ({ enrichment: where, ...latency })));
  table(result.requests);
}
