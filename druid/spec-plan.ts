/**
 * The difference between a supervisor's present spec and what it must have, and the spec that follows. What is wanted is added or changed,
 * everything else of the present spec stays as it is; entries that somebody else added go only when pruning was asked for.
 */
import { isArray, isObject, type Json, type JsonObject, member, withMember } from './json.ts';
import { nameOf, sameDimension, satisfies } from './spec-forms.ts';

export interface SpecChange {
  readonly kind: 'added' | 'changed' | 'removed';
  /** `spec.dataSchema.dimensionsSpec.dimensions[name]` */
  readonly path: string;
  readonly from?: Json;
  readonly to?: Json;
}

export interface SpecPlan {
  readonly changes: readonly SpecChange[];
  /** The whole spec to post. */
  readonly spec: JsonObject;
  /** Entries that are not ours and stay. */
  readonly kept: readonly string[];
}

/** Lists whose entries have names; any other list is replaced as a whole. */
const NAMED_LISTS: ReadonlySet<string> = new Set([
  'spec.dataSchema.dimensionsSpec.dimensions',
  'spec.ioConfig.inputFormat.valueFormat.flattenSpec.fields',
]);

/** Druid answers the three parts of `spec` a second time beside it, as older versions wanted them; on a POST `spec` is what counts. */
const PARTS = ['dataSchema', 'ioConfig', 'tuningConfig'] as const;

/** The spec with its parts in `spec` and nowhere else. */
export function withoutCopies(present: JsonObject): JsonObject {
  const inner = member(present, 'spec');
  const parts = PARTS.flatMap((part): [string, Json][] => {
    const value = member(present, part);
    return value === undefined ? [] : [[part, value]];
  });
  const spec = isObject(inner) ? inner : Object.fromEntries(parts);
  const rest = PARTS.reduce((object, part) => withMember(object, part, undefined), present);
  return withMember(rest, 'spec', spec);
}

export function planSpec(present: JsonObject, wanted: JsonObject, options: { readonly prune: boolean }): SpecPlan {
  const changes: SpecChange[] = [];
  const kept: string[] = [];
  const merged = merge('', withoutCopies(present), wanted);
  return { changes, kept, spec: isObject(merged) ? merged : present };

  function merge(path: string, now: Json | undefined, want: Json): Json {
    if (NAMED_LISTS.has(path) && isArray(want)) return mergeNamed(path, isArray(now) ? now : [], want);
    // An input format of another type is another thing: its members are not mixed with ours.
    if (isObject(now) && isObject(want) && (path === '' || !otherType(now, want))) {
      return Object.entries(want).reduce((object: JsonObject, [name, value]) => {
        const inner = path === '' ? name : `${path}.${name}`;
        return withMember(object, name, merge(inner, member(object, name), value));
      }, now);
    }
    if (satisfies(now, want)) return now ?? want;
    changes.push({ kind: now === undefined || now === null ? 'added' : 'changed', path, ...from(now), to: want });
    return want;
  }

  function mergeNamed(path: string, now: readonly Json[], want: readonly Json[]): Json {
    const wantedNames = new Map(want.map((entry) => [nameOf(entry), entry]));
    const place = (name: string | undefined): string => `${path}[${name ?? '?'}]`;
    const result = now.flatMap((entry): Json[] => {
      const name = nameOf(entry);
      const wantedEntry = wantedNames.get(name);
      wantedNames.delete(name);
      if (wantedEntry === undefined) {
        if (!options.prune) {
          kept.push(place(name));
          return [entry];
        }
        changes.push({ kind: 'removed', path: place(name), from: entry });
        return [];
      }
      if (sameDimension(entry, wantedEntry)) return [entry];
      changes.push({ kind: 'changed', path: place(name), from: entry, to: wantedEntry });
      return [wantedEntry];
    });
    for (const [name, entry] of wantedNames) {
      changes.push({ kind: 'added', path: place(name), to: entry });
      result.push(entry);
    }
    return result;
  }
}

const from = (now: Json | undefined): { from?: Json } => (now === undefined ? {} : { from: now });

function otherType(now: JsonObject, want: JsonObject): boolean {
  const [a, b] = [member(now, 'type'), member(want, 'type')];
  return a !== undefined && b !== undefined && a !== b;
}
