/**
 * Decisions know no SDK, clock, randomness or environment: what they need is an argument, so that a test can move time and a replay gives the
 * same answer. A failure names the place, the rule and the fix.
 */
import { describe, expect, test } from 'vitest';
import { placesOf, type SourceFile, sourceFile, sourceFiles, topFolder } from './source-files.ts';

/** Folders and files of core/ that decide and do nothing. */
const DECISIONS = [
  'core/affected/',
  'core/change/',
  'core/error/',
  'core/event/',
  'core/mirror/back-links.ts',
  'core/mirror/mirror-key.ts',
  'core/mirror/register-item.ts',
  'core/mirror/row-register.ts',
  'core/projection/',
  'core/publication/decide-publication.ts',
  'core/publication/deletion-writes.ts',
  'core/publication/metric-head.ts',
  'core/publication/metric-item.ts',
  'core/publication/publication-writes.ts',
  'core/replication/batch-outcome.ts',
];

const isDecision = ({ path }: SourceFile): boolean => DECISIONS.some((place) => path.startsWith(place));
/** Packages that reach outside; a schema library is none. */
const isEffect = (specifier: string): boolean =>
  /^@aws-|^@middy|^node:(fs|net|http|https|child_process|worker_threads|os|timers|process)/.test(specifier);

const CLOCK = /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b|\bprocess\.hrtime\b/;
const RANDOMNESS = /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|\bgetRandomValues\b/;
const ENVIRONMENT = /\bprocess\.env\b/;
const CONSOLE = /\bconsole\./;

/** Every file of core/ and schemas/ must be free of these; the fix is the same everywhere. */
const FORBIDDEN = [
  {
    pattern: CLOCK,
    rule: 'core/ and schemas/ read no clock',
    fix: 'take nowMs as an argument and pass Date.now in functions/ or cli/',
  },
  { pattern: RANDOMNESS, rule: 'core/ and schemas/ draw no randomness', fix: 'take a random function as an argument' },
  {
    pattern: ENVIRONMENT,
    rule: 'core/ and schemas/ read no environment',
    fix: 'parse it in functions/*/environment.ts and pass the value in',
  },
  { pattern: CONSOLE, rule: 'core/ and schemas/ print nothing', fix: 'report through a port such as ReplicationLog' },
];

/** Where the environment of a process may be read: handlers parse it with their environment.ts, the CLI and the local runtime own a process. */
const READS_ENVIRONMENT =
  /^(functions|subscribers)\/[^/]+\/(handler|environment)\.ts$|^(cli|local|infra|bench|simulator|scripts|bin|test)\//;

function findings(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter(({ path }) => ['core', 'schemas'].includes(topFolder(path)))
    .flatMap((file) =>
      FORBIDDEN.flatMap(({ pattern, rule, fix }) =>
        placesOf(file, pattern).map((place) => `${place}: ${rule}. Fix: ${fix}.`),
      ),
    );
}

function effectsOf(file: SourceFile): readonly string[] {
  return file.imports
    .filter(({ specifier, isTypeOnly }) => !isTypeOnly && isEffect(specifier))
    .map(
      ({ specifier }) =>
        `${file.path} imports ${specifier}: a decision uses no SDK at run time. Fix: import the type only, and do the effect behind the item store or another port.`,
    );
}

describe('decisions', () => {
  const files = sourceFiles();

  test('stand where this test looks for them', () => {
    const missing = DECISIONS.filter((place) => !files.some(({ path }) => path.startsWith(place)));
    expect(missing, 'a decision was moved: correct the list').toEqual([]);
  });

  test('import types of an SDK, never its values', () => {
    expect(files.filter(isDecision).flatMap(effectsOf)).toEqual([]);
  });

  test('have no clock, randomness, environment or output; nor has the rest of core/ and schemas/', () => {
    expect(findings(files)).toEqual([]);
  });

  test('learn of the environment only from those who own a process', () => {
    const readers = files.filter(
      ({ path }) => !READS_ENVIRONMENT.test(path) && /\.ts$/.test(path) && path.includes('/'),
    );
    const places = readers.flatMap((file) => placesOf(file, ENVIRONMENT));
    expect(places.map((place) => `${place}: parse the environment in functions/*/environment.ts or in cli/`)).toEqual(
      [],
    );
  });

  test('of the wrong kind are seen', () => {
    const clock = sourceFile(
      'core/change/a.ts',
      '// Date.now is forbidden\nconst at = Date.now();\nconst t = new Date(text);',
    );
    expect(findings([clock])).toEqual([
      expect.stringContaining('core/change/a.ts:2: core/ and schemas/ read no clock'),
    ]);
    const sdk = sourceFile('core/change/a.ts', "import { PutItemCommand } from '@aws-sdk/client-dynamodb';");
    expect(effectsOf(sdk)).toHaveLength(1);
    const types =
      "import type { A } from '@aws-sdk/client-dynamodb';\nimport { type B } from '@aws-sdk/client-dynamodb';";
    expect(effectsOf(sourceFile('core/change/a.ts', types))).toEqual([]);
  });
});
