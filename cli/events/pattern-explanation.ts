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

/** A path of the event that ends as the one asked for does: `detail.data.change` for `data.change` or `change`. */
function otherPlace(event: unknown, path: readonly string[]): string | undefined {
  const found = pathsOf(event, []).filter((one) =>
    path.every((member, index) => one.at(index - path.length) === member),
  );
  return found.length === 1 && found[0]?.length !== path.length ? found[0]?.join('.') : undefined;
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
