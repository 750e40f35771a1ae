/**
 * Builds the messages that DMS puts on Kinesis: load, insert, update, delete and control records, in DMS's spelling. It decides
 * nothing about order and sends nothing.
 * Sources: docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.Kinesis.html; the spelling of `metadata` comes from captures.
 */
import { createHash } from 'node:crypto';
import type { SourceColumn } from './column-type.ts';
import { encodeValue } from './encode-value.ts';
import type { KinesisEndpointSettings } from './endpoint-settings.ts';
import { type JsonMember, type JsonText, jsonString, writeJsonLine, writeJsonPages } from './json-text.ts';
import type { MicrosecondClock } from './microsecond-clock.ts';
import type { ReplicationSettings } from './replication-settings.ts';
import type { TableShape } from './source-catalog.ts';
import type { SourceValue } from './source-value.ts';
import type { TablePlan } from './table-mappings.ts';

/** One record as it goes to Kinesis. */
export interface OutgoingRecord {
  readonly partitionKey: string;
  readonly text: string;
}

/** A row: one value per column of the table's shape, in the same order. */
export type SourceRow = readonly SourceValue[];

/** Where a change stands in the binlog. */
export interface ChangePosition {
  readonly transactionId: bigint;
  readonly recordId: number;
  readonly previous: { readonly transactionId: bigint; readonly recordId: number } | undefined;
  readonly commitTimestamp: string;
  readonly streamPosition: string;
}

export interface RowChange {
  readonly operation: 'insert' | 'update' | 'delete';
  /** The new row; the old one for a delete. */
  readonly row: SourceRow;
  /** The row before an update. */
  readonly before?: SourceRow;
  readonly position: ChangePosition;
}

export interface RecordBuilderOptions {
  readonly endpoint: KinesisEndpointSettings;
  readonly replication: ReplicationSettings;
  /** DMS's id of the replication task; the partition key of control records. */
  readonly taskId: string;
  readonly clock: MicrosecondClock;
  /** Called for a value that was cut because DMS cannot carry it whole. */
  readonly onTruncated: (schema: string, table: string, column: string) => void;
}

const PARTITION_KEY_MAX = 256;

export class RecordBuilder {
  readonly #options: RecordBuilderOptions;

  constructor(options: RecordBuilderOptions) {
    this.#options = options;
  }

  load(shape: TableShape, plan: TablePlan, row: SourceRow): OutgoingRecord {
    return this.#dataRecord('load', shape, plan, row, undefined, undefined);
  }

  change(shape: TableShape, plan: TablePlan, change: RowChange): OutgoingRecord {
    return this.#dataRecord(change.operation, shape, plan, change.row, change.before, change.position);
  }

  /** @param shape the table as it is after the event; `undefined` for one of DMS's own tables, which have an empty schema name. */
  control(operation: string, schema: string, table: string, shape: TableShape | undefined): OutgoingRecord {
    const { endpoint, taskId, clock } = this.#options;
    const metadata: JsonMember[] = [
      ['timestamp', jsonString(clock())],
      ['record-type', jsonString('control')],
      ['operation', jsonString(operation)],
      ['partition-key-type', jsonString('task-id')],
      ...this.#partitionValue(taskId),
      ['schema-name', jsonString(schema)],
      ['table-name', jsonString(table)],
    ];
    const control: JsonMember[] = endpoint.includeControlDetails ? [['control', controlDetails(operation, shape)]] : [];
    // Control records are keyed by task and table, so they have no order relative to the rows they describe.
    const partitionKey = schema === '' ? `${taskId}.${table}` : `${taskId}.${schema}.${table}`;
    return this.#outgoing(partitionKey, [...control, ['metadata', metadata]]);
  }

