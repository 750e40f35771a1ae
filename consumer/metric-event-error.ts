/**
 * The one error class of the kit, with its codes. The comment of a code says what happened and what to do; the message says where, which
 * value, and what is allowed. An error of a handler or a store is never wrapped: it comes out as it was thrown.
 */

export const METRIC_EVENT_ERROR_CODES = [
  /** A text that should hold JSON does not. Somebody else writes to this queue or stream, or a message was cut. Look at the message. */
  'NOT_JSON',
  /** Nothing that carries an event: no EventBridge event, SQS or Kinesis record, nor a bare detail. Check the target's input settings. */
  'UNKNOWN_PAYLOAD',
  /** A batch where one event is expected, or the other way round. Use `parseRecords` for batches, `parseMetricChanged` for one event. */
  'NOT_ONE_EVENT',
  /** An EventBridge event of another source or detail-type. Correct the event pattern of the rule. */
  'OTHER_EVENT',
  /** The event is of a major version that this kit does not know. Install the kit of that version; within one major version nothing breaks. */
  'UNSUPPORTED_VERSION',
  /** The event says its version and yet does not keep to the contract. A defect of the publisher, or somebody else's event: keep the message and report it. */
  'CONTRACT_BROKEN',
  /** The event carries no metric but tells where it is (`metricRef`), and no `fetchCurrent` was given. Pass one: `fetchFromDynamoDb(client)`. */
  'FETCH_MISSING',
  /** What was read from the Metrics table is no metric, or older than the event that told of it. Read the base table, strongly consistent. */
  'FETCH_BROKEN',
] as const;

export type MetricEventErrorCode = (typeof METRIC_EVENT_ERROR_CODES)[number];

export class MetricEventError extends Error {
  readonly code: MetricEventErrorCode;
  /** Where in the payload, as `Records[2].body.detail.data.revision`; empty for the payload itself. */
  readonly path: string;

  constructor(code: MetricEventErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(path ? `${path}: ${message}` : message, options);
    this.name = 'MetricEventError';
    this.code = code;
    this.path = path;
  }
}

/** A value as an error message shows it: short, and never more than the first characters of a long one. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
