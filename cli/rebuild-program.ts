/** The commands `relay rebuild …` and `relay republish` with their options and help; their code is loaded when one is run. */
import { type Command, Option } from 'commander';
import { addCommand, addGroup, withTarget } from './command-forms.ts';
import type { CommandContext } from './commands/command-context.ts';
import type { ExitCode } from './exit-code.ts';
import { wholeNumber } from './option-values.ts';
import { pointInTime } from './replay/point-in-time.ts';

export function addRebuildCommands(program: Command, context: CommandContext, finish: (code: ExitCode) => void): void {
  const what = 'make every item of the Metrics table anew from the row mirror (docs/filling-gaps.md)';
  const rebuild = addGroup(program, 'rebuild', what, [
    'npx relay rebuild plan                         what differs',
    'npx relay rebuild start',
  ]);

  withMetrics(
    withTarget(
      addCommand(rebuild, 'plan', 'which items and events a rebuild would write, and what it costs; writes nothing', [
        'npx relay rebuild plan',
        'npx relay rebuild plan --metric packages_delivered --json',
      ]),
    ),
  ).action(async (options) => finish(await (await import('./commands/rebuild.ts')).rebuildPlan(context, options)));

  withMetrics(
    withTarget(
      addCommand(
        rebuild,
        'start',
        'plan, have the projector do it, and look again; exit code 3 when something is left',
        [
          'npx relay rebuild start',
          'npx relay rebuild start --dry-run              the same as plan',
          'npx relay rebuild start --rate 20              gentler beside live traffic',
        ],
      ),
    ),
  )
    .addOption(
      new Option('--rate <n>', 'metrics a second that are handed to the projector')
        .argParser(wholeNumber(1, 10_000))
        .default(100),
    )
    .option('--dry-run', 'the same as plan')
    .action(async (options) => finish(await (await import('./commands/rebuild.ts')).rebuildStart(context, options)));

  withTarget(
    addCommand(program, 'republish', 'send the current state of metrics again as events marked `replay`', [
      'npx relay republish packages_delivered cost_per_package',
      'npx relay republish --all --dry-run            how many events, bytes and dollars?',
      'npx relay republish --prefix packages_ --changed-since 2h',
      'npx relay republish --all --rate 200 --after packages_delivered      go on behind a name',
    ]).argument('[names...]', 'names of metrics, exactly'),
  )
    .option('--all', 'every metric')
    .option('--prefix <p>', 'metrics whose name begins so')
    .addOption(
      new Option(
        '--changed-since <time>',
        'metrics whose last change was committed since: 2026-11-20T12:00:00Z, -2h, 2h, "90m ago"',
      ).argParser((text) => pointInTime(/^\d+[smhd]$/.test(text) ? `-${text}` : text)),
    )
    .option('--after <name>', 'only names behind this one, in the order of their characters')
    .addOption(new Option('--rate <n>', 'events a second at most').argParser(wholeNumber(1, 10_000)).default(50))
    .option('--skip-missing', 'leave out names that do not exist instead of sending nothing')
    .option('--dry-run', 'say how many events, bytes and dollars it would be, and send nothing')
    .action(async (names, options) =>
      finish(await (await import('./commands/republish.ts')).republish(context, names, options)),
    );
}

function withMetrics(command: Command): Command {
  return command.option('--metric <name...>', 'only these metrics (default: all that have a row or a head)');
}
