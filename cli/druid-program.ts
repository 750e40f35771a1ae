/** The commands `relay druid …` with their options and help; their code is loaded when one is run. What they do is in commands/. */
import { type Command, Option } from 'commander';
import { addCommand, addGroup, withTarget } from './command-forms.ts';
import type { CommandContext } from './commands/command-context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { port, wholeNumber } from './option-values.ts';

export function addDruidCommands(program: Command, context: CommandContext, finish: (code: ExitCode) => void): void {
  const druid = addGroup(program, 'druid', 'metric changes and metric names in Apache Druid (docs/druid.md)', [
    'npx relay druid stand-in                       a Druid to try the others on',
    'npx relay druid plan                           what the datasource of metric changes lacks',
    'npx relay druid apply',
    'npx relay druid lookup --watch                 names of metrics, kept in step',
  ]);

  withSpec(
    withTarget(
      addCommand(druid, 'spec', 'print the supervisor spec of the datasource of metric changes', [
        'npx relay druid spec --region eu-central-1 > metric-changes.json',
        'npx relay druid spec --stack MetricRelaySubscribers --out metric-changes.json',
      ]),
    ),
  )
    .option('--out <file>', 'write it to a file')
    .action(async (options) => finish(await (await import('./commands/druid-spec.ts')).druidSpec(context, options)));

  withSupervisor(
    addCommand(
      druid,
      'plan',
      `what a supervisor lacks; writes nothing, exit code ${EXIT.drift} when it lacks something`,
      [
        'npx relay druid plan                                    the datasource of metric changes',
        'npx relay druid plan --supervisor facts --metrics-prefix sales_      dimensions of your own facts',
        'npx relay druid plan --json | jq .spec',
      ],
    ),
  ).action(async (options) => finish(await (await import('./commands/druid-plan.ts')).druidPlan(context, options)));

  withSupervisor(
    addCommand(druid, 'apply', 'post what `plan` shows', [
      'npx relay druid apply --dry-run',
      'npx relay druid apply --stack MetricRelaySubscribers',
      'npx relay druid apply --supervisor facts --metric packages_delivered',
    ]),
  )
    .option('--dry-run', 'the same as plan')
    .action(async (options) => finish(await (await import('./commands/druid-apply.ts')).druidApply(context, options)));

  withDruid(
    withTarget(
      addCommand(druid, 'lookup', 'current metric names and attributes as lookups, once or kept in step', [
        'npx relay druid lookup --dry-run',
        'npx relay druid lookup --attribute name --attribute valueType',
        'npx relay druid lookup --watch',
      ]),
    ),
  )
    .addOption(new Option('--attribute <name...>', 'attributes of the metric').default([], 'name'))
    .option('--prefix <text>', 'begins the name of each lookup: metric_name, metric_value_type', 'metric_')
    .option('--tier <name>', 'lookup tier', '__default')
    .option('--watch', 'follow the events until Ctrl-C')
    .addOption(
      new Option('--debounce-seconds <n>', 'with --watch: at most one update in this time')
        .argParser(wholeNumber(0, 3600))
        .default(5),
    )
    .addOption(
      new Option('--rescan-minutes <n>', 'with --watch: read the whole table again this often')
        .argParser(wholeNumber(1, 1440))
        .default(10),
    )
    .option('--dry-run', `write nothing; exit code ${EXIT.drift} when something would be written`)
    .action(async (options) =>
      finish(await (await import('./commands/druid-lookup.ts')).druidLookup(context, options)),
    );

  addCommand(druid, 'stand-in', "Druid's lookup and supervisor API on this machine, to try the other commands", [
    'npx relay druid stand-in',
    'npx relay druid stand-in --port 8888',
  ])
    .addOption(new Option('--port <port>', 'port on 127.0.0.1 (default: a free one)').argParser(port))
    .action(async (options) =>
      finish(await (await import('./commands/druid-stand-in.ts')).druidStandIn(context, options)),
    );
}

const withDruid = (command: Command): Command =>
  command.option('--druid <url>', 'Router of Druid (default: DRUID_URL; credentials better there or in DRUID_AUTH)');

function withSpec(command: Command): Command {
  return command
    .option('--datasource <name>', 'datasource of metric changes', 'metric_changes')
    .option('--stream <name>', 'Kinesis stream of the changes (default: that of the stack, else metric-changed)')
    .option('--endpoint <host>', 'endpoint of Kinesis (default: that of the region)')
    .option('--task-duration <period>', 'how long a task reads before it publishes (default: PT1H)');
}

function withSupervisor(command: Command): Command {
  return withSpec(withDruid(withTarget(command)))
    .option('--supervisor <id>', 'supervisor of a fact datasource of your own, instead of the metric changes')
    .addOption(new Option('--metric <name...>', 'with --supervisor: metrics of that datasource').default([], 'none'))
    .option('--metrics-prefix <text>', 'with --supervisor: all metrics whose name begins so')
    .option('--all-metrics', 'with --supervisor: every metric')
    .option('--prune', 'also remove columns that the contract does not have');
}
