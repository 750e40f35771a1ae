/** The commands `relay replay …` with their options and help; their code is loaded when one is run. What they do is in commands/. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { addCommand, addGroup, withTarget } from './command-forms.ts';
import type { CommandContext } from './commands/command-context.ts';
import type { ExitCode } from './exit-code.ts';
import { pointInTime } from './replay/point-in-time.ts';

export function addReplayCommands(program: Command, context: CommandContext, finish: (code: ExitCode) => void): void {
  const replay = addGroup(program, 'replay', 'apply a window of the change stream again (docs/filling-gaps.md)', [
    'npx relay replay plan --from -2h --to now      what is there, and what would change',
    'npx relay replay start --from -2h --to now --wait',
    'npx relay replay status                        of the latest',
  ]);

  withWindow(
    withTarget(
      addCommand(replay, 'plan', 'what a replay would find, change and cost; writes nothing', [
        'npx relay replay plan --from -2h --to now',
        'npx relay replay plan --from 2026-11-20T08:00:00Z --to 2026-11-20T09:00:00Z --table metric_versions',
        'npx relay replay plan --from -1d --to "90m ago" --metric packages_delivered --json',
        'npx relay replay plan --from -30d --to -29d --from-archive',
      ]),
    ),
  ).action(async (options) => finish(await (await import('./commands/replay-plan.ts')).replayPlan(context, options)));

  withWindow(
    withTarget(
      addCommand(replay, 'start', 'replay a window; it runs on without this command', [
        'npx relay replay start --from -2h --to now --wait',
        'npx relay replay start --from -2h --to now --dry-run     the same as plan',
        'npx relay replay start --from -1d --to now --read-share 0.2',
      ]),
    ),
  )
    .option('--dry-run', 'the same as plan')
    .option('--wait', 'follow it until it has ended')
    .action(async (options) =>
      finish(await (await import('./commands/replay-start.ts')).replayStart(context, options)),
    );

  withTarget(
    addCommand(
      replay,
      'status',
      'progress, rate, outcomes and time left; exit code 3 when it failed or never started',
      [
        'npx relay replay status                        the latest',
        'npx relay replay status 20261120T120000Z-k3x9 --json',
      ],
    ).argument('[id]', 'id of the replay'),
  ).action(async (id, options) =>
    finish(await (await import('./commands/replay-status.ts')).replayStatus(context, id, options)),
  );

  withTarget(addCommand(replay, 'list', 'replays of the last 90 days, oldest first', ['npx relay replay list'])).action(
    async (options) => finish(await (await import('./commands/replay-status.ts')).replayList(context, options)),
  );

  withTarget(
    addCommand(replay, 'stop', 'end a replay after the batch it is in', [
      'npx relay replay stop 20261120T120000Z-k3x9',
    ]).argument('<id>', 'id of the replay'),
  ).action(async (id, options) =>
    finish(await (await import('./commands/replay-stop.ts')).replayStop(context, id, options)),
  );

  withTarget(
    addCommand(replay, 'resume', 'go on from the checkpoints of a replay that was stopped or failed', [
      'npx relay replay resume 20261120T120000Z-k3x9 --wait',
    ]).argument('<id>', 'id of the replay'),
  )
    .option('--wait', 'follow it until it has ended')
    .action(async (id, options) =>
      finish(await (await import('./commands/replay-stop.ts')).replayResume(context, id, options)),
    );
}

const TIMES = '(ISO 8601 with a zone, -2h, "90m ago", now)';

function withWindow(command: Command): Command {
  return command
    .addOption(
      new Option('--from <time>', `begin of the window, inclusive ${TIMES}`)
        .argParser(pointInTime)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--to <time>', `end of the window, exclusive ${TIMES}`).argParser(pointInTime).makeOptionMandatory(),
    )
    .option('--table <name...>', 'only records of these source tables')
    .option('--metric <name...>', 'only rows of these metrics: their own row, versions, and what they consume')
    .addOption(
      new Option('--read-share <share>', 'share of the read limits of a shard, above 0 and at most 1').argParser(share),
    )
    .option(
      '--from-archive',
      'read the change archive, which keeps records for longer than the stream (setting changeArchive)',
    )
    .option('--allow-gap', 'a part of the window is gone, and the rest is wanted all the same');
}

function share(text: string): number {
  const value = /^\d(\.\d{1,4})?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= 1) return value;
  throw new InvalidArgumentError('Allowed: a number above 0 and at most 1.');
}
