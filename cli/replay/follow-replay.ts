/** Shows a running replay until it ends, is stopped, or the command is interrupted; the replay itself does not notice. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ReplayRun } from '#core/replay/replay-run.ts';
import type { CommandContext } from '../commands/command-context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { counted } from '../render/counted.ts';
import { outcomesText } from './planned-replay.ts';
import { duration } from './point-in-time.ts';
import type { ReplayConnection } from './replay-connection.ts';
import { percent, renderStatus, replayStatus, statusJson } from './replay-status.ts';

const LOOK_EVERY_MS = 1_000;

export async function followReplay(
  { terminal, interruption }: CommandContext,
  connection: ReplayConnection,
  run: ReplayRun,
  json: boolean,
): Promise<ExitCode> {
  let said = '';
  for (;;) {
    const status = await replayStatus(connection, run);
    const { fraction, counts, leftMs } = status.progress;
    if (status.state !== 'running') {
      terminal.out(json ? JSON.stringify(statusJson(status)) : renderStatus(status));
      return status.state === 'succeeded' ? EXIT.ok : EXIT.failure;
    }
    const left = leftMs === undefined ? '' : `, about ${duration(leftMs)} left`;
    const line = `${percent(fraction)} of the window, ${counted(counts.received, 'record')}: ${outcomesText(counts)}${left}`;
    if (line !== said) terminal.progress(line);
    said = line;
    await delay(LOOK_EVERY_MS, undefined, { signal: interruption.signal }).catch(() => {});
    if (interruption.signal.aborted) {
      terminal.say(`The replay goes on. npx relay replay status ${run.replayId}`);
      return EXIT.interrupted;
    }
  }
}
