/**
 * Different spellings of one thing in a supervisor spec. Druid answers a spec with its own spellings and with every default filled in
 * (`"name"` as `{"type":"string","name":"name",…}`, `PT1H` as `PT3600S`, `month` as `MONTH`); none of that is a difference.
 */
import { isArray, isObject, type Json, type JsonObject, member, sameJson } from './json.ts';

/** Whether the present value already says what is wanted, whatever else it says. */
export function satisfies(present: Json | undefined, wanted: Json): boolean {
  if (isObject(present) && isObject(wanted))
    return Object.entries(wanted).every(([name, value]) => satisfies(member(present, name), value));
  if (typeof wanted === 'string') return sameText(present, wanted);
  if (isArray(wanted) && wanted.length === 0)
    return present === undefined || present === null || sameJson(present, wanted);
  // Druid leaves out a flag that has its default.
  if (wanted === false && (present === undefined || present === null)) return true;
  return sameJson(present, wanted);
}

/** A dimension written as its name alone is a string dimension. */
export const asDimension = (value: Json): JsonObject =>
  typeof value === 'string' ? { type: 'string', name: value } : isObject(value) ? value : {};

export const nameOf = (value: Json): string | undefined => {
  const name = typeof value === 'string' ? value : member(value, 'name');
  return typeof name === 'string' ? name : undefined;
};

/** A dimension without a type is a string: https://druid.apache.org/docs/latest/ingestion/ingestion-spec#dimension-objects */
export function sameDimension(present: Json, wanted: Json): boolean {
  return satisfies({ type: 'string', ...asDimension(present) }, { type: 'string', ...asDimension(wanted) });
}

function sameText(present: Json | undefined, wanted: string): boolean {
  if (present === wanted) return true;
  const [a, b] = [granularity(present), granularity(wanted)];
  if (a !== undefined && a === b) return true;
  return typeof present === 'string' && periodMs(present) !== undefined && periodMs(present) === periodMs(wanted);
}

const NAMED_PERIODS: ReadonlyMap<string, string> = new Map([
  ['second', 'PT1S'],
  ['minute', 'PT1M'],
  ['hour', 'PT1H'],
  ['day', 'P1D'],
  ['week', 'P1W'],
  ['month', 'P1M'],
  ['quarter', 'P3M'],
  ['year', 'P1Y'],
  ['none', 'none'],
  ['all', 'all'],
]);

/** https://druid.apache.org/docs/latest/querying/granularities */
function granularity(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return NAMED_PERIODS.get(value.toLowerCase());
  const type = member(value, 'type');
  const period = member(value, 'period');
  if (type === 'period' && typeof period === 'string') return period;
  return typeof type === 'string' ? NAMED_PERIODS.get(type) : undefined;
}

const PERIOD = /^P(?=\d|T\d)(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

/** Length of a period of days and less; months have none. */
export function periodMs(text: string): number | undefined {
  const parts = PERIOD.exec(text);
  if (parts === null) return undefined;
  const [days, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0));
  return ((((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000;
}
