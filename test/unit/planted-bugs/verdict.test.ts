/** When a planted bug counts as caught: by a failed test or a broken law, and by nothing else; and that nothing is planted on a tree that fails as it is. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FastLane, type Verdict, vitestVerdict } from '../../planted-bugs/fast-lane.ts';
import { brokenLaw } from '../../planted-bugs/lanes.ts';
import type { Mutant } from '../../planted-bugs/mutant.ts';
import { judged, plantAll } from '../../planted-bugs/plant-all.ts';

const MUTANT: Mutant = {
  name: 'less-or-equal',
  breaks: 'a rule of the file',
  file: 'compare.ts',
  find: '<',
  replace: '<=',
  likely: [],
};
const SOURCE = 'a < b';

describe('a report of the tests', () => {
  const passed = { status: 'passed', fullName: 'holds' };
  const report = (...assertionResults: { status: string; fullName: string }[]) => ({
    testResults: [{ name: '/tree/test/a.test.ts', status: 'failed', message: 'no such module', assertionResults }],
  });

  test('names the file and the title of the first failed test', () => {
    const verdict = vitestVerdict(report(passed, { status: 'failed', fullName: 'positions are numbers' }), '/tree', '');
    expect(verdict).toEqual({ kind: 'failed', by: 'test/a.test.ts > positions are numbers' });
  });

  test('without a failed test has caught nothing, though the run failed', () => {
    expect(vitestVerdict(report(passed), '/tree', '')).toMatchObject({
      kind: 'unusable',
      why: expect.stringContaining('no such module'),
    });
    expect(vitestVerdict({ testResults: [] }, '/tree', 'out of memory')).toMatchObject({ why: 'out of memory' });
  });
});

test('the output of the simulator tells the broken law', () => {
  expect(brokenLaw('history ci.4 breaks L5: metric 3 has no revision 2\nmore')).toBe('L5: metric 3 has no revision 2');
  expect(brokenLaw('ci.4: liveness: not at rest; what waits')).toBe('liveness: not at rest; what waits');
  expect(brokenLaw('200 histories, 30 a second, 0 broke a law')).toBeUndefined();
});

describe('a run out of time', () => {
  const lane: FastLane = { name: 'tests', run: async () => ({ kind: 'timeout' }) };

  test('catches only a bug that is said to hang', () => {
    expect(judged(MUTANT, lane, { kind: 'timeout' })).toMatchObject({ caught: false });
    expect(judged({ ...MUTANT, hangs: true }, lane, { kind: 'timeout' })).toMatchObject({ caught: true });
  });
});

describe('planting', () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'metric-relay-planting-'));
    await writeFile(join(root, 'compare.ts'), SOURCE);
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const plant = (lane: FastLane, mutants: readonly Mutant[] = [MUTANT]) =>
    plantAll(mutants, { root, jobs: 1, lanes: [lane], signal: new AbortController().signal, say: () => {} });
  const laneOf = (verdictOn: (source: string) => Verdict): FastLane => ({
    name: 'the lane',
    run: async (tree) => verdictOn(await readFile(join(tree, 'compare.ts'), 'utf8')),
  });
  const failed: Verdict = { kind: 'failed', by: 'a test' };
  const passes: Verdict = { kind: 'passed' };

  test('shows the lane a copy with the bug, one bug at a time, and leaves the project alone', async () => {
    const seen: string[] = [];
    const lane = laneOf((source) => {
      seen.push(source);
      return source === SOURCE ? passes : failed;
    });
    const outcomes = await plant(lane, [MUTANT, { ...MUTANT, name: 'greater', replace: '>' }]);
    expect(outcomes).toMatchObject([{ caught: true, by: 'a test' }, { caught: true }]);
    expect(seen).toEqual(['a < b', 'a <= b', 'a > b']);
    expect(await readFile(join(root, 'compare.ts'), 'utf8')).toBe(SOURCE);
  });

  test('says of a bug that passes every lane that it was not caught', async () => {
    expect(await plant(laneOf(() => passes))).toMatchObject([{ name: 'less-or-equal', caught: false }]);
  });

  test('is refused when a lane fails without a bug, because it would seem to catch every one', async () => {
    await expect(plant(laneOf(() => failed))).rejects.toThrow(/the lane .*without any planted bug.*a test/);
  });

  test('is refused when a bug does not find its text, before anything is run', async () => {
    const lane = laneOf(() => {
      throw new Error('it was run');
    });
    await expect(plant(lane, [{ ...MUTANT, find: '!==' }])).rejects.toThrow(/less-or-equal.*0 times/);
  });
});
