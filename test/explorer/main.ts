/** The command of the explorer; `--help` says how to call it. It prints what was explored and what was not, and fails when a law does not hold. */
import { parseArgs } from 'node:util';
import type { Bounds } from './explore-distribution.ts';
import { coverage, exploreScope, type ScopeReport } from './explore-scope.ts';
import { SCOPES } from './scopes.ts';

const HELP = `Runs the real core over small scopes in every interleaving of its storage operations, and checks the laws at every end.

  node test/explorer/main.ts                              all scopes, one death of a worker in every place
  node test/explorer/main.ts --scope swap --crashes 0     one scope without deaths
  node test/explorer/main.ts --scope fan-out --projectors 1   the projection queue is worked on at the same time
  node test/explorer/main.ts --json > explored.json

  --scope name       only this scope; may be given several times
  --crashes n        workers that may die in one history, before or after any operation took effect (1)
  --lost-answers n   writes whose answer is lost and that the client repeats, in one history (0)
  --projectors n     workers of the projection queue beside the others; with 0 the queue is done after them (0)
  --states n         states of one distribution after which interruptions of workers are bounded instead (100000)
  --exact            leave nothing out: no reduction, every order counts as another state (slow)
  --json             one JSON document instead of text

"complete" means every interleaving under these bounds. What is simplified in all of them: time stands still during an invocation,
an operation takes effect in one moment, BatchGetItem and BatchWriteItem go through their items in order, and the attempts of one
recompute are not counted.

Scopes:
${SCOPES.map(({ name, about }) => `  ${name.padEnd(22)} ${about}`).join('\n')}
`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    scope: { type: 'string', multiple: true },
    crashes: { type: 'string', default: '1' },
    'lost-answers': { type: 'string', default: '0' },
    projectors: { type: 'string', default: '0' },
    states: { type: 'string', default: '100000' },
    exact: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else process.exitCode = await run();

/** @returns 0 when every law held in everything that was explored. */
async function run(): Promise<number> {
  const bounds: Bounds = {
    crashes: wholeNumber('crashes', values.crashes),
    lostAnswers: wholeNumber('lost-answers', values['lost-answers']),
    projectors: wholeNumber('projectors', values.projectors),
    statesMax: wholeNumber('states', values.states),
    exact: values.exact,
  };
  const reports: ScopeReport[] = [];
  for (const scope of chosen(values.scope)) {
    const report = await exploreScope(scope, bounds, progress);
    progress('');
    reports.push(report);
    if (!values.json) process.stdout.write(text(report));
  }
  const states = reports.reduce((sum, report) => sum + report.states, 0);
  if (values.json) process.stdout.write(`${JSON.stringify({ bounds, states, scopes: reports }, null, 2)}\n`);
  else process.stdout.write(`${states} states in ${reports.length} scopes, ${JSON.stringify(bounds)}\n`);
  return reports.some(({ violation }) => violation) ? 1 : 0;
}

function text(report: ScopeReport): string {
  const { scope, records, workers, distributions, states, schedules, terminals, longest, cycles, seconds } = report;
  const line = `${scope}: ${records} records, ${workers} workers, ${distributions} distributions, longest run ${longest} steps, ${schedules} schedules, ${states} states, ${terminals} of them at rest, ${cycles} cycles, ${seconds} s — ${coverage(report)}\n`;
  const { violation } = report;
  if (!violation) return line;
  return `${line}\nVIOLATION in ${scope}, records ${violation.distribution}\n${violation.reason}\n\n${violation.schedule.join('\n')}\n\n`;
}

function chosen(names: readonly string[] | undefined) {
  if (!names) return SCOPES;
  const unknown = names.filter((name) => !SCOPES.some((scope) => scope.name === name));
  if (unknown.length > 0)
    fail(`no scope ${unknown.join(', ')}; there are ${SCOPES.map(({ name }) => name).join(', ')}`);
  return SCOPES.filter(({ name }) => names.includes(name));
}

function wholeNumber(option: string, value: string): number {
  if (!/^\d{1,9}$/.test(value)) fail(`--${option} is ${JSON.stringify(value)}; it takes a whole number such as 1`);
  return Number(value);
}

function fail(message: string): never {
  process.stderr.write(`${message}\nSee node test/explorer/main.ts --help\n`);
  process.exit(2);
}

/** One line that is written over, on a terminal only. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
}
