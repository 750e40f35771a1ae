/**
 * The record that `relay reload` puts on the change stream for a row that a completed reload did not bring. A reload sends no deletes; as a
 * record the absence goes the way of every other change: it is ordered, retried, replayed and set aside like one.
 */
import { SOURCE_SCHEMA } from '#schemas/source/lph.ts';
import type { SourceTable } from '#schemas/source/source-table.ts';
import type { RowKey } from '../change/row-change.ts';

export interface AbsentRow {
  readonly table: SourceTable;
  readonly key: RowKey;
}

/** `reloadBegan`: ISO 8601, by the clock of DMS. Whatever of the row was written since then stays. */
export function absentRecord(
  { table, key }: AbsentRow,
  reloadBegan: string,
): { readonly partitionKey: string; readonly text: string } {
  const partitionKey = [SOURCE_SCHEMA, table.name, ...key].join('.');
  const metadata = {
    timestamp: reloadBegan,
    'record-type': 'data',
    operation: 'absent',
    'partition-key-type': 'primary-key',
    'partition-key-value': partitionKey,
    'schema-name': SOURCE_SCHEMA,
    'table-name': table.name,
  };
  const data = Object.fromEntries(table.key.map((column, index) => [column, key[index] ?? '']));
  return { partitionKey, text: JSON.stringify({ data, metadata }) };
}
