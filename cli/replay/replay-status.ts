/** What is known of a replay: its request, the state of its execution and how far its shards are, gathered for `status` and `list`. */

import { describeFilter } from '#core/replay/record-filter.ts';
import { type ReplayProgress, replayProgress, type ShardProgress } from '#core/replay/replay-progress.ts';
import type { ReplayRun } from '#core/replay/replay-run.ts';
import { instant } from '#core/replay/replay-window.ts';
import { failed } from '../command-failure.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { counted } from '../render/counted.ts';
import { renderTable } from '../render/table.ts';
import type { ExecutionState } from './executions.ts';
import { outcomesText } from './planned-replay.ts';
import { duration } from './point-in-time.ts';
import type { ReplayConnection } from './replay-connection.ts';

export interface ReplayStatus {
  readonly run: ReplayRun;
  readonly state: ExecutionState;
  readonly progress: ReplayProgress;
}

export async function replayStatus(connection: ReplayConnection, run: ReplayRun): Promise<ReplayStatus> {
  const { executions, journal } = connection;
  // The state first: what the shards of an ended execution say is final.
  const state = await executions.state(run);
  const progress = replayProgress(run.request, await journal.checkpoints(run.replayId));
  return { run, state: run.stopped && state !== 'running' ? 'stopped' : state, progress };
}

/** Whether it goes on only when it is resumed, and whether that is well: somebody meant a stop, and nobody a failure or a start that never came. */
export function verdictOn(state: ExecutionState): { readonly needsResume: boolean; readonly exitCode: ExitCode } {
  const needsResume = state !== 'running' && state !== 'succeeded';
  return { needsResume, exitCode: needsResume && state !== 'stopped' ? EXIT.drift : EXIT.ok };
}

/** The replay of that id, or the latest one. */
export async function requireRun({ journal }: ReplayConnection, replayId: string | undefined): Promise<ReplayRun> {
  const run = replayId === undefined ? (await journal.runs()).at(-1) : await journal.run(replayId);
  if (run !== undefined) return run;
  if (replayId === undefined)
    throw failed('There is no replay yet.', 'Plan one: npx relay replay plan --from -1h --to now');
  throw failed(`There is no replay "${replayId}".`, 'npx relay replay list shows all of the last 90 days.');
}

export function statusJson({ run, state, progress }: ReplayStatus): object {
  const { request, replayId, execution, startedAtMs } = run;
  const { shards, recordsPerSecond, leftMs, ...sums } = progress;
  return {
    replayId,
    state,
    execution,
    startedAt: instant(startedAtMs),
    source: request.source,
    window: { from: instant(request.window.fromMs), to: instant(request.window.toMs) },
    filter: describeFilter(request.filter) ?? null,
    ...sums,
    recordsPerSecond: recordsPerSecond ?? null,
    leftMs: state === 'running' ? (leftMs ?? null) : null,
    shards: shards.map(({ sequenceNumber, arrivedAtMs, failure, gone, ...shard }) => ({
      ...shard,
      generation: shard.generation + 1,
      sequenceNumber: sequenceNumber ?? null,
      arrivedAt: arrivedAtMs === undefined ? null : instant(arrivedAtMs),
      failure: failure ?? null,
      gone: gone ?? null,
    })),
  };
}

export function renderStatus({ run, state, progress }: ReplayStatus): string {
  const { source, window, filter } = run.request;
  const described = describeFilter(filter);
  const { counts, recordsPerSecond, leftMs } = progress;
  return [
    `replay    ${run.replayId}  ${state}`,
    `window    ${instant(window.fromMs)} to ${instant(window.toMs)}${described === undefined ? '' : `, only ${described}`}, from the ${source}`,
    `progress  ${percent(progress.fraction)} of the window; ${shardsText(progress)}${timeLeft(state, leftMs)}`,
    `read      ${counted(progress.looked, 'record')}, ${counted(progress.bytes, 'byte')}${recordsPerSecond === undefined ? '' : `, ${Math.round(recordsPerSecond)} records/s per shard`}${progress.throttled > 0 ? `, throttled ${counted(progress.throttled, 'time')}` : ''}`,
    `applied   ${counts.received} received: ${outcomesText(counts)}`,
    '',
    renderTable(
      ['shard', 'generation', 'progress', 'read', 'received', 'upTo', 'state'],
      progress.shards.map((shard) => [
        shard.shardId,
        String(shard.generation + 1),
        percent(shard.fraction),
        String(shard.looked),
        String(shard.counts.received),
        shard.arrivedAtMs === undefined ? '-' : instant(shard.arrivedAtMs),
        shard.failure ?? (shard.done ? doneText(shard) : shard.batches > 0 ? 'begun' : 'waiting'),
      ]),
    ),
  ].join('\n');
}

const doneText = ({ gone }: ShardProgress): string => (gone === undefined ? 'done' : `done, but ${gone}`);

/** A shard is done when it is read to the end of the window, so one that was stopped just before is told by how far it is. */
function shardsText({ shards, shardsDone }: ReplayProgress): string {
  const done = `${shardsDone} of ${counted(shards.length, 'shard')} done`;
  const under = shards.filter(({ done: isDone, batches }) => !isDone && batches > 0).map(({ fraction }) => fraction);
  if (under.length === 0) return done;
  const [least, most] = [percent(Math.min(...under)), percent(Math.max(...under))];
  return `${done}, ${under.length} begun and at ${least === most ? least : `${least} to ${most}`}`;
}

const timeLeft = (state: ExecutionState, leftMs: number | undefined): string =>
  state !== 'running' ? '' : leftMs === undefined ? ', time left unknown' : `, about ${duration(leftMs)} left`;

export const percent = (fraction: number): string => `${Math.floor(fraction * 100)} %`;
