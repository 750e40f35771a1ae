/**
 * The content of lookups: metric id → one attribute of the metric, as text. Lookups replace a whole map, so the content is always
 * everything that is current; a metric without the attribute has no entry, and LOOKUP() answers null for it.
 */
import { isObject, type Json, member } from './json.ts';

/** Metric id → text. */
export type LookupMap = ReadonlyMap<string, string>;

export interface LookupDocument {
  readonly version: string;
  readonly map: LookupMap;
}

export interface LookupDifference {
  readonly added: readonly { readonly key: string; readonly to: string }[];
  readonly changed: readonly { readonly key: string; readonly from: string; readonly to: string }[];
  readonly removed: readonly { readonly key: string; readonly from: string }[];
}

/** `metric_` and `valueType` → `metric_value_type` */
export const lookupId = (prefix: string, attribute: string): string =>
  `${prefix}${attribute.replace(/([a-z\d])([A-Z])/g, '$1_$2').toLowerCase()}`;

export function compareLookups(present: LookupMap, wanted: LookupMap): LookupDifference {
  const added = [...wanted].flatMap(([key, to]) => (present.has(key) ? [] : [{ key, to }]));
  const changed = [...wanted].flatMap(([key, to]) => {
    const from = present.get(key);
    return from === undefined || from === to ? [] : [{ key, from, to }];
  });
  const removed = [...present].flatMap(([key, from]) => (wanted.has(key) ? [] : [{ key, from }]));
  return { added, changed, removed };
}

export const isSame = ({ added, changed, removed }: LookupDifference): boolean =>
  added.length + changed.length + removed.length === 0;

/**
 * A `map` lookup as Druid takes it. Not one-to-one: Druid may then rewrite filters and groups, and that is right only if every id that the
 * facts have is a key; the ids of deleted metrics are not. https://druid.apache.org/docs/latest/querying/lookups#query-execution
 */
export function lookupJson({ version, map }: LookupDocument): string {
  // Written by hand: as members of an object, ids would be put in numeric order and could meet names like __proto__.
  const entries = [...map].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `{"version":${JSON.stringify(version)},"lookupExtractorFactory":{"type":"map","map":{${entries.join(',')}},"isOneToOne":false}}`;
}

/** What Druid answered for a lookup: ours, or the type of one that is not a map. */
export function readLookup(document: Json): LookupDocument | { readonly otherType: string; readonly version: string } {
  const version = member(document, 'version');
  const factory = member(document, 'lookupExtractorFactory');
  const type = member(factory, 'type');
  const map = member(factory, 'map');
  const versionText = typeof version === 'string' ? version : '';
  if (type !== 'map' || !isObject(map))
    return { otherType: typeof type === 'string' ? type : '?', version: versionText };
  return { version: versionText, map: new Map(Object.entries(map).map(([key, value]) => [key, String(value)])) };
}
