/**
 * The one error class of the pipeline, with its codes. The comment of a code is its operator page: what happened, what to do.
 */

export const ERROR_CODES = [
  /** The bytes of a record are not JSON or not a DMS message. Check the endpoint setting `json-unformatted`; redrive after the cause is gone. */
  'MALFORMED_RECORD',
  /** A record of a table that is not declared. Correct the table mappings, or declare the table and redrive. */
  'UNKNOWN_TABLE',
  /** A data operation other than load, insert, update, delete. */
  'UNKNOWN_OPERATION',
  /** A declared column is not in the record: IncludeNullAndEmpty is off or the column was dropped. */
  'MISSING_COLUMN',
  /** A column's value is not of the declared kind. The message names the column, the value's form and what is allowed. */
  'COLUMN_MISMATCH',
  /** A change record without transaction-id, transaction-record-id or lineage cannot be ordered. Turn on IncludeTransactionDetails. */
  'MISSING_POSITION',
  /** The metric does not fit into one DynamoDB item (400 KB). Its last published state stands. */
  'ITEM_TOO_LARGE',
  /** DynamoDB refuses an item for its content: a key too long or empty, a number of more than 38 digits. The last published state stands. */
  'ITEM_REFUSED',
  /** A recompute met conflicts more often than its budget; retried by the event source mapping. */
  'CONTENTION',
  /** A message on the projection queue that this version does not understand; goes to the dead-letter queue. */
  'MALFORMED_MESSAGE',
  /** A change of item "0" of which no valid MetricChanged event can be made: the item was written by hand or by another version. */
  'UNPUBLISHABLE_ITEM',
  /** Something that the protocol rules out, or a decision that failed on a record. A defect: the record is set aside; stop and look. */
  'INVARIANT_BROKEN',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export class RelayError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RelayError';
    this.code = code;
  }
}
