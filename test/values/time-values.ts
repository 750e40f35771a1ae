/** Dates and times of every precision: both ends of each type, zero dates, dates without month or day, and seeded random ones. */
import type { SeededRandom } from '../support/seeded-random.ts';
import { DIGITS, distinct, type ValueCase, type ValueColumn } from './value-case.ts';

const PRECISIONS = [0, 1, 2, 3, 4, 5, 6] as const;
const two = (number: number): string => String(number).padStart(2, '0');

function randomDate(random: SeededRandom, firstYear: number, years: number): string {
  const year = String(firstYear + random.below(years)).padStart(4, '0');
  return `${year}-${two(1 + random.below(12))}-${two(1 + random.below(28))}`;
}

const randomClock = (random: SeededRandom): string =>
  `${two(random.below(24))}:${two(random.below(60))}:${two(random.below(60))}`;

/** Fractions with so many digits, as they are written and as they are meant. */
function fractions(random: SeededRandom, precision: number): readonly string[] {
  if (precision === 0) return [''];
  const digits = ['0', '9', '1'.padStart(precision, '0'), '5'.padEnd(precision, '0')];
  const drawn = Array.from({ length: 2 }, () => String(random.below(10 ** precision)));
  const all = [digits[0]?.repeat(precision), digits[1]?.repeat(precision), digits[2], digits[3]];
  return [...all, ...drawn.map((one) => one.padStart(precision, '0'))].map((one) => `.${one}`);
}

const meant = (text: string): string =>
  `${text.replace(' ', 'T').replace(/\.?0*$/, (end) => (text.includes('.') ? '' : end))}Z`;

/** With `T` and `Z`; NULL where the month or the day is zero, because such a date is none for DMS. */
const ISO = `IF(MONTH(c) = 0 OR DAYOFMONTH(c) = 0, NULL, CONCAT(REPLACE(${DIGITS}, ' ', 'T'), 'Z'))`;
/** The same by the server's formatting of microseconds, without the zeros at the end. */
const SHORT_ISO = `IF(MONTH(c) = 0 OR DAYOFMONTH(c) = 0, NULL, CONCAT(DATE_FORMAT(c, '%Y-%m-%dT%H:%i:%s'),
  TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM DATE_FORMAT(c, '.%f'))), 'Z'))`;

const column = { kind: 'datetime', json: 'string', inRecord: ISO, inItem: SHORT_ISO } as const;
const NULL_CASE: ValueCase = { sql: 'NULL', means: null };

function datetimes(random: SeededRandom, precision: number): ValueColumn {
  const clocks = [
    '0001-01-01 00:00:00',
    '1000-01-01 00:00:00',
    '1582-10-10 12:00:00',
    '1899-12-31 23:59:59',
    '1970-01-01 00:00:00',
    '2016-02-29 23:59:59',
    '2026-03-29 02:30:00',
    '2038-01-19 03:14:08',
    '9999-12-31 23:59:59',
    ...Array.from({ length: 10 }, () => `${randomDate(random, 1000, 9000)} ${randomClock(random)}`),
  ];
  const zeros = ['0000-00-00 00:00:00', '2026-00-00 00:00:00', '2026-11-00 10:00:00'];
  const cases = clocks.flatMap((clock, index) => {
    const tails = fractions(random, precision);
    return [0, 1].map((step) => {
      const text = `${clock}${tails[(2 * index + step) % tails.length]}`;
      return { sql: `'${text}'`, means: meant(text) };
    });
  });
  const missing = zeros.map((zero) => ({ sql: `'${zero}'`, means: null }));
  return {
    ...column,
    sqlType: `DATETIME(${precision})`,
    cases: distinct([...cases, ...missing, NULL_CASE]),
  };
}

/** Written in the session's zone, which is two hours ahead of UTC. */
export const SESSION_ZONE = '+02:00';
const SESSION_ZONE_MS = 2 * 3_600_000;

function timestamps(random: SeededRandom, precision: number): ValueColumn {
  const seconds = [1, 86_399, 951_782_400, 1_000_000_000, 1_774_747_800, 2 ** 31 - 2, 2 ** 31 - 1];
  const drawn = Array.from({ length: 10 }, () => random.below(2 ** 31));
  const cases = [...seconds, ...drawn].map((second, index) => {
    const tails = fractions(random, precision);
    const tail = tails[index % tails.length] ?? '';
    const at = (ms: number): string => new Date(ms).toISOString().slice(0, 19);
    return {
      sql: `'${at(second * 1000 + SESSION_ZONE_MS).replace('T', ' ')}${tail}'`,
      means: meant(`${at(second * 1000)}${tail}`),
    };
  });
  const zero = { sql: "'0000-00-00 00:00:00'", means: null };
  return { ...column, sqlType: `TIMESTAMP(${precision})`, cases: distinct([...cases, zero, NULL_CASE]) };
}

function times(random: SeededRandom, precision: number): ValueColumn {
  const clocks = ['00:00:00', '00:00:01', '00:00:59', '00:01:00', '01:00:00', '23:59:59', '24:00:00', '99:59:59'];
  const wide = ['100:00:00', '512:00:00', '838:00:00', '838:59:59'];
  const drawn = Array.from({ length: 6 }, () => {
    const hour = random.below(839);
    return `${String(hour).padStart(2, '0')}:${two(random.below(60))}:${two(random.below(60))}`;
  });
  const cases = [...clocks, ...wide, ...drawn].flatMap((clock, index) => {
    const tails = fractions(random, precision);
    const tail = tails[index % tails.length] ?? '';
    const isZero = /^[0:.]*$/.test(clock + tail);
    // There is no negative zero among times.
    return ['', '-'].map((sign) => ({
      sql: `'${sign}${clock}${tail}'`,
      means: `${isZero ? '' : sign}${clock}${tail}`,
    }));
  });
  return {
    sqlType: `TIME(${precision})`,
    kind: 'text',
    json: 'string',
    inRecord: DIGITS,
    cases: distinct([...cases, NULL_CASE]),
  };
}

function dates(random: SeededRandom): ValueColumn {
  const fixed = ['0000-01-01', '0001-01-01', '1000-01-01', '1582-10-10', '1970-01-01', '2000-02-29', '9999-12-31'];
  const drawn = Array.from({ length: 20 }, () => randomDate(random, 1000, 9000));
  const cases = [...fixed, ...drawn].map((date) => ({ sql: `'${date}'`, means: date }));
  const zeros = ['0000-00-00', '2026-00-00', '2026-11-00', '0000-11-20'];
  const missing = zeros.map((zero) => ({ sql: `'${zero}'`, means: zero === '0000-11-20' ? zero : null }));
  return {
    sqlType: 'DATE',
    kind: 'text',
    json: 'string',
    inRecord: `IF(MONTH(c) = 0 OR DAYOFMONTH(c) = 0, NULL, ${DIGITS})`,
    cases: distinct([...cases, ...missing, NULL_CASE]),
  };
}

export function timeColumns(random: SeededRandom): readonly ValueColumn[] {
  return [
    dates(random),
    ...PRECISIONS.flatMap((precision) => [
      datetimes(random, precision),
      timestamps(random, precision),
      times(random, precision),
    ]),
  ];
}
