/**
 * JSON documents of Druid as they came: a number that a JavaScript number cannot hold keeps its own digits, so that a spec which is read,
 * changed in one place and posted back is the same everywhere else.
 */
import { isExact } from '#consumer/exact-json.ts';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [member: string]: Json;
}

type SourceReviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** In every engine that also gives the source of a number; TypeScript's library does not know it yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

const exactNumbers: SourceReviver = (_key, value, { source = '' }) =>
  typeof value === 'number' && !isExact(value, source) ? rawJSON(source) : value;

/** @throws SyntaxError when the text is not JSON. */
export function parseJson(text: string): Json {
  return JSON.parse(text, exactNumbers as (this: unknown, key: string, value: unknown) => unknown) as Json;
}

export const writeJson = (value: Json, indent?: number): string => JSON.stringify(value, undefined, indent);

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isArray = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** An own member; a name like `constructor` finds nothing that the document does not have. */
export const member = (value: Json | undefined, name: string): Json | undefined =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

/** The member at a path of names. */
export const memberAt = (value: Json | undefined, ...names: readonly string[]): Json | undefined =>
  names.reduce<Json | undefined>((current, name) => member(current, name), value);

/** The object with one member set or, with `undefined`, without it; the order of the others stays. */
export function withMember(object: JsonObject, name: string, value: Json | undefined): JsonObject {
  const others = Object.entries(object);
  const at = others.findIndex(([own]) => own === name);
  const entries = others.filter(([own]) => own !== name);
  if (value !== undefined) entries.splice(at === -1 ? entries.length : at, 0, [name, value]);
  return Object.fromEntries(entries);
}

/** Equal values; the order of members does not count. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (isArray(a)) return isArray(b) && a.length === b.length && a.every((one, index) => sameJson(one, b[index]));
  if (!isObject(a)) return a === b;
  if (!isObject(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameJson(member(a, name), member(b, name)))
  );
}
