/** `relay replay start`: begins a replay of a window and, with --wait, follows it to its end. The replay itself needs no command: it goes on without. */
import type { ReplayRun } from '#core/replay/replay-run.ts';
import { instant, isLeaving } from '#core/replay/replay-window.ts';
import { preconditionMissing } from '../command-failure.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { lateText, refuseMissing } from '../replay/archived-window.ts';
import { beforeStart, beginReplay, newReplayId, nextExecution } from '../replay/begin-replay.ts';
import { followReplay } from '../replay/follow-replay.ts';
import { duration } from '../replay/point-in-time.ts';
import { withReplay } from '../replay/replay-connection.ts';
import { type CheckedRequest, checkedRequest } from '../replay/replay-request.ts';
import type { CommandContext } from './command-context.ts';
import { type ReplayPlanOptions, replayPlan } from './replay-plan.ts';

export type ReplayStartOptions = ReplayPlanOptions & { readonly wait?: boolean; readonly dryRun?: boolean };

export async function replayStart(context: CommandContext, options: ReplayStartOptions): Promise<ExitCode> {
  if (options.dryRun) return replayPlan(context, options);
  const { terminal } = context;
  return withReplay(options, async (connection) => {
    const nowMs = Date.now();
    const { request, archived } = await beforeStart(async () => {
      const checked = await checkedRequest(connection, options, nowMs, terminal.say);
      refuseGone(checked, connection.archive !== undefined);
      return checked;
    });
    if (archived?.lateFromMs !== undefined) terminal.say(lateText(archived.lateFromMs));
    const replayId = newReplayId(nowMs, Math.random);
    const run: ReplayRun = {
      replayId,
      request,
      execution: nextExecution({ replayId, execution: '' }),
      startedAtMs: nowMs,
      stopped: false,
    };
    await beginReplay(connection, run);
    terminal.say(`Replay ${replayId} runs. npx relay replay status ${replayId} shows how far it is; stop ends it.`);
    if (options.wait) return followReplay(context, connection, run, options.json === true);
    terminal.out(options.json ? JSON.stringify({ replayId, execution: run.execution }) : replayId);
    return EXIT.ok;
  });
}

/** Refuses a window of which a part is gone, unless the rest is wanted all the same. */
function refuseGone({ request, verdict, archived }: CheckedRequest, archiveIsOn: boolean): void {
  if (verdict.goneMs > 0 && !request.allowGap)
    throw preconditionMissing(
      `${instant(request.window.fromMs)} to ${instant(verdict.horizonMs)} (${duration(verdict.goneMs)}) of the window has left the ${request.source}.`,
      `${request.source === 'stream' && archiveIsOn ? 'Read it from the change archive with --from-archive, replay' : 'Replay'} the rest with --allow-gap, or load the tables again: npx relay reload.`,
    );
  if (isLeaving(request.window, verdict.horizonMs) && !request.allowGap)
    throw preconditionMissing(
      `The window begins at ${instant(request.window.fromMs)}, and the ${request.source} forgets everything before ${instant(verdict.horizonMs)}: it would be gone when the replay comes to it.`,
      'Begin the window five minutes later, or take what is left of it with --allow-gap.',
    );
  if (archived) refuseMissing(archived, request.allowGap);
}
