/** `relay replay stop` and `relay replay resume`: end a replay after the batch it is in, and let it go on from its checkpoints. */
import { failed } from '../command-failure.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { beforeStart, beginReplay, nextExecution } from '../replay/begin-replay.ts';
import { followReplay } from '../replay/follow-replay.ts';
import { withReplay } from '../replay/replay-connection.ts';
import { refuseOldWindow } from '../replay/replay-request.ts';
import { percent, replayStatus, requireRun, statusJson } from '../replay/replay-status.ts';
import type { CommandContext, OutputOptions, TargetOptions } from './command-context.ts';

export async function replayStop(
  { terminal }: CommandContext,
  replayId: string,
  options: TargetOptions & OutputOptions,
): Promise<ExitCode> {
  return withReplay(options, async (connection) => {
    const { journal, executions } = connection;
    const run = await requireRun(connection, replayId);
    const before = await replayStatus(connection, run);
    if (before.state !== 'running')
      throw failed(`Replay ${replayId} does not run: it is ${before.state}.`, 'npx relay replay list shows all.');
    const stopped = { ...run, stopped: true };
    // In this order: a slice that begins now is refused, no further one is started, and the one that runs loses its shard at its next checkpoint.
    await journal.putRun(stopped);
    await executions.stop(run);
    for (const { shardId, done } of await journal.checkpoints(replayId))
      if (!done) await journal.takeAway(replayId, shardId, 'stop');
    const status = await replayStatus(connection, stopped);
    if (options.json) terminal.out(JSON.stringify(statusJson(status)));
    terminal.say(
      `Replay ${replayId} is stopped at ${percent(status.progress.fraction)}. It goes on with: npx relay replay resume ${replayId}`,
    );
    return EXIT.ok;
  });
}

export async function replayResume(
  context: CommandContext,
  replayId: string,
  options: TargetOptions & OutputOptions & { readonly wait?: boolean },
): Promise<ExitCode> {
  const { terminal } = context;
  return withReplay(options, async (connection) => {
    const run = await requireRun(connection, replayId);
    const { state, progress } = await replayStatus(connection, run);
    if (state === 'running')
      throw failed(`Replay ${replayId} runs already.`, `npx relay replay status ${replayId} shows how far it is.`);
    if (progress.shardsDone === progress.shards.length)
      throw failed(
        `Replay ${replayId} is done: nothing is left of it.`,
        'To replay the window again, start a new one.',
      );
    await beforeStart(async () => refuseOldWindow(connection, run.request.window, Date.now()));
    const resumed = { ...run, stopped: false, execution: nextExecution(run) };
    await beginReplay(connection, resumed);
    terminal.say(`Replay ${replayId} goes on from ${percent(progress.fraction)}.`);
    if (options.wait) return followReplay(context, connection, resumed, options.json === true);
    terminal.out(options.json ? JSON.stringify({ replayId, execution: resumed.execution }) : replayId);
    return EXIT.ok;
  });
}