  #dataRecord(
    operation: string,
    shape: TableShape,
    plan: TablePlan,
    row: SourceRow,
    before: SourceRow | undefined,
    position: ChangePosition | undefined,
  ): OutgoingRecord {
    const { replication, clock } = this.#options;
    const wanted =
      position === undefined
        ? 'primary-key'
        : (plan.partitionKeyType ?? (replication.parallelApply ? 'primary-key' : 'schema-table'));
    const key = wanted === 'primary-key' ? this.#primaryKeyValue(shape, row) : undefined;
    const body: JsonMember[] = [['data', [...this.#members(shape, plan, row, () => true), ...addedMembers(plan)]]];
    if (operation === 'update' && replication.beforeImageField !== undefined && before !== undefined) {
      body.push([replication.beforeImageField, this.#beforeImage(shape, plan, row, before)]);
    }
    const metadata: JsonMember[] = [
      ['timestamp', jsonString(clock())],
      ['record-type', jsonString('data')],
      ['operation', jsonString(operation)],
      ['partition-key-type', jsonString(key === undefined ? 'schema-table' : 'primary-key')],
      ...(key === undefined ? [] : this.#partitionValue(key)),
      ['schema-name', jsonString(shape.schema)],
      ['table-name', jsonString(shape.table)],
      ...(position === undefined ? [] : this.#transactionMembers(position)),
    ];
    return this.#outgoing(key ?? `${shape.schema}.${shape.table}`, [...body, ['metadata', metadata]]);
  }

  #transactionMembers(position: ChangePosition): JsonMember[] {
    const members: JsonMember[] = [['transaction-id', String(position.transactionId)]];
    if (!this.#options.endpoint.includeTransactionDetails) return members;
    members.push(['transaction-record-id', String(position.recordId)]);
    if (position.previous !== undefined) {
      members.push(['prev-transaction-id', String(position.previous.transactionId)]);
      members.push(['prev-transaction-record-id', String(position.previous.recordId)]);
    }
    members.push(['commit-timestamp', jsonString(position.commitTimestamp)]);
    members.push(['stream-position', jsonString(position.streamPosition)]);
    return members;
  }

  #partitionValue(value: string): JsonMember[] {
    return this.#options.endpoint.includePartitionValue ? [['partition-key-value', jsonString(value)]] : [];
  }

  /** `schema.table.key`, the parts of a composite key joined with dots; undefined for a table without a primary key. */
  #primaryKeyValue(shape: TableShape, row: SourceRow): string | undefined {
    if (shape.primaryKey.length === 0) return undefined;
    const parts = shape.primaryKey.map((name) =>
      keyText(row[shape.columns.findIndex((column) => column.name === name)]),
    );
    return this.#options.endpoint.partitionIncludeSchemaTable
      ? [shape.schema, shape.table, ...parts].join('.')
      : parts.join('.');
  }

  #members(
    shape: TableShape,
    plan: TablePlan,
    row: SourceRow,
    wanted: (column: SourceColumn, index: number) => boolean,
  ): JsonMember[] {
    const { endpoint, replication, onTruncated } = this.#options;
    const settings = { noHexPrefix: endpoint.noHexPrefix, lobMaxBytes: replication.lobMaxBytes };
    const members: JsonMember[] = [];
    for (const [index, column] of shape.columns.entries()) {
      if (!wanted(column, index)) continue;
      const encoded = encodeValue(column, row[index] ?? null, plan.isText(column.name), settings);
      if (encoded.truncated) onTruncated(shape.schema, shape.table, column.name);
      // Without IncludeNullAndEmpty DMS leaves out what is NULL, and what is an empty string.
      const empty = encoded.json === 'null' || encoded.json === '""';
      if (!empty || endpoint.includeNullAndEmpty) members.push([column.name, encoded.json]);
    }
    return members;
  }

  /** With `pk-only`: empty when the key stayed, the whole old key when it changed. Large objects are never part of it. */
  #beforeImage(shape: TableShape, plan: TablePlan, row: SourceRow, before: SourceRow): JsonMember[] {
    if (this.#options.replication.beforeImageColumns !== 'pk-only')
      return this.#members(shape, plan, before, (column) => !column.lob);
    const inKey = (column: SourceColumn): boolean => shape.primaryKey.includes(column.name);
    const changed = shape.columns.some(
      (column, index) => inKey(column) && keyText(row[index]) !== keyText(before[index]),
    );
    return changed ? this.#members(shape, plan, before, inKey) : [];
  }

  #outgoing(partitionKey: string, message: JsonText): OutgoingRecord {
    // A Kinesis partition key has at most 256 characters; a digest spreads as well and stays the same for the same row.
    const key =
      partitionKey.length <= PARTITION_KEY_MAX ? partitionKey : createHash('sha256').update(partitionKey).digest('hex');
    return {
      partitionKey: key,
      text: this.#options.endpoint.pretty ? writeJsonPages(message) : `${writeJsonLine(message)}\n`,
    };
  }
}

function addedMembers(plan: TablePlan): JsonMember[] {
  return plan.addedColumns.map(({ name, json }) => [name, json]);
}

function keyText(value: SourceValue | undefined): string {
  return Buffer.isBuffer(value) ? value.toString('hex') : (value ?? '');
}

function controlDetails(operation: string, shape: TableShape | undefined): JsonText {
  if (operation === 'drop-table' || shape === undefined) return [];
  const columns = shape.columns.map((column): JsonMember => {
    return [
      column.name,
      [
        ['type', jsonString(column.dmsType)],
        ['nullable', String(column.nullable)],
      ],
    ];
  });
  const key = `[${shape.primaryKey.map((name) => JSON.stringify(name)).join(',')}]`;
  return [
    [
      'table-def',
      [
        ['columns', columns],
        ['primary-key', key],
      ],
    ],
  ];
}
