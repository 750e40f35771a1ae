/**
 * The phases of the measurement: single updates alone, single updates while a fan-out works, and the rename of a metric with many versions.
 * Each ends at rest, and only then is it known whether every metric has exactly one more revision and the items are those of the source.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type EndState, readEndState, type Tables } from '#cli/demo/end-state.ts';
import type { Terminal } from '#cli/terminal.ts';
import type { OperationCount } from '#local/gateway/accounting.ts';
import { FUNCTIONS, PROJECTOR, REPLICATOR, type RequestSums, requestSums } from '../request-counts.ts';
import type { BenchPipeline } from './bench-pipeline.ts';
import type { SingleUpdates, UpdateLatencies } from './single-updates.ts';
import type { ToldEvents } from './told-events.ts';
import { lagsOf, type WatchReport, watch } from './watch.ts';

export interface Bench {
  readonly pipeline: BenchPipeline;
  readonly client: DynamoDBClient;
  readonly tables: Tables;
  readonly updates: SingleUpdates;
  readonly told: ToldEvents;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

export interface SinglesPhase {
  readonly name: string;
  readonly latencies: UpdateLatencies;
  readonly watched: WatchReport;
}

/** What one write gave: to how many metrics, how soon, at what price. */
export interface WriteOutcome {
  readonly name: string;
  readonly metrics: number;
  /** From the commit until the last metric's items were written. */
  readonly itemSeconds: number;
  /** From the commit until the last event arrived. */
  readonly eventSeconds: number;
  readonly events: number;
  readonly redelivered: number;
  readonly metricsTold: number;
  /** Metrics that do not stand exactly one revision higher. */
  readonly wrongRevisions: number;
  /** Items that differ from the source at rest. */
  readonly differences: number;
  readonly replicator: RequestSums;
  readonly projector: RequestSums;
}

const LOOK_EVERY_MS = 100;
const GIVE_UP_AFTER_STILL_MS = 180_000;
const REST_LOOKS = 10;
const PROGRESS_EVERY_MS = 5_000;

export async function singlesAlone(bench: Bench, name: string, seconds: number): Promise<SinglesPhase> {
  bench.terminal.progress(`${name}: ${seconds} s…`);
  const watching = watch(bench.pipeline.local);
  const latencies = await bench.updates.run(AbortSignal.timeout(seconds * 1000));
  const phase = { name, latencies, watched: await watching() };
  await atRest(bench);
  return phase;
}

/** One statement that concerns `metrics` metrics, with single updates from its commit until the last of its events. */
export async function singlesDuring(
  bench: Bench,
  name: string,
  metricIds: readonly number[],
  sql: string,
): Promise<{ readonly singles: SinglesPhase; readonly write: WriteOutcome }> {
  const ended = new AbortController();
  let singles: SinglesPhase | undefined;
  const write = await measureWrite(bench, name, metricIds, sql, (written) => {
    const watching = watch(bench.pipeline.local);
    const updating = bench.updates.run(ended.signal);
    updating.catch(() => {}); // When the write fails, nobody awaits the updates beside it.
    return async () => {
      await written;
      ended.abort();
      singles = { name, latencies: await updating, watched: await watching() };
    };
  });
  if (!singles) throw new Error(`the phase "${name}" ended without its updates`);
  return { singles, write };
}

/** Runs what `begin` starts beside the write; it is given the write's end and answers how to finish. */
export async function measureWrite(
  bench: Bench,
  name: string,
  metricIds: readonly number[],
  sql: string,
  begin: (written: Promise<void>) => () => Promise<void> = () => async () => {},
): Promise<WriteOutcome> {
  const { pipeline, told } = bench;
  const counts = (): readonly OperationCount[] => pipeline.local.gateway.counts();
  const before = await readState(bench);
  told.forget();
  const countsBefore = counts();
  await pipeline.source.query(sql);
  const committedAtMs = Date.now();
  let resolveWritten: () => void = () => {};
  const finish = begin(new Promise((resolve) => (resolveWritten = resolve)));
  const itemsAtMs = await awaitWritten(bench, name, metricIds.length, countsBefore);
  const { lastAtMs } = told.seen();
  resolveWritten();
  await finish();
  await atRest(bench);
  const countsAfter = counts();
  const after = await readState(bench);
  const seen = told.seen();
  const wrong = metricIds.filter((id) => revisionOf(after, id) !== revisionOf(before, id) + 1n);
  return {
    name,
    metrics: metricIds.length,
    itemSeconds: (itemsAtMs - committedAtMs) / 1000,
    eventSeconds: (lastAtMs - committedAtMs) / 1000,
    events: seen.events,
    redelivered: seen.redelivered,
    metricsTold: seen.metrics,
    wrongRevisions: wrong.length,
    differences: after.differences.length,
    replicator: requestSums(countsAfter, REPLICATOR, countsBefore),
    projector: requestSums(countsAfter, PROJECTOR, countsBefore),
  };
}

/** Waits for the events of all metrics; answers when the items were written, as the count of transactions tells it. */
async function awaitWritten(
  { pipeline, told, terminal, signal }: Bench,
  name: string,
  metrics: number,
  countsBefore: readonly OperationCount[],
): Promise<number> {
  // One metric is recomputed by the replicator itself, many by the projector, beside single updates by the replicator.
  const worker = metrics === 1 ? FUNCTIONS : PROJECTOR;
  let itemsAtMs = 0;
  let last = { transactions: 0, events: 0, movedAtMs: Date.now(), shownAtMs: 0 };
  for (;;) {
    signal.throwIfAborted();
    const { transactions } = requestSums(pipeline.local.gateway.counts(), worker, countsBefore);
    const events = told.seen().metrics;
    const now = Date.now();
    if (transactions !== last.transactions && transactions <= Math.max(metrics, 50)) itemsAtMs = now;
    if (transactions !== last.transactions || events !== last.events)
      last = { ...last, transactions, events, movedAtMs: now };
    if (events >= metrics) return itemsAtMs;
    if (now - last.movedAtMs > GIVE_UP_AFTER_STILL_MS)
      throw new Error(
        `${name}: ${events} of ${metrics} events, and nothing has moved for ${GIVE_UP_AFTER_STILL_MS / 1000} s`,
      );
    if (now - last.shownAtMs > PROGRESS_EVERY_MS) {
      last = { ...last, shownAtMs: now };
      terminal.progress(
        `${name}: ${transactions} of ${metrics} metrics written, ${events} events, lag ${JSON.stringify(lagsOf(pipeline.local))}`,
      );
    }
    await delay(LOOK_EVERY_MS);
  }
}

/** Waits until no hop has anything in hand, several times in a row. */
export async function atRest({ pipeline, signal }: Bench): Promise<void> {
  for (let quiet = 0; quiet < REST_LOOKS; ) {
    signal.throwIfAborted();
    const { replicator, projector, pipe } = lagsOf(pipeline.local);
    quiet = replicator === 0 && projector === 0 && pipe === 0 ? quiet + 1 : 0;
    await delay(LOOK_EVERY_MS);
  }
}

export const readState = ({ client, tables, pipeline }: Bench): Promise<EndState> =>
  readEndState(client, tables, pipeline.lookingSource);

const revisionOf = ({ revisions }: EndState, metricId: number): bigint => revisions.get(String(metricId)) ?? 0n;
