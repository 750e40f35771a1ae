/**
 * The small world that random writes draw from: few ids and names, so that collisions, re-creations and swaps are common, and among them those that
 * trip programs up: ids beyond 2^53, names that are members of every object, characters outside the BMP, a name as long as a name may be.
 */
import type { Random } from '../engine/random.ts';
import { datetimeText, type Rows, type SourceRow, type Value } from './table-constraints.ts';
import type { Columns, WriteTransaction } from './write-transaction.ts';

export const METRIC_IDS = ['1', '2', '3', '42', '18446744073709551615'] as const;
export const METRIC_NAMES = ['cpu', 'packages  late', '__proto__', '🚚 e\u0301té', 'm'.repeat(255)] as const;
export const DIMENSION_IDS = ['1', '2', '9007199254740993'] as const;
export const DIMENSION_NAMES = ['country', 'constructor', '🌍/region', 'd'.repeat(255)] as const;
export const GROUP_IDS = ['1', '2', '42'] as const;
export const GROUP_NAMES = ['all hybrids', 'cpu', '__proto__', 'toString'] as const;

const STYLES = ['SUM', 'LAST_DAY_OF_PERIOD', 'PERCENTILE'] as const;
const PARAMS = [null, '0.9500000000', '12.0000000000', '0.0000000000', '-0.5000000000', '9999999999.9999999999'];
const FORMULAS = [null, 'a / b', 'a + b', '"{\\n}"', '{"__proto__": 1}', 'σ(x)'.repeat(40)];
const REASONS = [null, 'replaced', 'wrong\u2028since', 'r'.repeat(1024)];
const AUTHORS = ['ada', 'grace', 'Жанна', ''];
const VALUE_TYPES = ['SCALAR', 'WEIGHTED_AVERAGE', 'PERCENTILE'] as const;

/** A change of the source, inside a transaction that somebody else begins and ends. */
export type Write = (transaction: WriteTransaction, random: Random) => void;

/** Key of some row; undefined when there is none. */
export function someKey(
  random: Random,
  rows: Rows,
  among: (row: SourceRow) => boolean = () => true,
): string | undefined {
  const keys: string[] = [];
  for (const [key, row] of rows) if (among(row)) keys.push(key);
  return keys.length === 0 ? undefined : random.pick(keys);
}

/** Mostly a value that is not taken, now and then any. */
export function mostlyFree(random: Random, values: readonly string[], isTaken: (value: string) => boolean): string {
  const free = values.filter((value) => !isTaken(value));
  return random.pick(free.length > 0 && random.chance(0.92) ? free : values);
}

export const freeName = (random: Random, rows: Rows, names: readonly string[]): string => {
  const taken = new Set([...rows.values()].map((row) => row.get('name')));
  return mostlyFree(random, names, (name) => taken.has(name));
};

export const valueType = (random: Random): string => (random.chance(0.4) ? 'HYBRID' : random.pick(VALUE_TYPES));

export const author = (random: Random): string => random.pick(AUTHORS);

/** Near now, with every length of fraction. */
export function moment(random: Random, nowMs: number): string {
  const text = datetimeText(nowMs - random.below(5000));
  return random.pick([text, text, text.replace(/\.\d+Z$/, '.000000Z'), text.replace(/\.\d+Z$/, '.123456Z')]);
}

export const cutoffDate = (random: Random): Value =>
  random.pick([null, '2020-01-01T00:00:00Z', '2021-12-31T23:59:59Z']);

/** What a version says, whatever its number. */
export function versionContent(random: Random, nowMs: number): Columns {
  return {
    aggregation_style: random.pick(STYLES),
    aggregation_param: random.pick(PARAMS),
    hybrid_formula: random.pick(FORMULAS),
    created_at: moment(random, nowMs),
    created_by: author(random),
    ...(random.chance(0.2) ? deprecation(random, nowMs) : {}),
  };
}

export function deprecation(random: Random, nowMs: number): Columns {
  return {
    deprecated_at: moment(random, nowMs),
    deprecated_by: author(random),
    deprecated_reason: random.pick(REASONS),
  };
}

export const RESTORATION: Columns = { deprecated_at: null, deprecated_by: null, deprecated_reason: null };
