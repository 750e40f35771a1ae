/**
 * What happened to one source row, decoded. A row is a map from column name to text or NULL: column names come from outside and are
 * never property names, and every value is the exact text of the source, so no number can be rounded.
 */
import type { SourceTable } from '#schemas/source/source-table.ts';
import type { Moment } from './source-position.ts';

export type Row = ReadonlyMap<string, string | null>;

/** Key column values in the order of the table's declared key. */
export type RowKey = readonly string[];

/** Commit that a change belongs to, as published in `lastChange` and in the event's `occurredAt` and `correlationId`. */
export interface SourceCommit {
  /** Decimal text of the transaction id; absent for a row of a full load. */
  readonly transactionId?: string | undefined;
  /** Commit time; for a full load the time the message was built. */
  readonly committedAt: string;
}

export interface RowChange {
  readonly table: SourceTable;
  readonly key: RowKey;
  /** `insert` and `delete` begin and end a life of the row; `load` and `update` only state what it holds, `absent` that a reload had no such row. */
  readonly operation: 'load' | 'insert' | 'update' | 'delete' | 'absent';
  /** The whole row after the change; null when it is gone. */
  readonly row: Row | null;
  readonly moment: Moment;
  readonly commit: SourceCommit;
}
