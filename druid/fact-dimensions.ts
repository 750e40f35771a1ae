/**
 * What the supervisor of somebody's own fact datasource (the values of metrics) needs so that it has a column for every related dimension
 * of the chosen metrics. It only ever adds: a dimension that no metric relates to any more may still be queried.
 */
import { isArray, isObject, type Json, type JsonObject, memberAt, withMember } from './json.ts';
import { nameOf } from './spec-forms.ts';
import { type SpecChange, type SpecPlan, withoutCopies } from './spec-plan.ts';

export interface ChosenMetric {
  readonly name: string;
  readonly relatedDimensions: readonly string[];
  /** Names of the metrics that a hybrid is computed from. */
  readonly consumedMetrics: readonly string[];
}

export interface FactPlan extends SpecPlan {
  /** What a person must know before or instead of a change, one sentence each. */
  readonly remarks: readonly string[];
}

const DIMENSIONS = 'spec.dataSchema.dimensionsSpec.dimensions';

export function planFactDimensions(present: JsonObject, metrics: readonly ChosenMetric[]): FactPlan {
  const spec = withoutCopies(present);
  const dimensionsSpec = memberAt(spec, 'spec', 'dataSchema', 'dimensionsSpec') ?? {};
  const listed = list(memberAt(dimensionsSpec, 'dimensions'));
  const wantedBy = new Map<string, string>();
  for (const { name, relatedDimensions } of metrics)
    for (const dimension of relatedDimensions) if (!wantedBy.has(dimension)) wantedBy.set(dimension, name);
  const names = new Set(listed.map(nameOf));
  const missing = [...wantedBy].filter(([dimension]) => !names.has(dimension)).sort(([a], [b]) => (a < b ? -1 : 1));
  const remarks = hybridRemarks(metrics);
  const kept = listed.flatMap((entry) => {
    const name = nameOf(entry);
    return name === undefined || wantedBy.has(name) ? [] : [`${DIMENSIONS}[${name}]`];
  });

  if (missing.length > 0 && findsColumnsItself(dimensionsSpec, listed)) {
    remarks.push(
      `The spec finds its columns itself (schema discovery), so nothing has to be added for: ${missing.map(([one]) => one).join(', ')}.`,
    );
    return { changes: [], spec, kept, remarks };
  }
  const additions = missing.filter(([dimension, metric]) => {
    const obstacle = obstacleTo(dimension, spec);
    if (obstacle !== undefined) remarks.push(`${dimension} (of ${metric}) is not added: ${obstacle}`);
    return obstacle === undefined;
  });
  for (const [dimension] of additions) {
    const warning = withoutSource(dimension, spec);
    if (warning !== undefined) remarks.push(warning);
  }
  const entries = additions.map(([name]): Json => ({ type: 'string', name }));
  const changes = entries.map((to): SpecChange => ({ kind: 'added', path: `${DIMENSIONS}[${nameOf(to)}]`, to }));
  return { changes, spec: withDimensions(spec, [...listed, ...entries]), kept, remarks };
}

const list = (value: Json | undefined): readonly Json[] => (isArray(value) ? value : []);

/** https://druid.apache.org/docs/latest/ingestion/ingestion-spec#dimensionsspec: no list, or discovery asked for. */
const findsColumnsItself = (dimensionsSpec: Json, listed: readonly Json[]): boolean =>
  memberAt(dimensionsSpec, 'useSchemaDiscovery') === true ||
  memberAt(dimensionsSpec, 'includeAllDimensions') === true ||
  listed.length === 0;

function obstacleTo(dimension: string, spec: JsonObject): string | undefined {
  const schema = memberAt(spec, 'spec', 'dataSchema');
  if (list(memberAt(schema, 'dimensionsSpec', 'dimensionExclusions')).includes(dimension)) {
    return 'it stands in dimensionExclusions, so somebody left it out on purpose. Take it out there first.';
  }
  if (list(memberAt(schema, 'metricsSpec')).some((aggregator) => nameOf(aggregator) === dimension)) {
    return 'metricsSpec has an aggregator of that name, and Druid refuses two columns of one name.';
  }
  if (dimension === '__time' || memberAt(schema, 'timestampSpec', 'column') === dimension) {
    return 'it is the time column.';
  }
  return undefined;
}

function withoutSource(dimension: string, spec: JsonObject): string | undefined {
  const format = memberAt(spec, 'spec', 'ioConfig', 'inputFormat');
  const flattenSpec = memberAt(format, 'valueFormat', 'flattenSpec') ?? memberAt(format, 'flattenSpec');
  if (memberAt(flattenSpec, 'useFieldDiscovery') !== false) return undefined;
  if (list(memberAt(flattenSpec, 'fields')).some((field) => nameOf(field) === dimension)) return undefined;
  return `${dimension} will be null: flattenSpec has useFieldDiscovery false and no field of that name. Add one; where it is in your records is not known here.`;
}

/** A hybrid's values are computed from those of other metrics, so the dimensions that count are theirs. */
function hybridRemarks(metrics: readonly ChosenMetric[]): string[] {
  const chosen = new Set(metrics.map(({ name }) => name));
  const consumed = new Set(metrics.flatMap(({ consumedMetrics }) => consumedMetrics));
  const left = [...consumed].filter((name) => !chosen.has(name)).sort();
  if (left.length === 0) return [];
  const shown = left.length > 5 ? `${left.slice(0, 5).join(', ')} and ${left.length - 5} more` : left.join(', ');
  return [`Hybrid metrics have no dimensions of their own; they consume metrics that are not chosen: ${shown}.`];
}

function withDimensions(spec: JsonObject, dimensions: readonly Json[]): JsonObject {
  const set = (object: Json | undefined, path: readonly string[]): Json => {
    const [name, ...rest] = path;
    if (name === undefined) return dimensions;
    const own = isObject(object) ? object : {};
    return withMember(own, name, set(memberAt(own, name), rest));
  };
  const result = set(spec, DIMENSIONS.split('.'));
  return isObject(result) ? result : spec;
}
