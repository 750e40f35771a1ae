/** `npm run plant`: plants every bug of the catalogue and tells which test noticed it. Result on stdout, progress on stderr; exit 0 only when all were caught. */
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { CATALOGUE } from './catalogue.ts';
import { WHOLE_LANES } from './lanes.ts';
import type { Mutant } from './mutant.ts';
import { type PlantOutcome, plantAll, secondsSince } from './plant-all.ts';

interface Options {
  readonly only?: readonly string[];
  readonly jobs: number;
  readonly quick?: boolean;
  readonly json?: boolean;
  readonly list?: boolean;
}

const EXIT_NOT_CAUGHT = 1;
const EXIT_USAGE = 2;

const whole = (text: string): number => {
  if (!/^[1-9]\d?$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1 to 99.');
  return Number(text);
};

const program = new Command('plant')
  .description(
    'Examples:\n' +
      '  npm run plant                                       every bug of the catalogue\n' +
      '  npm run plant -- --only duplicate-is-stale          one bug, or several by their names\n' +
      '  npm run plant -- --quick                            only the tests that each bug names as likely\n' +
      '  npm run plant -- --list                             what there is and which rule it breaks\n' +
      '  npm run plant -- --jobs 4 --json > planted.json     four at a time, for a program\n\n' +
      'Plants known bugs in a copy of the project, one at a time, and reports which test of the fast lanes notices each.',
  )
  .option('--only <names...>', 'only these bugs')
  .option('--jobs <count>', 'bugs under test at the same time', whole, 1)
  .option('--quick', 'run only the tests that the catalogue names for a bug, not the whole lanes')
  .option('--json', 'one JSON document instead of the table')
  .option('--list', 'list the bugs and plant none')
  .showHelpAfterError()
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE));

const options = program.parse().opts<Options>();
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

function chosen(): readonly Mutant[] {
  const { only } = options;
  if (!only) return CATALOGUE;
  const unknown = only.filter((name) => !CATALOGUE.some((mutant) => mutant.name === name));
  if (unknown.length > 0) program.error(`There is no planted bug ${unknown.join(', ')}; --list names them all.`);
  return CATALOGUE.filter(({ name }) => only.includes(name));
}

function printTable(outcomes: readonly PlantOutcome[]): void {
  const width = Math.max(...outcomes.map(({ name }) => name.length));
  print(`${'planted bug'.padEnd(width)}  seconds  caught by`);
  for (const { name, seconds, caught, by } of outcomes)
    print(`${name.padEnd(width)}  ${seconds.toFixed(1).padStart(7)}  ${caught ? by : `NOT CAUGHT (${by})`}`);
}

async function main(): Promise<boolean> {
  const mutants = chosen();
  if (options.list) {
    for (const { name, file, breaks } of mutants) print(`${name}\n  ${file}: ${breaks}`);
    return true;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));
  const startedAt = performance.now();
  const root = join(import.meta.dirname, '..', '..');
  const outcomes = await plantAll(mutants, {
    root,
    jobs: Math.min(options.jobs, mutants.length),
    signal: stop.signal,
    lanes: options.quick ? [] : WHOLE_LANES,
    say,
  });
  const missed = outcomes.filter(({ caught }) => !caught);
  const seconds = secondsSince(startedAt);
  if (options.json)
    print(JSON.stringify({ planted: outcomes.length, caught: outcomes.length - missed.length, seconds, outcomes }));
  else {
    printTable(outcomes);
    print(`\n${outcomes.length - missed.length} of ${outcomes.length} planted bugs were caught, in ${seconds} s.`);
  }
  for (const { name, breaks } of missed)
    say(`NOT CAUGHT: ${name}. It breaks: ${breaks}. Write the test that shows it.`);
  return missed.length === 0;
}

try {
  process.exitCode = (await main()) ? 0 : EXIT_NOT_CAUGHT;
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = EXIT_NOT_CAUGHT;
}
