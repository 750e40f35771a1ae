/**
 * The EventBridge event pattern language: JSON in, a predicate over events out. Rules of the bus, filters of pipes and
 * filters of event source mappings all use it. Pure: it never changes the pattern or the event and keeps nothing between
 * two calls. A pattern is first expanded into the alternatives that its `$or`s mean, as AWS's own matcher does, because
 * two conditions below the same array must hold for the same element of that array, wherever in the pattern they stand.
 */
import { type Alternative, compileAlternative, EventPatternError, isObject, isScalar } from './pattern-operators.ts';

export { EventPatternError } from './pattern-operators.ts';

/** Conditions that must all hold: a field leads to the alternatives for its value, or to conditions below it. */
type Conditions = ReadonlyMap<string, readonly Alternative[] | Conditions>;

/**
 * What looking at one value gives. `absent` means that nothing contradicts the conditions, and that nothing but the
 * absence of fields speaks for them: among the elements of an array, one element must speak for the conditions, or all
 * elements must lack what has to be missing.
 */
type Finding = 'matched' | 'absent' | 'different';

/** AWS refuses a pattern whose `$or`s multiply to more than this. */
const MOST_COMBINATIONS = 1000;

/**
 * Compiles a pattern (parsed JSON). Throws EventPatternError naming the path and what is allowed there.
 * An event is parsed JSON too; numbers compare by value, so `300` matches `3.0e2`.
 */
export function compilePattern(pattern: unknown): (event: unknown) => boolean {
  const alternatives = expand(pattern, []);
  return (event) => alternatives.some((conditions) => examine(conditions, event) !== 'different');
}

/** Compiles a pattern as a rule or a filter carries it: a JSON text. */
export function compilePatternText(text: string): (event: unknown) => boolean {
  let pattern: unknown;
  try {
    pattern = JSON.parse(text);
  } catch (cause) {
    throw new EventPatternError([], `it is not JSON (${cause instanceof Error ? cause.message : String(cause)})`);
  }
  return compilePattern(pattern);
}

function expand(pattern: unknown, path: readonly string[]): Conditions[] {
  if (!isObject(pattern))
    throw new EventPatternError(path, `expected an object or an array, found ${JSON.stringify(pattern)}`);
  const members = Object.entries(pattern);
  if (members.length === 0)
    throw new EventPatternError(path, 'an empty object is not allowed; name at least one field');
  let combinations: Conditions[] = [new Map()];
  for (const [field, below] of members) {
    const here = [...path, field];
    const choices = field === '$or' ? expandOr(below, path) : expandField(field, below, here);
    if (combinations.length * choices.length > MOST_COMBINATIONS)
      throw new EventPatternError(here, `its $or alternatives multiply to more than ${MOST_COMBINATIONS} combinations`);
    combinations = combinations.flatMap((left) => choices.map((right) => merge(left, right, path)));
  }
  return combinations;
}

function expandOr(choices: unknown, path: readonly string[]): Conditions[] {
  if (!Array.isArray(choices) || choices.length < 2)
    throw new EventPatternError([...path, '$or'], '$or takes an array of at least two objects');
  return choices.flatMap((choice) => expand(choice, path));
}

function expandField(field: string, below: unknown, path: readonly string[]): Conditions[] {
  if (!Array.isArray(below)) return expand(below, path).map((conditions) => new Map([[field, conditions]]));
  if (below.length === 0) throw new EventPatternError(path, 'an empty array is not allowed; it would match no event');
  return [new Map([[field, below.map((element: unknown) => compileAlternative(element, path))]])];
}

/** Joins two sets of conditions; the same value may not be restricted twice, as on AWS. */
function merge(left: Conditions, right: Conditions, path: readonly string[]): Conditions {
  const merged = new Map(left);
  for (const [field, below] of right) {
    const present = merged.get(field);
    if (present === undefined) merged.set(field, below);
    else if (present instanceof Map && below instanceof Map) merged.set(field, merge(present, below, [...path, field]));
    else throw new EventPatternError([...path, field], 'the same field is restricted twice, inside and outside of $or');
  }
  return merged;
}

function examine(conditions: Conditions, value: unknown): Finding {
  if (Array.isArray(value)) {
    const findings = value.map((element) => examine(conditions, element));
    if (findings.includes('matched')) return 'matched';
    if (findings.length > 0) return findings.includes('different') ? 'different' : 'absent';
  }
  let finding: Finding = 'absent';
  for (const [field, below] of conditions) {
    const inside = isObject(value) ? own(value, field) : undefined;
    const found = below instanceof Map ? examine(below, inside) : examineLeaf(below as readonly Alternative[], inside);
    if (found === 'different') return 'different';
    if (found === 'matched') finding = 'matched';
  }
  return finding;
}

/** `exists` speaks of leaves only: an object is neither a value nor in the way of `{"exists": false}`. */
function examineLeaf(alternatives: readonly Alternative[], value: unknown): Finding {
  const scalars = Array.isArray(value)
    ? value.flat(Number.POSITIVE_INFINITY).filter(isScalar)
    : [value].filter(isScalar);
  if (scalars.some((scalar) => alternatives.some((one) => one.kind === 'value' && one.test(scalar)))) return 'matched';
  return scalars.length === 0 && alternatives.some((one) => one.kind === 'absent') ? 'absent' : 'different';
}

function own(value: object, field: string): unknown {
  return Object.hasOwn(value, field) ? (value as { [name: string]: unknown })[field] : undefined;
}
