/** JSON documents: numbers that no double holds, deep nesting, members that objects have already, and whatever the server lets stand. */
import type { SeededRandom } from '../support/seeded-random.ts';
import { OBJECT_NAMES } from './text-values.ts';
import { distinct, TEXT, utf8Literal, type ValueColumn } from './value-case.ts';

/** Deepest nesting that MariaDB takes for valid. */
const DEPTH_MAX = 31;

const NUMBERS = [
  '0',
  '-0',
  '12345678901234567890',
  '-12345678901234567890',
  '99999999999999999999',
  '9007199254740993',
  '18446744073709551615',
  '0.1000',
  '1.0',
  '1e400',
  '1E-400',
  '3.141592653589793238462643383279502884197',
];

function randomDocument(random: SeededRandom, depth: number): string {
  const kind = random.below(depth > 4 ? 4 : 6);
  if (kind === 0) return random.pick(NUMBERS);
  if (kind === 1) return random.pick(['true', 'false', 'null']);
  if (kind < 4) return JSON.stringify(random.pick(['', 'é', '📦', '\u0001', '"', '\\', 'line\nbreak', '</script>']));
  const inner = Array.from({ length: random.below(4) }, () => randomDocument(random, depth + 1));
  if (kind === 4) return `[${inner.join(', ')}]`;
  const members = inner.map((value) => `${JSON.stringify(random.pick([...OBJECT_NAMES, 'a', 'b']))}:${value}`);
  return `{${members.join(',')}}`;
}

export function jsonColumns(random: SeededRandom): readonly ValueColumn[] {
  const documents = [
    ...NUMBERS,
    '{}',
    '[]',
    '""',
    'null',
    'true',
    '{"n": 12345678901234567890}',
    '{"a":1,"a":2}',
    '{"b":1,"a":2}',
    '{ "spaced" :  1 }',
    '{"\\u0061":"\\u00e9\\ud83d\\ude00"}',
    '"\\u0000"',
    '"before\\u0000after"',
    ...OBJECT_NAMES.map((name) => `{${JSON.stringify(name)}:{"polluted":true}}`),
    `${'['.repeat(DEPTH_MAX)}1${']'.repeat(DEPTH_MAX)}`,
    `${'{"a":'.repeat(DEPTH_MAX)}1${'}'.repeat(DEPTH_MAX)}`,
    JSON.stringify('📦'.repeat(2_000)),
    `[${Array.from({ length: 2_000 }, (_, index) => index).join(',')}]`,
    ...Array.from({ length: 40 }, () => randomDocument(random, 0)),
  ];
  const cases = documents.map((text) => ({ sql: utf8Literal(text), means: text }));
  return [
    {
      sqlType: 'JSON',
      kind: 'json',
      json: 'string',
      inRecord: TEXT,
      cases: distinct([...cases, { sql: 'NULL', means: null }]),
    },
  ];
}
