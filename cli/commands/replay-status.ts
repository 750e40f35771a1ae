/** `relay replay status` and `relay replay list`: how far replays are. They read and change nothing. */
import { describeFilter } from '#core/replay/record-filter.ts';
import { instant } from '#core/replay/replay-window.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { renderTable } from '../render/table.ts';
import { withReplay } from '../replay/replay-connection.ts';
import {
  percent,
  renderStatus,
  requireRun,
  statusJson,
  replayStatus as statusOf,
  verdictOn,
} from '../replay/replay-status.ts';
import type { CommandContext, OutputOptions, TargetOptions } from './command-context.ts';

export async function replayStatus(
  { terminal }: CommandContext,
  replayId: string | undefined,
  options: TargetOptions & OutputOptions,
): Promise<ExitCode> {
  return withReplay(options, async (connection) => {
    const status = await statusOf(connection, await requireRun(connection, replayId));
    terminal.out(options.json ? JSON.stringify(statusJson(status)) : renderStatus(status));
    const { needsResume, exitCode } = verdictOn(status.state);
    if (needsResume)
      terminal.say(`It goes on from its checkpoints with: npx relay replay resume ${status.run.replayId}`);
    return exitCode;
  });
}

export async function replayList(
  { terminal }: CommandContext,
  options: TargetOptions & OutputOptions,
): Promise<ExitCode> {
  return withReplay(options, async (connection) => {
    const statuses = [];
    for (const run of await connection.journal.runs()) statuses.push(await statusOf(connection, run));
    if (options.json) terminal.out(JSON.stringify(statuses.map(statusJson)));
    else if (statuses.length === 0) terminal.say('There is no replay of the last 90 days.');
    else
      terminal.out(
        renderTable(
          ['replay', 'state', 'progress', 'source', 'from', 'to', 'only', 'received', 'applied'],
          statuses.map(({ run, state, progress }) => [
            run.replayId,
            state,
            percent(progress.fraction),
            run.request.source,
            instant(run.request.window.fromMs),
            instant(run.request.window.toMs),
            describeFilter(run.request.filter) ?? '',
            String(progress.counts.received),
            String(progress.counts.applied),
          ]),
        ),
      );
    return EXIT.ok;
  });
}
