/**
 * Which `MetricChanged` events a subscriber wants, and the EventBridge pattern that says the same. A filter never lets a metric leave a
 * subscriber's view unseen: whoever asks for a name prefix or a value type is also told when a metric stops having it. Pure.
 */
import { EVENT_DETAIL_TYPE, EVENT_SOURCE, metricChange, metricJson } from '#schemas/metric-changed.ts';
import { metrics } from '#schemas/source/lph.ts';

/** All that is given must hold; within a list any one is enough. Nothing given: every event. */
export interface MetricChangedFilter {
  /** Literal beginnings of the metric's name, upper and lower case apart. Also matches a metric that is renamed out of them. */
  readonly namePrefixes?: readonly string[];
  readonly changes?: readonly MetricChangeName[];
  /** At least one of these attributes changed. CREATED and DELETED change none, so they are left out. */
  readonly changedAttributes?: readonly string[];
  /** Value type before or after the change. Also matches an event that is too large to carry the metric. */
  readonly valueTypes?: readonly string[];
  /** `exclude` for whoever acts on news; a copy wants both. Default `include`. */
  readonly replays?: 'include' | 'exclude';
}

export type MetricChangeName = 'CREATED' | 'UPDATED' | 'DEPRECATED' | 'RESTORED' | 'RENAMED' | 'DELETED';

type Conditions = Readonly<Record<string, unknown>>;

/** A pattern as PutRule takes it, and as the CDK's Rule takes it once its names are in camel case. */
export interface MetricChangedPattern {
  readonly source: readonly string[];
  readonly 'detail-type': readonly string[];
  readonly detail?: Conditions;
}

/** Names that `changedAttributes` of an event can hold: all of the metric but its identity and what is the publication's own. */
export const CHANGEABLE_ATTRIBUTES: readonly string[] = Object.keys(metricJson.shape).filter(
  (name) => !['metricId', 'version', 'revision', 'previousName'].includes(name),
);
const VALUE_TYPES: readonly string[] = metrics.columns.value_type.members;
const CHANGES: readonly string[] = metricChange.options;
/** Characters of `metrics.name`. */
const LONGEST_NAME = 255;

/** The pattern, smallest where nothing is asked for. The filter is taken as it is: `filterProblems` tells whether it is usable. */
export function metricChangedPattern(filter: MetricChangedFilter = {}): MetricChangedPattern {
  const { namePrefixes, changes, changedAttributes, valueTypes, replays } = filter;
  const combinations = product(nameConditions(namePrefixes), valueTypeConditions(valueTypes));
  const alternatives = combinations.length > 1 ? { $or: combinations } : (combinations[0] ?? {});
  const data = {
    ...(changes === undefined ? {} : { change: changes }),
    ...(changedAttributes === undefined ? {} : { changedAttributes }),
    ...alternatives,
  };
  const detail = {
    ...(replays === 'exclude' ? { metadata: { replay: [false] } } : {}),
    ...(Object.keys(data).length === 0 ? {} : { data }),
  };
  return {
    source: [EVENT_SOURCE],
    'detail-type': [EVENT_DETAIL_TYPE],
    ...(Object.keys(detail).length === 0 ? {} : { detail }),
  };
}

/** `previousName` is there only in the event of the rename itself, so later events under the new name are not matched. */
function nameConditions(prefixes: readonly string[] | undefined): readonly Conditions[] {
  if (prefixes === undefined) return [{}];
  const begins = prefixes.map((prefix) => ({ prefix }));
  return [{ name: begins }, { previousName: begins }];
}

/** An event with a claim check has no metric to look at; it is let through rather than lost. */
function valueTypeConditions(valueTypes: readonly string[] | undefined): readonly Conditions[] {
  if (valueTypes === undefined) return [{}];
  return [
    { metric: { valueType: valueTypes } },
    { previous: { valueType: valueTypes } },
    { metricRef: { name: [{ exists: true }] } },
  ];
}

/** One `$or` with every combination, because two `$or`s cannot stand side by side in one object. */
function product(left: readonly Conditions[], right: readonly Conditions[]): readonly Conditions[] {
  return left.flatMap((one) => right.map((other) => ({ ...one, ...other })));
}

/** Everything wrong with a filter, a line each with the value, what is allowed and what to do; empty when it is usable. */
export function filterProblems(filter: MetricChangedFilter): readonly string[] {
  return [
    ...listProblems('namePrefixes', filter.namePrefixes),
    ...(filter.namePrefixes ?? []).flatMap(prefixProblems),
    ...listProblems('changes', filter.changes),
    ...unknownMembers('changes', filter.changes, CHANGES),
    ...listProblems('changedAttributes', filter.changedAttributes),
    ...unknownMembers('changedAttributes', filter.changedAttributes, CHANGEABLE_ATTRIBUTES),
    ...listProblems('valueTypes', filter.valueTypes),
    ...unknownMembers('valueTypes', filter.valueTypes, VALUE_TYPES),
    ...neverTogether(filter),
  ];
}

function listProblems(member: string, list: readonly string[] | undefined): readonly string[] {
  if (list === undefined) return [];
  if (list.length === 0)
    return [`${member}: the list is empty and would match no event. Leave ${member} out to match every event.`];
  const repeated = list.find((one, index) => list.indexOf(one) !== index);
  return repeated === undefined ? [] : [`${member}: ${JSON.stringify(repeated)} stands there twice. Remove one.`];
}

function prefixProblems(prefix: string): readonly string[] {
  const given = `namePrefixes: ${JSON.stringify(prefix)}`;
  if (prefix === '')
    return [`${given} begins every name. Leave namePrefixes out to match every metric, or write a beginning.`];
  if (prefix.length > LONGEST_NAME)
    return [`${given} has ${prefix.length} characters; a name has at most ${LONGEST_NAME}.`];
  const wildcard = /[*?%]/.exec(prefix)?.[0];
  if (wildcard === undefined) return [];
  const shorter = prefix.slice(0, prefix.indexOf(wildcard));
  return [
    `${given} holds the wildcard character ${wildcard}, but a prefix is taken letter by letter. ` +
      (shorter === '' ? 'Leave namePrefixes out to match every metric.' : `Write ${JSON.stringify(shorter)}.`),
  ];
}

function unknownMembers(
  member: string,
  list: readonly string[] | undefined,
  allowed: readonly string[],
): readonly string[] {
  const unknown = (list ?? []).filter((one) => !allowed.includes(one));
  return unknown.map((one) => `${member}: ${JSON.stringify(one)} is not known; allowed: ${allowed.join(', ')}.`);
}

/** Filters that are right member by member and can match nothing all the same. */
function neverTogether({ changes, changedAttributes }: MetricChangedFilter): readonly string[] {
  const withoutAttributes = ['CREATED', 'DELETED'];
  if (changes === undefined || changes.length === 0 || changedAttributes === undefined) return [];
  if (!changes.every((change) => withoutAttributes.includes(change))) return [];
  return [
    `changes ${changes.join(' and ')} with changedAttributes: these events change no attribute, so none would match. ` +
      'Leave changedAttributes out, or make two subscriptions.',
  ];
}
