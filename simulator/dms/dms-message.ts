/**
 * The bytes that DMS puts on the stream for a row, a row change and a control event, under the endpoint settings and table mappings of the template:
 * one line of JSON, numbers that a double would round as text, the lineage on every row, a before-image of the key alone. Pure.
 * What the spelling rests on is in docs/dms-records.md.
 */
import { LINEAGE_COLUMN, SOURCE_SCHEMA } from '#schemas/source/lph.ts';
import type { StreamEntry } from '../aws/kinesis.ts';
import { keyColumns, type SourceRow, type Value } from '../source/table-constraints.ts';
import type { RowWrite } from '../source/write-transaction.ts';

/** Where a change stands in the binlog; `recordId` counts the row changes of the transaction from 1. */
export interface ChangePlace {
  readonly lineage: string;
  readonly transactionId: bigint;
  readonly recordId: number;
  readonly committedAtMs: number;
}

/** Id of the replication task: the partition key of control records begins with it. */
const TASK_ID = 'SIMULATEDTASK';
/** INT columns travel as JSON numbers; BIGINT and DECIMAL are changed to strings by the table mappings. */
const BARE_NUMBERS: ReadonlySet<string> = new Set(['metric_versions.version']);

const utf8 = new TextEncoder();

export function loadEntry(table: string, row: SourceRow, lineage: string, builtAt: string): StreamEntry {
  const key = partitionKeyOf(table, row);
  return entry(
    key,
    `{"data":${rowText(table, row, lineage)},"metadata":${metadataText('load', table, key, builtAt)}}}`,
  );
}

export function changeEntry(
  { table, operation, row, before }: RowWrite,
  place: ChangePlace,
  builtAt: string,
): StreamEntry {
  // An update of the key is one record, keyed by the new key.
  const key = partitionKeyOf(table, row);
  const image = before ? `,"before-image":${keyImage(table, row, before)}` : '';
  const position = `"transaction-id":${place.transactionId},"transaction-record-id":${place.recordId},"commit-timestamp":"${new Date(place.committedAtMs).toISOString().slice(0, 19)}Z"`;
  const metadata = metadataText(operation, table, key, builtAt);
  return entry(key, `{"data":${rowText(table, row, place.lineage)}${image},"metadata":${metadata},${position}}}`);
}

/** `create-table`, `add-column` …; keyed by task and table, so it has no order relative to the rows it describes. */
export function controlEntry(
  operation: string,
  table: string,
  columns: readonly string[],
  builtAt: string,
): StreamEntry {
  // Tables of DMS's own have an empty schema name.
  const schema = table.startsWith('awsdms_') ? '' : SOURCE_SCHEMA;
  const defined = columns.map((column) => `${JSON.stringify(column)}:{"type":"STRING","nullable":true}`).join(',');
  const control = schema === '' ? '' : `"control":{"table-def":{"columns":{${defined}}}},`;
  const key = schema === '' ? `${TASK_ID}.${table}` : `${TASK_ID}.${schema}.${table}`;
  return entry(
    key,
    `{${control}"metadata":{"timestamp":"${builtAt}","record-type":"control","operation":"${operation}","partition-key-type":"task-id","partition-key-value":"${TASK_ID}","schema-name":"${schema}","table-name":"${table}"}}`,
  );
}

/** `schema.table.key`, the parts of the key joined by dots: all records of a row follow each other on one shard. */
export function partitionKeyOf(table: string, row: SourceRow): string {
  let key = `${SOURCE_SCHEMA}.${table}`;
  for (const column of keyColumns(table)) key += `.${row.get(column) ?? ''}`;
  return key;
}

const entry = (partitionKey: string, text: string): StreamEntry => ({ partitionKey, bytes: utf8.encode(`${text}\n`) });

/** Left open at its end: a change adds its position. */
const metadataText = (operation: string, table: string, key: string, builtAt: string): string =>
  `{"timestamp":"${builtAt}","record-type":"data","operation":"${operation}","partition-key-type":"primary-key","partition-key-value":"${key}","schema-name":"${SOURCE_SCHEMA}","table-name":"${table}"`;

function rowText(table: string, row: SourceRow, lineage: string): string {
  let text = '{';
  for (const [column, value] of row) text += `${JSON.stringify(column)}:${valueText(table, column, value)},`;
  return `${text}"${LINEAGE_COLUMN}":"${lineage}"}`;
}

function valueText(table: string, column: string, value: Value): string {
  if (value === null) return 'null';
  return BARE_NUMBERS.has(`${table}.${column}`) ? value : JSON.stringify(value);
}

/** The whole old key when it changed, else nothing. */
function keyImage(table: string, row: SourceRow, before: SourceRow): string {
  const key = keyColumns(table);
  if (key.every((column) => row.get(column) === before.get(column))) return '{}';
  const members = key.map((column) => `"${column}":${valueText(table, column, before.get(column) ?? null)}`);
  return `{${members.join(',')}}`;
}
