/** Starts an execution of a replay, new or resumed, after the window is taken: two of the same window at once would read everything twice for nothing. */
import type { ReplayRun } from '#core/replay/replay-run.ts';
import { CommandFailure, failed, messageOf } from '../command-failure.ts';
import type { ReplayConnection } from './replay-connection.ts';

/** What a command that starts a replay looks at first: a refusal there says as well that nothing was started. A plan has no need to. */
export async function beforeStart<T>(look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    const next = ['Nothing was started.', ...(error.next === undefined ? [] : [error.next])].join(' ');
    throw new CommandFailure(error.exitCode, error.message, next, { cause: error });
  }
}

export async function beginReplay({ journal, executions }: ReplayConnection, run: ReplayRun): Promise<void> {
  const holder = await journal.takeWindow(run.request, run.replayId, async (replayId) => {
    const other = await journal.run(replayId);
    return other === undefined || (await executions.state(other)) !== 'running';
  });
  if (holder !== undefined)
    throw failed(
      `This window is being replayed already, by ${holder}.`,
      `Nothing was started. npx relay replay status ${holder} shows how far it is; another window may overlap it.`,
    );
  await journal.putRun(run);
  try {
    await executions.start(run);
  } catch (error) {
    await journal.putRun({ ...run, stopped: true });
    throw failed(
      `The state machine could not be started: ${messageOf(error)}`,
      `Nothing runs. When the cause is gone: npx relay replay resume ${run.replayId}`,
      error,
    );
  }
}

/** Sortable by time, and never twice: a name of an execution is taken for 90 days. */
export function newReplayId(nowMs: number, random: () => number): string {
  const time = new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  const suffix = Math.floor(random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0');
  return `${time}Z-${suffix}`;
}

/** `…-1` for the first execution of a replay, then `…-2`. */
export function nextExecution({ replayId, execution }: Pick<ReplayRun, 'replayId' | 'execution'>): string {
  const number = execution === '' ? 0 : Number(execution.slice(replayId.length + 1));
  return `${replayId}-${number + 1}`;
}
