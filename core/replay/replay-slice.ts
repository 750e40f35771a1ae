/**
 * One slice: a shard is read from its checkpoint and applied batch after batch until it is done or time is nearly up. The checkpoint is stored
 * after every batch, so a slice that is killed costs the next one at most one batch, which changes nothing. While a batch is applied
 * the next one is read already. It never decides what runs next: that is the state machine's part.
 */
import type { ReplicationContext } from '../replication/replicate-batch.ts';
import { applyRecords } from './apply-records.ts';
import { type ChangeLog, ShardExpired } from './change-log.ts';
import { readBatch } from './read-batch.ts';
import { paceOf } from './read-pace.ts';
import { type WindowRead, WindowReader } from './read-window.ts';
import { isSelected } from './record-filter.ts';
import type { HeldCheckpoint, ReplayJournal } from './replay-journal.ts';
import {
  addCounts,
  newCheckpoint,
  ReplayRefused,
  type ReplayRequest,
  type ReplayRun,
  type ShardCheckpoint,
} from './replay-run.ts';
import { instant } from './replay-window.ts';

const HOUR_MS = 3_600_000;

interface ShardOfExecution {
  readonly replayId: string;
  readonly shardId: string;
  /** Name of the execution that asks. */
  readonly execution: string;
}

export interface SliceRequest extends ShardOfExecution {
  /** What an earlier slice of this execution answered. Used when the journal has lost the shard. */
  readonly checkpoint: ShardCheckpoint | undefined;
}

export interface SliceContext {
  readonly replication: ReplicationContext;
  readonly journal: ReplayJournal;
  /** What this replay reads. */
  readonly logOf: (request: ReplayRequest) => ChangeLog;
  /** Records of a batch, at most; it may take several answers. */
  readonly batchRecords: number;
  /** Names this slice, and no other one, in the journal. */
  readonly writer: string;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly remainingMs: () => number;
}

/** Between the look at the horizon and the first answer: clocks that differ, and every wait of a reader that is throttled. Milliseconds. */
const FIRST_READ_MS = 60_000;

/** A slice ends when less than this is left, or less than its longest batch took three times. Milliseconds. */
const RESERVE_MS = 20_000;

export async function replaySlice(context: SliceContext, request: SliceRequest): Promise<ShardCheckpoint> {
  const { journal, nowMs, sleep, writer } = context;
  const { replayId, shardId } = request;
  const permitted = (): Promise<ReplayRun> => permittedRun(context, request);
  let held = await journal.hold(replayId, shardId, writer, request.checkpoint ?? newCheckpoint(shardId), permitted);
  let run: ReplayRun | undefined;
  try {
    // Again after the shard is held: a stop that comes later takes it away again.
    run = await permitted();
    if (held.checkpoint.done) return held.checkpoint;
    const log = context.logOf(run.request);
    const retentionMs = (await log.retentionHours()) * HOUR_MS;
    const after = await readableFrom(log, nowMs() - retentionMs, run, held.checkpoint);
    const pace = paceOf(run.request);
    const reader = new WindowReader({ log, pace, nowMs, sleep }, shardId, after.window, after.sequenceNumber);
    const throttledBefore = held.checkpoint.throttled;

    let longestMs = 0;
    let next = readBatch(reader, context.batchRecords, nowMs);
    for (;;) {
      const startedAtMs = nowMs();
      const read = await next;
      refuseGapBehind(run, held.checkpoint.arrivedAtMs, nowMs() - retentionMs);
      const isLast = read.end || context.remainingMs() < Math.max(RESERVE_MS, 3 * longestMs);
      if (!isLast) {
        next = readBatch(reader, context.batchRecords, nowMs);
        next.catch(() => {}); // looked at in the next round
      }
      held = await applyAndNote(context, request, run, held, read, throttledBefore + reader.throttled, startedAtMs);
      longestMs = Math.max(longestMs, nowMs() - startedAtMs);
      if (isLast) return held.checkpoint;
    }
  } catch (error) {
    if (error instanceof ShardExpired && run?.request.allowGap) return endWithGap(context, run, held);
    const isTriedAgain = !(error instanceof ReplayRefused) && !held.checkpoint.done;
    if (isTriedAgain) await noteTrouble(context, request, held, error);
    throw error;
  }
}

/** What is left is wanted, and of this shard nothing is: no further attempt, and no other shard, would find more. */
async function endWithGap(
  { journal, writer }: SliceContext,
  { replayId, request: { window, source } }: ReplayRun,
  held: HeldCheckpoint,
): Promise<ShardCheckpoint> {
  const fromMs = Math.min(held.checkpoint.arrivedAtMs ?? window.fromMs, window.toMs);
  const gone = `what it held of ${instant(fromMs)} to ${instant(window.toMs)} had left the ${source} before it was read`;
  const ended = { ...held.checkpoint, done: true, failure: undefined, gone };
  return (await journal.move(replayId, held, ended, writer)).checkpoint;
}

