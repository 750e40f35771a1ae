/**
 * The JSON message that AWS DMS puts on Kinesis for one row change or one control event. The spelling comes from captures of real
 * messages; fields that AWS does not document are optional, and unknown ones are ignored, because DMS adds fields between versions.
 * Source: docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.Kinesis.html
 */
import * as z from 'zod/mini';

/** Text of a whole number: the exact digits of a 64-bit JSON number, which a JavaScript number would round. */
const wholeNumber = z.string().check(z.regex(/^\d{1,20}$/, 'expected a whole number of at most 20 digits'));

/** UTC time with 0 to 9 digits of fraction; DMS writes 6. */
const timestamp = z
  .string()
  .check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/, 'expected an ISO 8601 time ending in Z'));

export const dmsMetadata = z.object({
  /** When DMS built the message; not the commit time. */
  timestamp,
  'record-type': z.enum(['data', 'control']),
  operation: z.string(),
  /** Empty on some control records. */
  'schema-name': z._default(z.string(), ''),
  'table-name': z._default(z.string(), ''),
  'partition-key-type': z.optional(z.string()),
  'partition-key-value': z.optional(z.string()),
  /** `(binlog file number << 32) | offset` for a MySQL source; absent on `load`. */
  'transaction-id': z.optional(wholeNumber),
  /** Place within the transaction, from 1; absent on `load` and without IncludeTransactionDetails. */
  'transaction-record-id': z.optional(wholeNumber),
  'prev-transaction-id': z.optional(wholeNumber),
  'prev-transaction-record-id': z.optional(wholeNumber),
  'commit-timestamp': z.optional(timestamp),
  /** Opaque; never compared. */
  'stream-position': z.optional(z.string()),
});

/**
 * Operations of data records. `absent` is the only one that DMS does not send: `relay reload` puts it on the stream for a row that a completed
 * reload did not bring; `data` then holds the key, and `timestamp` is when that reload began.
 */
export const dmsDataOperation = z.enum(['load', 'insert', 'update', 'delete', 'absent']);

/** `data` and `before-image` stay unknown here: their column names come from outside and are read as entries, never as properties. */
export const dmsRecord = z.object({
  metadata: dmsMetadata,
  data: z.optional(z.unknown()),
  control: z.optional(z.unknown()),
  'before-image': z.optional(z.unknown()),
});

export type DmsRecord = z.infer<typeof dmsRecord>;
