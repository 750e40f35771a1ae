/** `npm run simulate`: many random histories, or a single one again. Data on stdout, progress on stderr; exit 0 only when every law held. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { type Plan, planOf } from './plan.ts';
import { REGRESSIONS } from './regressions.ts';
import { runHistory } from './run-history.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';

interface Options {
  readonly histories: number;
  readonly minutes?: number;
  readonly seed: string;
  readonly threads: number;
  readonly history?: string;
  readonly plan?: string;
  readonly regressions?: boolean;
  readonly shrink: boolean;
  readonly json?: boolean;
}

const EXIT_BROKEN = 1;
const EXIT_USAGE = 2;

const whole = (text: string): number => {
  if (!/^\d+$/.test(text) || Number(text) < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
  return Number(text);
};

const program = new Command('simulate')
  .description(
    'Examples:\n' +
      '  npm run simulate -- --histories 10000           random histories, each from its own seed\n' +
      '  npm run simulate -- --minutes 30 --seed night   as many as fit into half an hour\n' +
      '  npm run simulate -- --history ci.42             one history again, shrunk when a law breaks\n' +
      '  npm run simulate -- --regressions               the histories that once broke a law\n\n' +
      'Runs the real handlers and pollers in a simulated AWS with virtual time, and checks the laws at every step and at rest.',
  )
  .option('--histories <count>', 'how many random histories', whole, 1000)
  .option('--minutes <count>', 'stop after so many minutes', whole)
  .option('--seed <text>', 'where the random histories begin', 'ci')
  .option('--threads <count>', 'threads', whole, availableParallelism())
  .option('--history <seed>', 'run this one history, e.g. ci.42')
  .option('--plan <file>', 'run the plan in a JSON file, as a failure prints it')
  .option('--regressions', 'run only the histories that once broke a law')
  .option('--no-shrink', 'do not make a failing history smaller')
  .option('--json', 'one line of JSON on stdout')
  .showHelpAfterError()
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE));

const options = program.parse().opts<Options>();
const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function runOne(name: string, plan: Plan): Promise<boolean> {
  const { violation, counts, virtualMs } = await runHistory(plan);
  if (!violation) {
    say(`${name}: every law holds (${Math.round(virtualMs / 1000)} virtual s, ${JSON.stringify(counts)})`);
    return true;
  }
  say(`${name}: ${violation.message}`);
  if (options.shrink) await showSmallest(plan);
  return false;
}

async function showSmallest(plan: Plan): Promise<void> {
  say('Making the history smaller…');
  const smallest = await shrink(
    plan,
    async (candidate) => (await runHistory(candidate)).violation?.law,
    ({ writes }) => say(`  ${writes.length} writes still break it`),
  );
  say(`${(await runHistory(smallest)).violation?.message}`);
  process.stdout.write(`${JSON.stringify(smallest)}\n`);
  say('Run it again with --plan <file that holds the line above>.');
}

async function runRegressions(): Promise<boolean> {
  let held = true;
  for (const { name, plan } of REGRESSIONS) held = (await runOne(name, plan)) && held;
  return held;
}

async function runMany(): Promise<boolean> {
  const result = await simulate(options, say);
  const [first] = result.broken;
  const line = { ...result, broken: result.broken.length };
  if (options.json) process.stdout.write(`${JSON.stringify(line)}\n`);
  else for (const [name, value] of Object.entries(line)) process.stdout.write(`${name.padEnd(22)} ${value}\n`);
  for (const { seed, message } of result.broken.slice(0, 5)) say(`history ${seed}: ${message}`);
  if (first && options.shrink) await showSmallest(planOf(first.seed));
  return result.broken.length === 0;
}

async function main(): Promise<boolean> {
  if (options.plan !== undefined) return runOne(options.plan, JSON.parse(readFileSync(options.plan, 'utf8')) as Plan);
  if (options.history !== undefined) return runOne(options.history, planOf(options.history));
  if (options.regressions) return runRegressions();
  return (await runRegressions()) && (await runMany());
}

process.exit((await main()) ? 0 : EXIT_BROKEN);
