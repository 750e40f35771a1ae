/** `relay replay plan`: what a replay of a window would find and change. It reads the stream and the tables, and writes nothing anywhere. */
import { jitteredPause } from '#core/platform/pause.ts';
import { rehearseReplay } from '#core/replay/replay-plan.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { counted } from '../render/counted.ts';
import { renderPlan, shownPlan } from '../replay/planned-replay.ts';
import { withReplay } from '../replay/replay-connection.ts';
import { checkedRequest, type WindowOptions } from '../replay/replay-request.ts';
import type { CommandContext, OutputOptions, TargetOptions } from './command-context.ts';

export type ReplayPlanOptions = WindowOptions & TargetOptions & OutputOptions;

export async function replayPlan(
  { terminal, interruption }: CommandContext,
  options: ReplayPlanOptions,
): Promise<ExitCode> {
  return withReplay(options, async (connection) => {
    const checked = await checkedRequest(connection, options, Date.now(), terminal.say);
    const { store, tables, settings } = connection;
    const planned = await rehearseReplay(
      {
        store,
        tables,
        settings,
        log: checked.log,
        nowMs: Date.now,
        sleep: (ms) =>
          interruption.signal.aborted
            ? Promise.reject(new Error('interrupted'))
            : new Promise((resolve) => setTimeout(resolve, ms)),
        pause: jitteredPause(Math.random),
        progress: (shardId, looked) =>
          terminal.interactive && terminal.progress(`${counted(looked, 'record')}, ${shardId}`),
      },
      checked.request,
    );
    const plan = shownPlan(checked, planned);
    if (options.json) terminal.out(JSON.stringify(plan));
    else {
      terminal.out(renderPlan(plan, checked, planned));
      terminal.say('Nothing was written. `npx relay replay start` with the same options replays the window.');
    }
    return EXIT.ok;
  });
}
