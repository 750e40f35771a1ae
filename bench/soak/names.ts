/**
 * Names as nobody would choose them and somebody will: quotes, emoji, control characters, the names of JavaScript's own properties, the
 * longest a column takes, and names that only letters' case or a space at the end tells apart. All of them are lawful in the source.
 */
import type { SeededRandom } from '#sample/seeded-random.ts';

const LONGEST = 255;

const HOSTILE = [
  "it's",
  'double "quoted"',
  'back`tick',
  'back\\slash\\n',
  '__proto__',
  'constructor',
  'toString',
  'null',
  '0',
  '-1e400',
  '{"json":true}',
  '<b>&amp;</b>',
  "'; DROP TABLE metrics; --",
  '%s $1 {{x}}',
  'tab\tand\nline\r\nends',
  'bell\u0007 escape\u001b unit\u001f delete\u007f',
  'family 👩‍👩‍👧‍👦 and flag 🇺🇳',
  'e\u0301 is not \u00e9',
  'right-to-left \u202e override',
  'zero\u200bwidth\ufeff',
  'metric#1',
  'usedBy#metric#2',
  ' leading space',
  'ünïcödé ß ſ ı İ',
  '\u{10ffff}\u{10000}',
] as const;

const FILLERS = ['x', 'ä', '漢', '🦊'] as const;

/** A name for a metric, a group or a dimension. It may be taken: whoever uses it must be ready for that. */
export function someName(random: SeededRandom): string {
  const number = random.below(10_000);
  if (random.chance(0.35)) return `metric ${number}`;
  if (random.chance(0.1)) {
    const tail = String(number);
    return random.pick(FILLERS).repeat(LONGEST - tail.length) + tail;
  }
  const name = random.pick(HOSTILE);
  // Now and then the bare name, so that several rows want the same.
  return random.chance(0.3) ? name : `${name} ${number}`;
}

/** The same name to a collation that looks neither at case nor at spaces at the end, and another one to everybody else. */
export function sameToTheCollation(name: string, random: SeededRandom): string {
  const characters = [...name];
  if (random.chance(0.5) && characters.length < LONGEST) return `${name} `;
  if (name.endsWith(' ')) return name.trimEnd();
  const swapped = characters.map((one) =>
    /[a-z]/.test(one) ? one.toUpperCase() : /[A-Z]/.test(one) ? one.toLowerCase() : one,
  );
  return swapped.join('');
}
