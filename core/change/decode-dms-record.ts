/**
 * The bytes of one Kinesis record to row changes. Pure. It accepts what DMS is known to send and nothing that it would have to guess:
 * whatever cannot be ordered, keyed or read exactly is refused with a reason, so that it is set aside instead of applied wrongly.
 */
import { type DmsRecord, dmsDataOperation, dmsRecord } from '#schemas/dms-record.ts';
import { LINEAGE_COLUMN, SOURCE_SCHEMA } from '#schemas/source/lph.ts';
import type { SourceTable } from '#schemas/source/source-table.ts';
import { RelayError } from '../error/relay-error.ts';
import { canonicalDatetime, columnValue } from './column-value.ts';
import { membersOf, parseExactJson } from './exact-json.ts';
import type { Row, RowChange, RowKey } from './row-change.ts';
import { type Moment, normaliseTimestamp } from './source-position.ts';

export type DecodedRecord =
  | { readonly kind: 'rows'; readonly changes: readonly RowChange[] }
  | { readonly kind: 'control'; readonly operation: string; readonly table: string };

/** Longest text of a record that a reason quotes: a reason must fit where the record is set aside, whatever the record holds. */
const SHOWN_LENGTH_MAX = 200;

const shown = (text: string): string => JSON.stringify(text.slice(0, SHOWN_LENGTH_MAX));

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @throws RelayError whose code says why the record must be set aside. */
export function decodeDmsRecord(bytes: Uint8Array, tables: readonly SourceTable[]): DecodedRecord {
  const record = parseRecord(bytes);
  const { metadata } = record;
  // DMS announces tables of its own as well (awsdms_apply_exceptions). A row of that table means that DMS failed to apply one of ours: it
  // is of no declared table, so it is set aside where an operator sees it.
  if (metadata['record-type'] === 'control') {
    return { kind: 'control', operation: metadata.operation, table: metadata['table-name'] };
  }
  const table = tables.find(({ name }) => name === metadata['table-name']);
  if (!table || metadata['schema-name'] !== SOURCE_SCHEMA) {
    throw new RelayError(
      'UNKNOWN_TABLE',
      `table ${shown(`${metadata['schema-name']}.${metadata['table-name']}`)} is not declared; expected ${SOURCE_SCHEMA}.{${tables.map(({ name }) => name).join(', ')}}`,
    );
  }
  return { kind: 'rows', changes: decodeRow(record, table) };
}

function parseRecord(bytes: Uint8Array): DmsRecord {
  let json: unknown;
  try {
    json = parseExactJson(utf8.decode(bytes));
  } catch (cause) {
    throw new RelayError('MALFORMED_RECORD', 'the record is not UTF-8 JSON', { cause });
  }
  const parsed = dmsRecord.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new RelayError(
    'MALFORMED_RECORD',
    `the record is no DMS message: ${issue?.path.join('.') || 'it'}: ${issue?.message}`,
  );
}

function decodeRow(record: DmsRecord, table: SourceTable): readonly RowChange[] {
  const { metadata } = record;
  const operation = dmsDataOperation.safeParse(metadata.operation);
  if (!operation.success) {
    throw new RelayError(
      'UNKNOWN_OPERATION',
      `operation ${shown(metadata.operation)}; expected load, insert, update or delete`,
    );
  }
  const columns = columnsOf(record.data, 'data', table);
  const moment = momentOf(record, columns, operation.data === 'load' || operation.data === 'absent');
  const commit = {
    ...(moment.position && { transactionId: moment.position.transactionId.toString() }),
    committedAt: canonicalDatetime(metadata['commit-timestamp'] ?? moment.builtAt) ?? moment.builtAt,
  };
  const key = keyOf(columns, table);
  if (operation.data === 'delete' || operation.data === 'absent')
    return [{ table, key, operation: operation.data, row: null, moment, commit }];

  const change: RowChange = { table, key, operation: operation.data, row: rowOf(columns, table), moment, commit };
  const oldKey = operation.data === 'update' ? oldKeyOf(record, key, table) : undefined;
  if (!oldKey) return [change];
  // A primary-key update ends the life of the old key and begins one under the new key, at one position.
  return [
    { table, key: oldKey, operation: 'delete', row: null, moment, commit },
    { ...change, operation: 'insert' },
  ];
}

function columnsOf(value: unknown, member: string, table: SourceTable): ReadonlyMap<string, unknown> {
  const members = membersOf(value);
  if (!members)
    throw new RelayError('MALFORMED_RECORD', `a data record of ${table.name} has no object ${JSON.stringify(member)}`);
  return new Map(members);
}

function momentOf({ metadata }: DmsRecord, columns: ReadonlyMap<string, unknown>, isOfLoad: boolean): Moment {
  const builtAt = normaliseTimestamp(metadata.timestamp);
  if (isOfLoad) return { builtAt };
  const lineage = columns.get(LINEAGE_COLUMN);
  const transactionId = metadata['transaction-id'];
  const recordId = metadata['transaction-record-id'];
  if (typeof lineage !== 'string' || lineage === '' || transactionId === undefined || recordId === undefined) {
    throw new RelayError(
      'MISSING_POSITION',
      `a ${metadata.operation} of ${metadata['table-name']} needs transaction-id, transaction-record-id and the column ${LINEAGE_COLUMN}; check IncludeTransactionDetails and the add-column rule`,
    );
  }
  return { builtAt, position: { lineage, transactionId: BigInt(transactionId), recordId: BigInt(recordId) } };
}

function columnText(columns: ReadonlyMap<string, unknown>, name: string, table: SourceTable): string | null {
  const column = table.columns[name];
  if (!column || !columns.has(name)) {
    throw new RelayError(
      'MISSING_COLUMN',
      `${table.name}.${name} is not in the record; check IncludeNullAndEmpty and the table's definition`,
    );
  }
  const checked = columnValue(column, columns.get(name));
  if ('mismatch' in checked)
    throw new RelayError('COLUMN_MISMATCH', `${table.name}.${name}: expected ${checked.mismatch}`);
  return checked.value;
}

function keyOf(columns: ReadonlyMap<string, unknown>, table: SourceTable): RowKey {
  return table.key.map((name) => columnText(columns, name, table) ?? '');
}

/** The key before an update, when the before-image shows another one. DMS leaves the before-image empty when the key did not change. */
function oldKeyOf(record: DmsRecord, key: RowKey, table: SourceTable): RowKey | undefined {
  const before = new Map(membersOf(record['before-image']) ?? []);
  if (!table.key.some((name) => before.has(name))) return undefined;
  const oldKey = table.key.map((name, index) =>
    before.has(name) ? (columnText(before, name, table) ?? '') : (key[index] ?? ''),
  );
  return oldKey.some((part, index) => part !== key[index]) ? oldKey : undefined;
}

/** Every column of the record: declared ones in canonical text, others as they came, so that a later projection can use them. */
function rowOf(columns: ReadonlyMap<string, unknown>, table: SourceTable): Row {
  const row = new Map<string, string | null>();
  for (const name of Object.keys(table.columns)) row.set(name, columnText(columns, name, table));
  for (const [name, value] of columns) {
    if (row.has(name) || name === LINEAGE_COLUMN) continue;
    row.set(name, value === null ? null : typeof value === 'string' ? value : JSON.stringify(value));
  }
  return row;
}
