/** Texts that a careless pipeline spoils: every script, every control character, what looks like JSON, SQL or a property of an object. */
import type { SeededRandom } from '../support/seeded-random.ts';
import { distinct, TEXT, utf8Literal, type ValueCase, type ValueColumn } from './value-case.ts';

/** Names that every JavaScript object answers to. */
export const OBJECT_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'valueOf',
  '__defineGetter__',
  'toJSON',
  'then',
];

const LOOKS_LIKE_SOMETHING = [
  '{"a":1}',
  '{"__proto__":{"polluted":true}}',
  '{"half":"\\ud800"}',
  '[1,2',
  '"quoted"',
  'null',
  'NULL',
  'undefined',
  'true',
  'NaN',
  '-0',
  '007',
  '18446744073709551616',
  '1e400',
  '0x41',
  '2026-11-20T12:00:00.000Z',
  '0000-00-00',
  "'",
  '"',
  '\\',
  '`',
  "\\'",
  '\\u0041',
  '\\0',
  "'; DROP TABLE metrics; --",
  '%s %d $\u007ba} {{b}} <c>',
  'a#b|c/d:e%20f%23',
  '<script>&amp;</script>',
];

const SCRIPTS = [
  'caf\u00e9',
  'cafe\u0301',
  '\u0041\u030a\u0323',
  'Ätna ßtraße ÿ',
  'مقياس',
  '指标度量',
  'मापक',
  '\u0e15\u0e31\u0e27',
  '한국어',
  '📦',
  '👩‍👩‍👧‍👦',
  '🇩🇪',
  '👍🏽',
  '\u202eright to left\u202c',
  '\u200b\u200d\u2060',
  '\ufeffwith a mark',
  'İıſK',
  'ﬁ ﬀ ǆ',
  '\u{1f600}\u{10ffff}\u{10000}',
  '\ud7ff\ue000\ufffd\ufffe\uffff',
  '\u2028\u2029\u0085',
];

const SPACES = ['', ' ', ' leading', 'trailing ', '\ttab\t', 'line\nbreak', 'return\r\n', '   ', '\u00a0', '\u3000'];

const controls = [...Array(32).keys(), 0x7f, 0x80, 0x9f].filter((code) => code !== 0);
const CONTROLS = controls.map((code) => `a${String.fromCodePoint(code)}b`);

/** Assigned and unassigned characters of every plane, without NUL and without halves of surrogate pairs. */
function randomText(random: SeededRandom, length: number): string {
  const ranges = [
    [0x1, 0x7f],
    [0x80, 0x7ff],
    [0x800, 0xd7ff],
    [0xe000, 0xffff],
    [0x10000, 0x10ffff],
  ] as const;
  return Array.from({ length }, () => {
    const [first, last] = random.pick(ranges);
    return String.fromCodePoint(first + random.below(last - first + 1));
  }).join('');
}

/** Every text that a column of `characters` characters can hold, as literals. */
export function texts(random: SeededRandom, characters: number): readonly string[] {
  const drawn = Array.from({ length: 30 }, () => randomText(random, 1 + random.below(Math.min(characters, 40))));
  const full = ['x', 'ß', '指', '📦', '\u0001', '"', '\\'].map((one) => one.repeat(characters));
  const all = [...OBJECT_NAMES, ...LOOKS_LIKE_SOMETHING, ...SCRIPTS, ...SPACES, ...CONTROLS, ...drawn, ...full];
  return [...new Set(all)].filter((text) => [...text].length <= characters);
}

const textCase = (text: string): ValueCase => ({ sql: utf8Literal(text), means: text });
/** DMS ends a text at its first NUL. */
const CUT_AT_NUL: readonly ValueCase[] = ['before\0after', '\0', '\0\0x', 'end\0'].map((text) => ({
  sql: utf8Literal(text),
  means: text.slice(0, text.indexOf('\0')),
  cut: true,
}));
const NULL_CASE: ValueCase = { sql: 'NULL', means: null };

const column = { kind: 'text', json: 'string', inRecord: TEXT } as const;

function textColumn(sqlType: string, values: readonly string[]): ValueColumn {
  return { ...column, sqlType, cases: distinct([...values.map(textCase), ...CUT_AT_NUL, NULL_CASE]) };
}

/** CHAR loses the spaces at its end when it is read; that is the source's own rule. */
const charCase = (text: string): ValueCase => ({ sql: utf8Literal(text), means: text.replace(/ +$/, '') });

/** DMS carries so many bytes of a large object: LobMaxSize of the template's replication settings. */
const LOB_BYTES = 32 * 1024;

function largeObjects(): readonly ValueCase[] {
  const whole = ['x'.repeat(LOB_BYTES), '📦'.repeat(LOB_BYTES / 4), `${'"'.repeat(9_000)}\\`];
  const cut = ['x'.repeat(LOB_BYTES + 1), `a${'ß'.repeat(20_000)}`, `ab${'📦'.repeat(10_000)}`];
  // A character of several bytes that does not fit is left out whole.
  const kept = [LOB_BYTES, 1 + Math.floor((LOB_BYTES - 1) / 2), 2 + Math.floor((LOB_BYTES - 2) / 4)];
  return [
    ...whole.map(textCase),
    ...cut.map((text, index) => ({
      sql: utf8Literal(text),
      means: [...text].slice(0, kept[index]).join(''),
      cut: true as const,
    })),
  ];
}

/** Whole below the 65,535 bytes of TEXT, also where JSON needs six characters for one. */
function longTexts(random: SeededRandom): readonly string[] {
  return [
    'x'.repeat(65_535),
    '\u0001'.repeat(20_000),
    '📦'.repeat(16_383),
    `${'"\\'.repeat(8_000)}`,
    randomText(random, 12_000),
  ];
}

export function textColumns(random: SeededRandom): readonly ValueColumn[] {
  const basic = texts(random, 60).filter((text) => !/[\u{10000}-\u{10ffff}]/u.test(text));
  return [
    textColumn('VARCHAR(255)', texts(random, 255)),
    textColumn('TEXT', texts(random, 60)),
    { ...column, sqlType: 'CHAR(60)', cases: distinct([...texts(random, 60).map(charCase), NULL_CASE]) },
    textColumn('TINYTEXT', texts(random, 60)),
    textColumn('MEDIUMTEXT', texts(random, 60)),
    textColumn('LONGTEXT', texts(random, 60)),
    textColumn('VARCHAR(60) CHARACTER SET utf8mb3', basic),
    textColumn('VARCHAR(60) CHARACTER SET ucs2', basic),
    textColumn('VARCHAR(60) CHARACTER SET utf16', texts(random, 60)),
    textColumn('VARCHAR(60) CHARACTER SET utf32', texts(random, 60)),
    textColumn('TEXT CHARACTER SET utf16', texts(random, 60)),
  ];
}

/** Values of ten thousand bytes and more; a row of their own each, because an item holds 400 KB. */
export function longColumns(random: SeededRandom): readonly ValueColumn[] {
  return [
    { ...column, sqlType: 'TEXT', cases: longTexts(random).map(textCase) },
    { ...column, sqlType: 'LONGTEXT', cases: largeObjects() },
    { ...column, sqlType: 'MEDIUMTEXT', cases: largeObjects() },
  ];
}
