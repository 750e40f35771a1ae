/** Every byte of latin1 and the upper half of every other character set of one byte; only the server can say which characters they are. */
import type { SeededRandom } from '../support/seeded-random.ts';
import { distinct, TEXT, utf8Literal, type ValueCase, type ValueColumn } from './value-case.ts';

const column = { kind: 'text', json: 'string', inRecord: TEXT } as const;

const SINGLE_BYTE = [
  'latin2',
  'latin5',
  'latin7',
  'greek',
  'hebrew',
  'cp1250',
  'cp1251',
  'cp1256',
  'cp1257',
  'cp850',
  'cp852',
  'cp866',
  'koi8r',
  'koi8u',
  'tis620',
  'macroman',
  'macce',
  'armscii8',
  'dec8',
  'hp8',
  'swe7',
  'geostd8',
  'keybcs2',
  'ascii',
] as const;

/** Character sets of several bytes, with text that each of them has. */
const MULTI_BYTE = {
  sjis: ['日本語', 'カタカナ', 'ﾊﾝｶｸ', 'Aあ漢'],
  cp932: ['日本語', 'カタカナ', 'ﾊﾝｶｸ', '①㈱'],
  ujis: ['日本語', 'カタカナ', 'ﾊﾝｶｸ'],
  eucjpms: ['日本語', 'カタカナ', 'ﾊﾝｶｸ'],
  euckr: ['한국어', '가나다', 'abc한'],
  gb2312: ['中文', '指标', 'abc中'],
  gbk: ['中文', '指標', '你好', '丂'],
  big5: ['中文', '指標', '你好'],
} as const;

const bytesOf = (first: number, count: number): string =>
  Buffer.from(Array.from({ length: count }, (_, index) => first + index)).toString('hex');

/** One case for every byte of the upper half. */
function everyByte(charset: string): readonly ValueCase[] {
  return Array.from({ length: 128 }, (_, index) => ({ sql: `_${charset} x'${bytesOf(0x80 + index, 1)}'` }));
}

/** The upper half in strings of sixteen characters, and the lower half, which is ASCII in most of them. */
function byRows(charset: string): readonly ValueCase[] {
  const rows = charset === 'ascii' || charset === 'swe7' ? [2, 3, 4, 5, 6, 7] : [4, 5, 8, 9, 10, 11, 12, 13, 14, 15];
  return rows.map((row) => ({ sql: `_${charset} x'${bytesOf(row * 16, 16)}'` }));
}

/** Columns of a table whose character set is latin1; they say nothing of their own. */
export function latin1Columns(random: SeededRandom): readonly ValueColumn[] {
  const drawn = Array.from({ length: 20 }, () => {
    const bytes = Array.from({ length: 1 + random.below(20) }, () => 1 + random.below(255));
    return { sql: `_latin1 x'${Buffer.from(bytes).toString('hex')}'` };
  });
  const mixed = ['é€ÿ', 'na\u00efve', '\u0001\u001f', '\'"\\', '', 'Ž™'].map((text) => ({
    sql: utf8Literal(text),
    means: text,
  }));
  return [
    { ...column, sqlType: 'VARCHAR(4)', cases: everyByte('latin1') },
    { ...column, sqlType: 'VARCHAR(255)', cases: distinct([...byRows('latin1'), ...mixed, ...drawn]) },
    { ...column, sqlType: 'TEXT', cases: distinct([...byRows('latin1'), ...mixed, ...drawn]) },
    { ...column, sqlType: 'CHAR(20)', cases: distinct([...byRows('latin1'), ...mixed]) },
    { ...column, sqlType: 'LONGTEXT', cases: distinct([...byRows('latin1'), ...mixed]) },
  ];
}

export function charsetColumns(): readonly ValueColumn[] {
  const single = SINGLE_BYTE.map((charset) => ({
    ...column,
    sqlType: `VARCHAR(20) CHARACTER SET ${charset}`,
    cases: byRows(charset),
  }));
  const multi = Object.entries(MULTI_BYTE).map(([charset, values]) => ({
    ...column,
    sqlType: `VARCHAR(20) CHARACTER SET ${charset}`,
    cases: values.map((text) => ({ sql: utf8Literal(text), means: text })),
  }));
  return [...single, ...multi];
}
