/**
 * A soak on the real parts: random SQL from many sides, `kill -9` of every process, resharding, and at the end the laws. The same seed
 * chooses the same writes and the same victims; when they meet is up to the machine.
 *
 *   node bench/soak.ts --minutes 5 --seed 1 [--json]
 */
import { Command, CommanderError, Option } from 'commander';
import { CommandFailure } from '#cli/command-failure.ts';
import { EXIT } from '#cli/exit-code.ts';
import { listenForInterruption } from '#cli/interruption.ts';
import { wholeNumber } from '#cli/option-values.ts';
import { processTerminal } from '#cli/terminal.ts';
import { soakSummary, soakTable } from './soak/report.ts';
import { runSoak } from './soak/run-soak.ts';

interface Options {
  readonly minutes: number;
  readonly seed: number;
  readonly writesPerSecond: number;
  readonly killEvery: number;
  readonly reshardEvery: number;
  readonly metrics: number;
  readonly restWithin: number;
  readonly keep?: boolean;
  readonly json?: boolean;
}

const terminal = processTerminal();
const interruption = listenForInterruption(terminal.say);
const tenths = (text: string): number =>
  wholeNumber(1, 100_000)(text.replace(/^(\d+)$/, '$10').replace(/^(\d*)\.(\d)$/, '$1$2')) / 10;

const program = new Command('soak')
  .description('Random SQL, kill -9 of every process and resharding against the whole pipeline, then a verdict.')
  .addHelpText(
    'before',
    `Examples:
  node bench/soak.ts --minutes 5 --seed 1
  node bench/soak.ts --minutes 60 --kill-every 15 --json > soak.json
  node bench/soak.ts --minutes 2 --kill-every 0 --writes-per-second 50     only the writes
`,
  )
  .addHelpText(
    'after',
    `\nExit codes: ${EXIT.ok} every law holds, ${EXIT.failure} one does not, ${EXIT.usage} wrong usage, ${EXIT.precondition} something is missing, ${EXIT.interrupted} interrupted.`,
  )
  .addOption(
    new Option('--minutes <n>', 'how long at least to write, kill and reshard; until each came once')
      .argParser(tenths)
      .default(5),
  )
  .addOption(new Option('--seed <n>', 'chooses writes and victims').argParser(wholeNumber(0, 2 ** 31 - 1)).default(1))
  .addOption(new Option('--writes-per-second <n>', 'transactions').argParser(wholeNumber(1, 1000)).default(10))
  .addOption(
    new Option('--kill-every <seconds>', 'on average; 0 kills nothing').argParser(wholeNumber(0, 3600)).default(20),
  )
  .addOption(new Option('--reshard-every <seconds>', 'on average; 0 never').argParser(wholeNumber(0, 3600)).default(30))
  .addOption(new Option('--metrics <n>', 'metrics to begin with').argParser(wholeNumber(1, 150)).default(60))
  .addOption(
    new Option('--rest-within <minutes>', 'when to give up waiting for rest')
      .argParser(wholeNumber(1, 600))
      .default(15),
  )
  .option('--keep', 'keep the data directory also when every law holds')
  .option('--json', 'one JSON line on stdout')
  .exitOverride();

process.exitCode = await main();
process.exit();

async function main(): Promise<number> {
  try {
    const options = program.parse().opts<Options>();
    const report = await runSoak({
      ...options,
      killEverySeconds: options.killEvery,
      reshardEverySeconds: options.reshardEvery,
      restWithinMinutes: options.restWithin,
      keep: options.keep === true,
      say: (line) => terminal.say(`${new Date().toISOString().slice(11, 19)} ${line}`),
      signal: interruption.signal,
    });
    terminal.out(options.json ? JSON.stringify(soakSummary(report)) : soakTable(report));
    return report.faults === 0 ? EXIT.ok : EXIT.failure;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (interruption.requested) return EXIT.interrupted;
    terminal.say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return error instanceof CommandFailure ? error.exitCode : EXIT.failure;
  }
}
