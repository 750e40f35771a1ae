/**
 * What the source database enforces beyond types: unique names and foreign keys with what a delete of the parent does. It says the same as
 * sample/schema.sql, a second time, because the rows it changes silently are what the pipeline must find out by itself.
 */
import { SOURCE_TABLES } from '#schemas/source/lph.ts';

export type Value = string | null;
/** Column → text as DMS renders it, in the order of the table's columns. */
export type SourceRow = ReadonlyMap<string, Value>;
export type Rows = ReadonlyMap<string, SourceRow>;

/** A statement that MySQL refuses; the transaction around it is rolled back. */
export class ConstraintViolation extends Error {
  override readonly name = 'ConstraintViolation';
}

export interface ForeignKey {
  readonly table: string;
  readonly column: string;
  readonly parent: string;
  readonly onDelete: 'cascade' | 'set null' | 'restrict';
}

export const FOREIGN_KEYS: readonly ForeignKey[] = [
  { table: 'dimensions_metric_groups', column: 'dimension_id', parent: 'dimensions', onDelete: 'cascade' },
  { table: 'dimensions_metric_groups', column: 'metric_group_id', parent: 'metric_groups', onDelete: 'cascade' },
  { table: 'metrics', column: 'metric_group_id', parent: 'metric_groups', onDelete: 'restrict' },
  { table: 'metrics', column: 'chained_metric_id', parent: 'metrics', onDelete: 'set null' },
  { table: 'metric_versions', column: 'metric_id', parent: 'metrics', onDelete: 'cascade' },
  { table: 'metric_relationships', column: 'consumed_metric_id', parent: 'metrics', onDelete: 'cascade' },
  { table: 'metric_relationships', column: 'consumer_metric_id', parent: 'metrics', onDelete: 'cascade' },
];

/** Tables whose `name` is a unique key. */
export const UNIQUE_NAMES: ReadonlySet<string> = new Set(['metric_groups', 'dimensions', 'metrics']);

const KEYS: ReadonlyMap<string, readonly string[]> = new Map(SOURCE_TABLES.map(({ name, key }) => [name, key]));

const foreignKeysOf = (side: 'table' | 'parent'): ReadonlyMap<string, readonly ForeignKey[]> =>
  new Map(SOURCE_TABLES.map(({ name }) => [name, FOREIGN_KEYS.filter((key) => key[side] === name)]));

/** Foreign keys by the table that holds them. */
export const REFERENCES = foreignKeysOf('table');
/** Foreign keys by the table they point to. */
export const REFERRERS = foreignKeysOf('parent');

export function keyColumns(table: string): readonly string[] {
  const key = KEYS.get(table);
  if (!key) throw new Error(`no table ${table} in the source; there are ${[...KEYS.keys()].join(', ')}`);
  return key;
}

/** Key of a row among the rows of its table. All key columns are numbers, so the bar is in none of them. */
export function rowKey(table: string, row: SourceRow): string {
  const columns = keyColumns(table);
  const first = row.get(columns[0] ?? '') ?? '';
  return columns.length === 1 ? first : `${first}|${row.get(columns[1] ?? '') ?? ''}`;
}

/** A date-time column as DMS renders it. */
export const datetimeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, -1)}000Z`;
