/** ENUM and SET: members with commas, quotes and nothing in them, more members than a byte counts, and values that the server refused. */
import type { SeededRandom } from '../support/seeded-random.ts';
import { OBJECT_NAMES } from './text-values.ts';
import { distinct, TEXT, utf8Literal, type ValueCase, type ValueColumn } from './value-case.ts';

const NULL_CASE: ValueCase = { sql: 'NULL', means: null };
const LPH_STYLES = ['SUM', 'LAST_DAY_OF_PERIOD', 'PERCENTILE'];
/** No member ends in a space, which the server would take away, and no two are equal to its collation. */
const HOSTILE = [
  'a',
  'b,c',
  "d'e",
  '"q"',
  'back\\slash',
  ',',
  "'",
  'ümlaut',
  '📦',
  ' lead',
  '(x)',
  'per%cent',
  'tab\there',
  'line\nbreak',
  ...OBJECT_NAMES,
];

const sqlText = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
const list = (members: readonly string[]): string => members.map(sqlText).join(',');

const column = { json: 'string', inRecord: TEXT } as const;

function enumColumn(members: readonly string[], suffix = ''): ValueColumn {
  const cases = members.map((member) => ({ sql: utf8Literal(member), means: member }));
  // What the server refuses is stored as member 0, the empty text.
  const refused = { sql: '0', means: '' };
  return {
    ...column,
    sqlType: `ENUM(${list(members)})${suffix}`,
    kind: 'enum',
    members: ['', ...members],
    cases: distinct([...cases, refused, NULL_CASE]),
  };
}

function setColumn(random: SeededRandom, members: readonly string[], suffix = ''): ValueColumn {
  const chosen = (wanted: (index: number) => boolean): string => members.filter((_, index) => wanted(index)).join(',');
  const singles = members.map((_, index) => chosen((one) => one === index));
  const drawn = Array.from({ length: 10 }, () => chosen(() => random.chance(0.4)));
  const all = ['', chosen(() => true), chosen((index) => index % 2 === 1), ...singles, ...drawn];
  const cases = all.map((text) => ({ sql: utf8Literal(text), means: text }));
  return {
    ...column,
    sqlType: `SET(${list(members)})${suffix}`,
    kind: 'text',
    cases: distinct([...cases, NULL_CASE]),
  };
}

const numbered = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `m${index}`);

export function memberColumns(random: SeededRandom): readonly ValueColumn[] {
  const many = enumColumn(numbered(300));
  return [
    enumColumn(LPH_STYLES),
    enumColumn(HOSTILE),
    enumColumn(['é', '€', 'ÿ', 'plain'], ' CHARACTER SET latin1'),
    enumColumn(['ж', 'Ю'], ' CHARACTER SET cp1251'),
    { ...many, cases: many.cases.filter((_, index) => index % 7 === 3 || index > 297 || (index > 250 && index < 260)) },
    setColumn(random, ['p', 'q', 'r']),
    setColumn(random, ['é', '€', 'x'], ' CHARACTER SET latin1'),
    setColumn(random, ["d'e", '"q"', 'back\\slash', 'ümlaut', '📦', '__proto__', 'constructor']),
    setColumn(random, numbered(33)),
    setColumn(random, numbered(64)),
  ];
}