/** Why it is tried again, where `status` finds it while it is: the state machine does so for an hour, and tells nobody. */
async function noteTrouble(
  { journal, writer, replication }: SliceContext,
  { replayId, shardId }: SliceRequest,
  held: HeldCheckpoint,
  error: unknown,
): Promise<void> {
  const failure = `tried again after: ${error instanceof Error ? error.message : String(error)}`;
  try {
    await journal.move(replayId, held, { ...held.checkpoint, failure }, writer);
  } catch (unnoted) {
    replication.log.failed(`note of what stopped a slice of ${shardId} of replay ${replayId}`, unnoted);
  }
}

async function applyAndNote(
  context: SliceContext,
  { replayId }: SliceRequest,
  run: ReplayRun,
  held: HeldCheckpoint,
  read: WindowRead,
  throttled: number,
  startedAtMs: number,
): Promise<HeldCheckpoint> {
  const { replication, journal, nowMs, sleep, writer } = context;
  const { filter, window } = run.request;
  const selected = read.records.filter((record) => isSelected(filter, record, replication.tablesDeclared));
  const counts = await applyRecords(replication, selected, sleep);
  if (read.last === undefined && !read.end) return held; // nothing to remember
  const before = held.checkpoint;
  return journal.move(
    replayId,
    held,
    {
      ...before,
      sequenceNumber: read.last?.sequenceNumber ?? before.sequenceNumber,
      arrivedAtMs: read.end
        ? Math.max(window.toMs, before.arrivedAtMs ?? 0)
        : (read.last?.arrivedAtMs ?? before.arrivedAtMs),
      done: read.end,
      looked: before.looked + read.looked,
      bytes: before.bytes + read.bytes,
      counts: addCounts(before.counts, counts),
      batches: before.batches + (read.looked > 0 ? 1 : 0),
      throttled,
      workedMs: before.workedMs + (nowMs() - startedAtMs),
      failure: undefined,
    },
    writer,
  );
}

async function permittedRun({ journal }: SliceContext, request: SliceRequest): Promise<ReplayRun> {
  const run = await runOf(journal, request);
  if (run.stopped)
    throw new ReplayRefused(`replay ${run.replayId} was stopped; go on with: npx relay replay resume ${run.replayId}`);
  return run;
}

async function runOf(journal: ReplayJournal, { replayId, execution }: ShardOfExecution): Promise<ReplayRun> {
  const run = await journal.run(replayId);
  if (!run) throw new ReplayRefused(`there is no replay ${replayId}`);
  if (run.execution !== execution)
    throw new ReplayRefused(`replay ${replayId} is run by execution ${run.execution}, not by ${execution}`);
  return run;
}

/** What lies between the checkpoint and the horizon is gone, and nothing would say so: reading would begin with what is left. */
async function readableFrom(
  log: ChangeLog,
  horizonMs: number,
  run: ReplayRun,
  { shardId, sequenceNumber, arrivedAtMs }: ShardCheckpoint,
): Promise<{ readonly window: ReplayRun['request']['window']; readonly sequenceNumber: string | undefined }> {
  const { window, allowGap } = run.request;
  const fromMs = arrivedAtMs ?? window.fromMs;
  if (fromMs >= horizonMs) return { window, sequenceNumber };
  if (allowGap) return { window, sequenceNumber: undefined };
  const isUnread = arrivedAtMs === undefined;
  if (!isUnread || !(await isYounger(log, shardId, horizonMs))) refuseGapBehind(run, fromMs, horizonMs);
  return { window, sequenceNumber };
}

/** `fromMs`: of the last record that was read; undefined before the first. The horizon moves on while a slice reads. */
function refuseGapBehind({ request, replayId }: ReplayRun, fromMs: number | undefined, horizonMs: number): void {
  const { window, allowGap, source } = request;
  if (fromMs === undefined || fromMs >= horizonMs || allowGap) return;
  throw new ReplayRefused(
    `the records from ${instant(fromMs)} to ${instant(Math.min(horizonMs, window.toMs))} have left the ${source} before replay ${replayId} came to them; ` +
      'load the tables again instead (npx relay reload), or start a replay of the rest with --allow-gap',
  );
}

/**
 * A shard begins when its parents end (https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html), so one of
 * which a parent ended behind the horizon has lost nothing. One that is not listed any more has no parent here either.
 */
async function isYounger(log: ChangeLog, shardId: string, horizonMs: number): Promise<boolean> {
  const shards = await log.shards(horizonMs + FIRST_READ_MS);
  const parents = shards.find((shard) => shard.shardId === shardId)?.parents ?? [];
  return shards.some((shard) => parents.includes(shard.shardId));
}

/** Notes why the state machine gave a shard up, where `status` finds it. @throws ReplayRefused when another execution runs the replay by now. */
export async function noteFailure(
  { journal, writer }: Pick<SliceContext, 'journal' | 'writer'>,
  request: ShardOfExecution,
  failure: string,
): Promise<ShardCheckpoint> {
  const { replayId, shardId } = request;
  const held = await journal.hold(replayId, shardId, writer, newCheckpoint(shardId), () => runOf(journal, request));
  // Its last slice ended, and only the answer did not arrive.
  if (held.checkpoint.done) return held.checkpoint;
  const noted = await journal.move(replayId, held, { ...held.checkpoint, failure }, writer);
  return noted.checkpoint;
}
