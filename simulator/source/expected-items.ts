/**
 * What the Metrics table must hold when everything has come to rest, stated from the rows of the source alone and independently of the code under test.
 * `revision`, `lastChange` and `previousName` are not the source's and are no part of it; redirects are told apart, by what may stand in them.
 */
import type { SourceDatabase } from './source-database.ts';
import type { SourceRow, Value } from './table-constraints.ts';

/** An attribute value as DynamoDB writes it. */
export type ExpectedValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly SS: readonly string[] }
  | { readonly BOOL: true };
export type ExpectedItem = ReadonlyMap<string, ExpectedValue>;

export const itemKeyText = (name: string, version: string): string => `${name}\u0000${version}`;

/** Live items by `itemKeyText`; members of a set are in the order of their UTF-16 units. */
export function expectedItems(database: SourceDatabase): ReadonlyMap<string, ExpectedItem> {
  const source = readSource(database);
  const items = new Map<string, ExpectedItem>();
  for (const metric of database.rows('metrics').values()) addItems(items, metric, source);
  return items;
}

interface Source {
  readonly metricNames: ReadonlyMap<string, string>;
  readonly versions: ReadonlyMap<string, readonly SourceRow[]>;
  /** Names of the dimensions of a group, and of the metrics that a metric consumes. */
  readonly dimensions: ReadonlyMap<string, readonly string[]>;
  readonly consumed: ReadonlyMap<string, readonly string[]>;
}

function readSource(database: SourceDatabase): Source {
  const metricNames = namesById(database, 'metrics');
  const versions = new Map<string, SourceRow[]>();
  for (const row of database.rows('metric_versions').values()) append(versions, cell(row, 'metric_id'), row);
  for (const rows of versions.values()) rows.sort((one, other) => numberOf(one) - numberOf(other));
  const dimensionNames = namesById(database, 'dimensions');
  return {
    metricNames,
    versions,
    dimensions: joined(database, 'dimensions_metric_groups', 'metric_group_id', 'dimension_id', dimensionNames),
    consumed: joined(database, 'metric_relationships', 'consumer_metric_id', 'consumed_metric_id', metricNames),
  };
}

function addItems(items: Map<string, ExpectedItem>, metric: SourceRow, source: Source): void {
  const id = cell(metric, 'id');
  const name = cell(metric, 'name');
  const isHybrid = cell(metric, 'value_type') === 'HYBRID';
  const chainedTo = metric.get('chained_metric_id');
  const ofMetric = new Map<string, ExpectedValue>([
    ['name', { S: name }],
    ['metricId', { N: id }],
    ['valueType', { S: cell(metric, 'value_type') }],
  ]);
  if (chainedTo) text(ofMetric, 'chainedMetric', source.metricNames.get(chainedTo) ?? null);
  date(ofMetric, 'chainCutoffDate', metric.get('chain_cutoff_date'));

  const names = isHybrid ? source.consumed.get(id) : source.dimensions.get(cell(metric, 'metric_group_id'));
  const parts = new Map<string, ExpectedValue>();
  if (names) parts.set(isHybrid ? 'consumedMetrics' : 'relatedDimensions', { SS: [...names].sort() });

  const versions = source.versions.get(id) ?? [];
  const latest = versions.at(-1);
  for (const version of versions) {
    const number = cell(version, 'version');
    const own = version === latest ? parts : [];
    items.set(
      itemKeyText(name, number),
      new Map([...ofMetric, ...contentOf(version), ...own]).set('version', { S: number }),
    );
  }

  const current = new Map([...ofMetric, ...(latest ? contentOf(latest) : []), ...parts]).set('version', { S: '0' });
  if (latest) current.set('latestVersion', { N: cell(latest, 'version') });
  date(current, 'createdAt', metric.get('created_at'));
  text(current, 'createdBy', metric.get('created_by'));
  const isWhole = latest && names && (!isHybrid || latest.get('hybrid_formula'));
  if (!isWhole) current.set('incomplete', { BOOL: true });
  items.set(itemKeyText(name, '0'), current);
}

function contentOf(version: SourceRow): ReadonlyMap<string, ExpectedValue> {
  const content = new Map<string, ExpectedValue>();
  date(content, 'updatedAt', version.get('created_at'));
  text(content, 'updatedBy', version.get('created_by'));
  date(content, 'deprecatedAt', version.get('deprecated_at'));
  text(content, 'deprecatedBy', version.get('deprecated_by'));
  text(content, 'deprecatedReason', version.get('deprecated_reason'));
  text(content, 'aggregationStyle', version.get('aggregation_style'));
  text(content, 'hybridFormula', version.get('hybrid_formula'));
  const param = version.get('aggregation_param');
  if (param) content.set('aggregationParam', { N: param.includes('.') ? withoutZeros(param) : param });
  return content;
}

function text(item: Map<string, ExpectedValue>, attribute: string, value: Value | undefined): void {
  if (value !== null && value !== undefined) item.set(attribute, { S: value });
}

/** The source's digits without the zeros at the end of the fraction. */
function date(item: Map<string, ExpectedValue>, attribute: string, value: Value | undefined): void {
  if (!value) return;
  const digits = value.slice(0, -1);
  item.set(attribute, { S: `${digits.includes('.') ? withoutZeros(digits) : digits}Z` });
}

/** `12.0000000000` is 12; only for text with a point. */
function withoutZeros(value: string): string {
  let end = value.length;
  while (value[end - 1] === '0') end -= 1;
  return value.slice(0, value[end - 1] === '.' ? end - 1 : end);
}

function joined(
  database: SourceDatabase,
  table: string,
  from: string,
  to: string,
  names: ReadonlyMap<string, string>,
): ReadonlyMap<string, readonly string[]> {
  const lists = new Map<string, string[]>();
  for (const row of database.rows(table).values()) {
    const name = names.get(cell(row, to));
    if (name === undefined)
      throw new Error(`${table} refers to ${cell(row, to)}, which is not there: the source breaks its own keys`);
    append(lists, cell(row, from), name);
  }
  return lists;
}

const namesById = (database: SourceDatabase, table: string): ReadonlyMap<string, string> =>
  new Map([...database.rows(table)].map(([id, row]) => [id, cell(row, 'name')]));

function append<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

const cell = (row: SourceRow, column: string): string => row.get(column) ?? '';
const numberOf = (version: SourceRow): number => Number(version.get('version'));
