/**
 * The explorer over its smaller scopes: every interleaving of two workers and every place where one of them dies. The command
 * `node test/explorer/main.ts` explores all scopes further.
 */
import { afterAll, describe, expect, test } from 'vitest';
import type { Bounds } from '../explorer/explore-distribution.ts';
import { exploreScope, type ScopeReport } from '../explorer/explore-scope.ts';
import { describeDistribution, type Scope } from '../explorer/scope.ts';
import { SCOPES } from '../explorer/scopes.ts';

const WITHOUT_DEATHS: Bounds = { crashes: 0, lostAnswers: 0, projectors: 0, statesMax: 20_000 };

const reports: ScopeReport[] = [];

function scopeOf(name: string): Scope {
  const scope = SCOPES.find((known) => known.name === name);
  if (!scope) throw new Error(`no scope ${name}`);
  return scope;
}

/** Explores the distributions that are named as the report names them: `1 | 2` is one record for each worker. */
async function explored(name: string, bounds: Partial<Bounds>, ...ways: readonly string[]): Promise<ScopeReport> {
  const isChosen = (text: string): boolean => ways.length === 0 || ways.includes(text);
  const report = await exploreScope(
    scopeOf(name),
    { ...WITHOUT_DEATHS, ...bounds },
    () => {},
    (way) => isChosen(describeDistribution(way)),
  );
  reports.push(report);
  const { violation } = report;
  if (violation)
    throw new Error(`${name}, ${violation.distribution}: ${violation.reason}\n${violation.schedule.join('\n')}`);
  return report;
}

afterAll(() => {
  const states = reports.reduce((sum, report) => sum + report.states, 0);
  process.stdout.write(`explorer: ${states} states, ${reports.length} explorations\n`);
});

describe('every interleaving', () => {
  test.each([
    ['old-new-old', 'is published in every distribution of its records'],
    ['rename-and-version', 'is published in every distribution of its records'],
  ])('of %s %s', async (name) => {
    const report = await explored(name, {});
    expect(report.complete).toBe(report.distributions);
    expect(report.distributions).toBe(10);
    expect(report.states).toBeGreaterThan(1_000);
    expect(report.terminals).toBeGreaterThan(report.distributions);
  });
});

/** Too many states for this lane: a hybrid and the metric that it consumes are recomputed by both workers, side by side. */
const BOUNDED = ['cascade'];

describe('one record for each worker', () => {
  test.each(SCOPES.filter(({ name, records }) => !records && !BOUNDED.includes(name)).map(({ name }) => [name]))(
    'of %s is published in every interleaving',
    async (name) => {
      const report = await explored(name, { statesMax: 80_000 }, '2 | 1', '2, 3 | 1', '3 | 1, 2');
      expect(report.states).toBeGreaterThan(10);
      expect(report.complete).toBe(report.distributions);
    },
  );
});

describe('a worker that is interrupted at most twice', () => {
  test.each(BOUNDED.map((name) => [name]))('publishes %s', async (name) => {
    const report = await explored(name, {}, '2 | 1');
    expect(report.states).toBeGreaterThan(1_000);
    expect(report.preemptions).toBeGreaterThanOrEqual(2);
  });
});

describe('a worker that dies', () => {
  test('is survived at every place of every interleaving of a value that goes there and back', async () => {
    const report = await explored('old-new-old', { crashes: 1 }, '2 | 1', '1+2 | 1+2');
    expect(report.complete).toBe(report.distributions);
    expect(report.states).toBeGreaterThan(1_000);
  });

  test('is survived at every place of a publication whose parts arrive before the whole', async () => {
    const report = await explored('parts-before-the-whole', { crashes: 1 }, '2 | 1', '3 | 1, 2', '2+3 | 1');
    expect(report.unfinished).toBe(0);
    expect(report.states).toBeGreaterThan(1_000);
  });
});

describe('a write whose answer is lost and that is asked again', () => {
  test('changes nothing, in every interleaving', async () => {
    const report = await explored('old-new-old', { lostAnswers: 1 });
    expect(report.complete).toBe(report.distributions);
  });
});

describe('a projector beside the workers', () => {
  test('publishes what waited for the rest, in every interleaving', async () => {
    const report = await explored('waiting-for-the-rest', { projectors: 1 }, '2 | 1', '1+2 | 1');
    expect(report.complete).toBe(report.distributions);
    expect(report.states).toBeGreaterThan(1_000);
  });
});

describe('the explorer', () => {
  test('finds a lost record and tells the schedule', async () => {
    const scope: Scope = { ...scopeOf('old-new-old'), records: (_, messages) => messages.slice(0, 1) };
    const { violation } = await exploreScope(scope, WITHOUT_DEATHS);
    expect(violation?.reason).toContain('at rest: the items');
    expect(violation?.schedule.join('\n')).toMatch(/A {2}put SourceRows metric#1 row if writes = 1 → written/);
  });
});

describe('the reductions', () => {
  test('lead to the same ends as looking at every order of everything', async () => {
    const reduced = await explored('old-new-old', {});
    const exact = await explored('old-new-old', { exact: true });
    expect(reduced.terminals).toBe(exact.terminals);
    expect(reduced.states).toBeLessThan(exact.states);
    expect(reduced.twins).toBeGreaterThan(0); // runs taken for one were compared
  });
});
