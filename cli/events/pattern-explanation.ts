/**
 * Why a pattern does not match an event: which of its fields found nothing it allows, and what stood there. Every field is asked alone, by
 * the same matcher that decides on the whole, so that an explanation cannot say what the matcher does not. Pure.
 */
import { compilePattern } from '#local/eventbridge/event-pattern.ts';

type Members = { readonly [member: string]: unknown };

export interface Mismatch {
  /** `detail.data.change`; for a `$or` of which no alternative holds, the path and `$or`. */
  readonly field: string;
  /** What the pattern allows there. */
  readonly allowed: unknown;
  /** What the event has there, for a `$or` in each field that it asks for; undefined for nothing. */
  readonly found: unknown;
  /** Where the event has a field of that name, when it is not where the pattern looks. */
  readonly didYouMean?: string;
}

/** Empty when the pattern matches. */
export function mismatches(pattern: Members, event: unknown): readonly Mismatch[] {
  if (compilePattern(pattern)(event)) return [];
  const found = mismatchesBelow(pattern, [], event);
  if (found.length > 0) return found;
  // Each condition holds for itself, but not for one and the same element of an array.
  return [
    { field: 'the whole pattern', allowed: pattern, found: 'each field matches, but not in the same array element' },
  ];
}

/** Fields that a pattern asks for and no event has, each with the place where the events that were explained have it, if they agree on one. */
export function absentFields(explained: readonly (readonly Mismatch[])[]): ReadonlyMap<string, string | undefined> {
  const absent = new Map<string, string | undefined>();
  for (const { field } of explained[0] ?? []) {
    const everywhere = explained.flatMap((why) => why.filter((one) => one.field === field && one.found === undefined));
    if (everywhere.length < explained.length) continue;
    const places = new Set(everywhere.flatMap(({ didYouMean = [] }) => didYouMean));
    absent.set(field, places.size === 1 ? [...places][0] : undefined);
  }
  return absent;
}

function mismatchesBelow(pattern: Members, path: readonly string[], event: unknown): readonly Mismatch[] {
  return Object.entries(pattern).flatMap(([member, below]) => {
    const here = [...path, member];
    if (holds(path, { [member]: below }, event)) return [];
    if (member !== '$or' && isMembers(below)) return mismatchesBelow(below, here, event);
    return [mismatchAt(here, below, event)];
  });
}

function mismatchAt(path: readonly string[], allowed: unknown, event: unknown): Mismatch {
  const field = path.join('.');
  if (path.at(-1) === '$or') {
    const around = path.slice(0, -1);
    const asked = [allowed].flat().flatMap((alternative) => leavesOf(alternative, []));
    const shown = asked.map((leaf) => [leaf.join('.'), valueAt(event, [...around, ...leaf])] as const);
    return { field, allowed, found: Object.fromEntries(shown.filter(([, value]) => value !== undefined)) };
  }
  const found = valueAt(event, path);
  const elsewhere = found === undefined ? otherPlace(event, path) : undefined;
  return { field, allowed, found, ...(elsewhere === undefined ? {} : { didYouMean: elsewhere }) };
}

/** The fields that an alternative of a `$or` asks for, relative to it. */
function leavesOf(conditions: unknown, path: readonly string[]): readonly (readonly string[])[] {
  if (!isMembers(conditions)) return [path];
  return Object.entries(conditions).flatMap(([member, below]) =>
    member === '$or' && Array.isArray(below)
      ? below.flatMap((alternative) => leavesOf(alternative, path))
      : leavesOf(below, [...path, member]),
  );
}

function holds(path: readonly string[], conditions: Members, event: unknown): boolean {
  const whole = path.reduceRight<Members>((inside, member) => ({ [member]: inside }), conditions);
  return compilePattern(whole)(event);
}

/**
 * The path of the event that the pattern most likely means: it ends in the same key, however that is spelled. One that has all keys asked for, in
 * their order, comes before one that has other keys above (`detail.data.change` for `change`, `data.change` and `detail.change`), a shorter
 * one before a longer one. Undefined when two are as likely, or none is there.
 */
function otherPlace(event: unknown, path: readonly string[]): string | undefined {
  const asked = path.map(spelling);
  const ends = pathsOf(event, []).filter((one) => spelling(one.at(-1) ?? '') === asked.at(-1));
  const ranked = ends
    .map((one) => ({ one, otherKeys: isSubsequence(asked, one.map(spelling)) ? 0 : 1 }))
    .sort((a, b) => a.otherKeys - b.otherKeys || a.one.length - b.one.length);
  const [first, second] = ranked;
  const isOnly = first?.otherKeys !== second?.otherKeys || first?.one.length !== second?.one.length;
  return isOnly ? first?.one.join('.') : undefined;
}

/** `detailType`, as the CDK calls it, and `detail-type` are one key to a person. */
const spelling = (key: string): string => key.toLowerCase().replace(/[-_]/g, '');

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let found = 0;
  for (const one of whole) if (one === part[found]) found += 1;
  return found === part.length;
}

function pathsOf(value: unknown, path: readonly string[]): readonly (readonly string[])[] {
  if (!isMembers(value)) return path.length === 0 ? [] : [path];
  return [
    ...(path.length === 0 ? [] : [path]),
    ...Object.entries(value).flatMap(([member, below]) => pathsOf(below, [...path, member])),
  ];
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inside, member) => {
    if (Array.isArray(inside)) return inside.map((one) => (isMembers(one) ? own(one, member) : undefined));
    return isMembers(inside) ? own(inside, member) : undefined;
  }, value);
}

const own = (value: Members, member: string): unknown => (Object.hasOwn(value, member) ? value[member] : undefined);

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
