/**
 * `relay rebuild plan` and `start`. The plan rehearses the recompute of every metric on top of the real tables and writes nothing; start
 * hands the metrics that differ to the projector, waits until the queue is empty, and rehearses again to say what is left.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { planRebuild, type RebuildPlan } from '#core/rebuild/rebuild-plan.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { metricIds } from '../metrics/metric-ids.ts';
import { renderPlan, shownPlan } from '../rebuild/planned-rebuild.ts';
import { queueDrained, sendRebuild } from '../rebuild/projection-queue.ts';
import { type RebuildConnection, withRebuild } from '../rebuild/rebuild-connection.ts';
import { counted } from '../render/counted.ts';
import type { CommandContext, OutputOptions, TargetOptions } from './command-context.ts';

export interface RebuildOptions extends TargetOptions, OutputOptions {
  readonly metric?: readonly string[];
}

export interface RebuildStartOptions extends RebuildOptions {
  readonly rate: number;
  readonly dryRun?: boolean;
}

export async function rebuildPlan(context: CommandContext, options: RebuildOptions): Promise<ExitCode> {
  const { terminal } = context;
  return withRebuild(options, async (connection) => {
    const plan = await rehearse(context, connection, await chosenIds(context, connection, options));
    terminal.out(options.json ? JSON.stringify(shownPlan(plan)) : renderPlan(plan));
    if (plan.differing.length > 0) terminal.say('Nothing was written. `npx relay rebuild start` does it.');
    return EXIT.ok;
  });
}

export async function rebuildStart(context: CommandContext, options: RebuildStartOptions): Promise<ExitCode> {
  if (options.dryRun) return rebuildPlan(context, options);
  const { terminal, interruption } = context;
  return withRebuild(options, async (connection) => {
    const plan = await rehearse(context, connection, await chosenIds(context, connection, options));
    if (!options.json) terminal.out(renderPlan(plan));
    const handed = await sendRebuild(connection, plan.differing, {
      rate: options.rate,
      committedAt: new Date().toISOString(),
      sleep: (ms) => delay(ms, undefined, { signal: interruption.signal }).catch(() => {}),
      mustStop: () => interruption.signal.aborted,
      progress: (done) =>
        terminal.progress(`${done} of ${counted(plan.differing.length, 'metric')} handed to the projector`),
    });
    if (handed < plan.differing.length) {
      terminal.say(
        `Stopped: ${counted(handed, 'metric was', 'metrics were')} handed over; the projector rebuilds them without this command. The same command does the rest.`,
      );
      return EXIT.interrupted;
    }
    const drained =
      handed === 0 ||
      (await queueDrained(connection, interruption.signal, (left) =>
        terminal.progress(`${counted(left, 'message')} left on the projection queue`),
      ));
    if (!drained) {
      terminal.say('The projector goes on without this command. `npx relay rebuild plan` shows what is left.');
      return EXIT.interrupted;
    }
    const rest = await rehearse(context, connection, plan.differing);
    if (options.json) terminal.out(JSON.stringify({ done: shownPlan(plan), left: shownPlan(rest) }));
    return ending(context, plan, rest);
  });
}

function ending({ terminal }: CommandContext, plan: RebuildPlan, rest: RebuildPlan): ExitCode {
  const refused = rest.failed.length > 0 || plan.failed.length > 0;
  if (rest.differing.length === 0 && !refused) {
    const rebuilt = counted(plan.differing.length, 'metric was', 'metrics were');
    terminal.say(
      plan.differing.length === 0 ? 'Nothing to do.' : `Done: ${rebuilt} rebuilt, and nothing is left to do.`,
    );
    return EXIT.ok;
  }
  terminal.say(
    `${counted(plan.differing.length - rest.differing.length, 'metric was', 'metrics were')} rebuilt; ${counted(rest.differing.length, 'still differs', 'still differ')} and ${plan.failed.length} cannot be published as the rows stand. ` +
      'Changes that go on meanwhile are theirs to tell: npx relay rebuild plan shows what remains; messages that failed are in the dead letters (npx relay status).',
  );
  return EXIT.drift;
}

async function chosenIds(
  { terminal }: CommandContext,
  connection: RebuildConnection,
  { metric }: RebuildOptions,
): Promise<readonly string[]> {
  return metric === undefined ? connection.allMetricIds() : metricIds(connection, metric, terminal.say);
}

async function rehearse(
  { terminal, interruption }: CommandContext,
  { store, tables, settings }: RebuildConnection,
  ids: readonly string[],
): Promise<RebuildPlan> {
  return planRebuild(
    {
      store,
      tables,
      settings,
      nowMs: Date.now,
      progress: (done) => {
        if (interruption.signal.aborted) throw new Error('interrupted');
        if (terminal.interactive) terminal.progress(`${done} of ${counted(ids.length, 'metric')} looked at`);
      },
    },
    ids,
  );
}
