/**
 * The commands of `relay` with their options and help. A command's code is loaded when it is run, so that `--help` and a mistyped option
 * answer at once. What a command does is in commands/; here is only how it is called.
 */
import { Command, Option } from 'commander';
import { addCommand, addGroup, DATA_DIR, DEBUG, withTarget } from './command-forms.ts';
import type { CommandContext } from './commands/command-context.ts';
import { addDruidCommands } from './druid-program.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { nonNegativeNumber, port, SCHEMA_FORMATS, wholeNumber } from './option-values.ts';
import { addRebuildCommands } from './rebuild-program.ts';
import { addReplayCommands } from './replay-program.ts';

/** `finish` is given the exit code of the command that ran. */
export function relayProgram(context: CommandContext, finish: (code: ExitCode) => void): Command {
  const program = new Command('relay')
    .description('Metric Relay: metric metadata from MySQL to DynamoDB, with one MetricChanged event per change.')
    .version('0.1.0')
    .option('--debug', DEBUG)
    .showHelpAfterError('(add --help for examples and options)')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', EXIT_CODES);
  // Commands inherit these; an unknown option or a missing argument throws instead of ending the process with code 1.
  program.exitOverride();
  // Otherwise `metric get NAME --version 2` would be the program's own --version.
  program.enablePositionalOptions();

  addCommand(program, 'up', 'start the pipeline on this machine and keep it running', [
    'npx relay up --sample --writes-per-second 1 --events',
    'SOURCE_URL=mysql://user:password@127.0.0.1:3306/lph npx relay up',
    'npx relay up --data-dir /tmp/second --sample      a second pipeline beside the first',
  ])
    .option('--sample', 'fill an empty private database with the LPH sample')
    .addOption(new Option('--metrics <n>', 'size of the sample, metrics in all').argParser(wholeNumber(22, 1_000_000)))
    .addOption(
      new Option('--writes-per-second <n>', 'keep making real writes of the kind the product makes').argParser(
        nonNegativeNumber,
      ),
    )
    .option('--events', 'print each MetricChanged as it arrives')
    .option(
      '--subscribers',
      'also run the worked subscribers: a SQL copy of the metrics, and the stream metric-changed',
    )
    .addOption(new Option('--port <port>', 'port of the gateway (default: a free one)').argParser(port))
    .option('--fresh', 'forget the data directory of an earlier run first')
    .option('--data-dir <dir>', DATA_DIR)
    .action(async (options) => finish(await (await import('./commands/up.ts')).up(context, options)));

  withTarget(
    addCommand(program, 'outputs', 'endpoint, keys, and names of tables, stream and bus', [
      'npx relay outputs --json',
      'npx relay outputs --json --stack MetricRelay --region eu-central-1',
    ]),
  ).action(async (options) => finish(await (await import('./commands/outputs.ts')).outputs(context, options)));

  const events = addGroup(program, 'events', 'events on the bus', [
    'npx relay events tail',
    `npx relay events test-pattern --pattern '{"detail":{"data":{"change":["DELETED"]}}}'`,
    'npx relay events schema > metric-changed.schema.json',
  ]);
  withTarget(
    addCommand(events, 'tail', 'print events as they arrive, until Ctrl-C', [
      'npx relay events tail',
      'npx relay events tail --json | jq .detail.data.name',
      `npx relay events tail --pattern '{"detail":{"data":{"change":["DELETED","RENAMED"]}}}'`,
    ]),
  )
    .option('--pattern <json>', 'EventBridge event pattern (default: every event of source metric-relay)')
    .action(async (options) => finish(await (await import('./commands/events-tail.ts')).eventsTail(context, options)));

  withTarget(
    addCommand(events, 'test-pattern', 'does a pattern match an event, and if not, why; exit code 3 when it does not', [
      `npx relay events test-pattern --pattern '{"detail":{"data":{"change":["DELETED"]}}}'      on an example of each change`,
      `npx relay events test-pattern --pattern "$(cat pattern.json)" --event event.json`,
      `npx relay events tail --json | head -5 | npx relay events test-pattern --pattern "$(cat pattern.json)" --event -`,
    ]).requiredOption('--pattern <json>', 'EventBridge event pattern'),
  )
    .option('--event <file>', 'an event, an array, or one a line; - for stdin (default: an example of each change)')
    .action(async (options) =>
      finish(await (await import('./commands/events-test-pattern.ts')).eventsTestPattern(context, options)),
    );

  addCommand(events, 'schema', 'the event contract: JSON Schema, AsyncAPI document, or an example event', [
    'npx relay events schema > metric-changed.schema.json',
    'npx relay events schema --format example --change RENAMED',
    'npx relay events schema --write --dry-run      which files made from the contract are out of date?',
  ])
    .addOption(
      new Option('--format <format>', 'what to print (default: json-schema, of the detail, draft 2020-12)').choices(
        SCHEMA_FORMATS,
      ),
    )
    .option('--change <change>', 'with --format example: CREATED, UPDATED, DEPRECATED, RESTORED, RENAMED or DELETED')
    .option('--write', 'bring docs/schema and docs/events.md up to date instead of printing')
    .option('--dry-run', 'only say which of them are not; exit code 3 when there are any')
    .action(async (options) => finish((await import('./commands/events-schema.ts')).eventsSchema(context, options)));

  const metric = addGroup(program, 'metric', 'metrics in the table', [
    'npx relay metric get packages_delivered',
    'npx relay metric history packages_delivered',
  ]);
  withTarget(
    addCommand(metric, 'get', 'one item: the current state, or one version', [
      'npx relay metric get packages_delivered',
      'npx relay metric get packages_delivered --version 2 --json',
    ]).argument('<name>', 'name of the metric, exactly'),
  )
    .option('--version <n>', 'a version instead of the current state')
    .action(async (name, options) =>
      finish(await (await import('./commands/metric-get.ts')).metricGet(context, name, options)),
    );
  withTarget(
    addCommand(metric, 'history', 'every version, oldest first', [
      'npx relay metric history packages_delivered',
    ]).argument('<name>', 'name of the metric, exactly'),
  ).action(async (name, options) =>
    finish(await (await import('./commands/metric-history.ts')).metricHistory(context, name, options)),
  );

  withTarget(
    addCommand(
      program,
      'status',
      'every hop from the source to the bus; exit code 3 when something lags or was set aside',
      ['npx relay status', 'npx relay status --json --stack MetricRelay'],
    ),
  ).action(async (options) => finish(await (await import('./commands/status.ts')).status(context, options)));

  addDruidCommands(program, context, finish);

  addReplayCommands(program, context, finish);

  addRebuildCommands(program, context, finish);

  withTarget(
    addCommand(
      program,
      'reload',
      'have DMS load tables again, and find the rows that were deleted while nobody listened',
      [
        'npx relay reload --all                          everything',
        'npx relay reload --table metrics --table metric_versions',
        'npx relay reload --all --dry-run                what would be loaded',
        'npx relay reload --absent-only                  only find what the last load did not bring',
      ],
    ),
  )
    .option('--all', 'every table; also starts a replication that has failed or was stopped, with a load')
    .option('--table <name...>', 'these tables')
    .option('--absent-only', 'load nothing; find what the last load did not bring')
    .option('--allow-many', 'also when more than a tenth of a table was not brought')
    .option('--dry-run', 'show what would be loaded and do nothing')
    .action(async (options) => finish(await (await import('./commands/reload.ts')).reload(context, options)));

  addCommand(program, 'doctor', 'check what the pipeline needs on this machine; changes nothing', ['npx relay doctor'])
    .option('--json', 'JSON on stdout')
    .option('--data-dir <dir>', DATA_DIR)
    .action(async (options) => finish(await (await import('./commands/doctor.ts')).doctor(context, options)));

  addCommand(program, 'demo', 'make random writes on a private pipeline and prove that every change arrived', [
    'npx relay demo --writes 50',
    'npx relay demo --writes 500 --seed 7 --json',
  ])
    .addOption(new Option('--writes <n>', 'how many writes').argParser(wholeNumber(1, 1_000_000)).default(50))
    .addOption(
      new Option('--writes-per-second <n>', 'pace of the writes').argParser(wholeNumber(1, 10_000)).default(10),
    )
    .addOption(
      new Option('--seed <n>', 'makes the writes repeatable').argParser(wholeNumber(0, 2 ** 31 - 1)).default(1),
    )
    .addOption(new Option('--metrics <n>', 'size of the sample, metrics in all').argParser(wholeNumber(22, 1_000_000)))
    .option('--json', 'one JSON line on stdout')
    .action(async (options) => finish(await (await import('./commands/demo.ts')).demo(context, options)));

  return program;
}

const EXAMPLES = `Examples:
  npx relay up --sample --writes-per-second 1 --events   the pipeline on this machine, with the sample
  npx relay events tail --json                           events as they arrive, one envelope a line
  npx relay metric get packages_delivered                the current state of a metric
  npx relay demo --writes 50                             does every write arrive?
  npx relay status --stack MetricRelay                   the same commands on a deployed stack
`;

const EXIT_CODES = `
Exit codes: ${EXIT.ok} ok, ${EXIT.failure} failure, ${EXIT.usage} wrong usage, ${EXIT.drift} the answer is no (lag, a difference, something left), ${EXIT.precondition} something is missing, ${EXIT.interrupted} interrupted.`;
