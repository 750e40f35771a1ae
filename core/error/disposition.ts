/**
 * Turns any error into what happens to the record that met it. One table, so that nobody decides it in passing. Only what may pass by
 * itself or by a correction of the deployment is retried: a record that can never be applied must not hold back its shard. An unknown error
 * is retried within the bound of the event source mapping: it is never dropped and never set aside as if it were the record's fault.
 */
import { type ErrorCode, RelayError } from './relay-error.ts';

export type Disposition = 'retry' | 'quarantine';

const OF_CODE: Readonly<Record<ErrorCode, Disposition>> = {
  MALFORMED_RECORD: 'quarantine',
  UNKNOWN_TABLE: 'quarantine',
  UNKNOWN_OPERATION: 'quarantine',
  MISSING_COLUMN: 'quarantine',
  COLUMN_MISMATCH: 'quarantine',
  MISSING_POSITION: 'quarantine',
  ITEM_TOO_LARGE: 'quarantine',
  ITEM_REFUSED: 'quarantine',
  CONTENTION: 'retry',
  MALFORMED_MESSAGE: 'retry',
  UNPUBLISHABLE_ITEM: 'quarantine',
  INVARIANT_BROKEN: 'quarantine',
};

export function dispositionOf(error: unknown): Disposition {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof RelayError) return OF_CODE[cause.code];
  }
  return 'retry';
}
