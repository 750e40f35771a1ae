/**
 * One event out of whatever carried it: an EventBridge event, an SQS or Kinesis record, a bare detail, as an object, text or bytes. Parsed and
 * checked against the contract once, here; behind it everything is typed. Members that the contract does not know pass untouched.
 */
import type { core } from 'zod/mini';
import {
  EVENT_DETAIL_TYPE,
  EVENT_SCHEMA_VERSION,
  EVENT_SOURCE,
  type MetricChanged,
  metricChanged,
} from '#schemas/metric-changed.ts';
import { parseJson } from './exact-json.ts';
import { MetricEventError, shown } from './metric-event-error.ts';

type Members = { readonly [member: string]: unknown };

const SUPPORTED_MAJOR = EVENT_SCHEMA_VERSION.split('.')[0] ?? '';

/** Layers that may lie around a detail: text, record, text, EventBridge event, detail. */
const LAYERS_MAX = 6;

/**
 * @param payload an EventBridge event (what a Lambda target gets), a record of an SQS or Kinesis event source mapping, a message of
 *   ReceiveMessage, a record of GetRecords, a bare detail; or the JSON text or UTF-8 bytes of one.
 * @throws MetricEventError with `code` and `path`; nothing else.
 */
export function parseMetricChanged(payload: unknown, path = ''): MetricChanged {
  let value = payload;
  let at = path;
  for (let layer = 0; layer < LAYERS_MAX; layer++) {
    if (typeof value === 'string') value = jsonAt(value, at);
    else if (value instanceof Uint8Array) value = new TextDecoder().decode(value);
    else if (!isMembers(value)) throw unknownPayload(value, at);
    else if ('detail-type' in value) [value, at] = [detailOf(value, at), join(at, 'detail')];
    else if ('metadata' in value || 'data' in value) return checkedDetail(value, at);
    else [value, at] = contentOf(value, at);
  }
  throw unknownPayload(value, at);
}

/** The text or bytes that a record of a queue or stream carries. */
function contentOf(record: Members, at: string): readonly [value: unknown, at: string] {
  if (typeof record.body === 'string') return [record.body, join(at, 'body')];
  if (typeof record.Body === 'string') return [record.Body, join(at, 'Body')];
  if (record.Data instanceof Uint8Array) return [record.Data, join(at, 'Data')];
  if (isMembers(record.kinesis) && typeof record.kinesis.data === 'string')
    return [Uint8Array.from(atob(record.kinesis.data), (byte) => byte.charCodeAt(0)), join(at, 'kinesis.data')];
  if (Array.isArray(record.Records) || Array.isArray(record.Messages))
    throw new MetricEventError('NOT_ONE_EVENT', at, 'a batch of records where one event is expected; use parseRecords');
  throw unknownPayload(record, at);
}

function detailOf(event: Members, at: string): unknown {
  const { source, 'detail-type': detailType, detail } = event;
  if (source === EVENT_SOURCE && detailType === EVENT_DETAIL_TYPE) return detail;
  if (source === EVENT_SOURCE && String(detailType).startsWith(`${EVENT_DETAIL_TYPE}.v`))
    throw unsupportedVersion(join(at, 'detail-type'), detailType);
  throw new MetricEventError(
    'OTHER_EVENT',
    at,
    `an event of source ${shown(source)} and detail-type ${shown(detailType)}; expected ${shown(EVENT_SOURCE)} and ` +
      `${shown(EVENT_DETAIL_TYPE)}. Correct the event pattern of the rule`,
  );
}

function checkedDetail(detail: Members, at: string): MetricChanged {
  refuseOtherMajor(detail, at);
  const parsed = metricChanged.safeParse(detail);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path ?? [];
  const count = parsed.error.issues.length;
  throw new MetricEventError(
    'CONTRACT_BROKEN',
    where.reduce<string>((path, member) => join(path, member), at),
    `${shown(valueAt(detail, where))} is not allowed (${reasonOf(issue)})${count > 1 ? `, and ${count - 1} more` : ''}`,
  );
}

/** The version decides first: of another major version nothing else is known, so nothing else may be complained about. */
function refuseOtherMajor(detail: Members, at: string): void {
  const version = isMembers(detail.metadata) ? detail.metadata.schemaVersion : undefined;
  if (typeof version !== 'string' || !/^\d+\.\d+$/.test(version) || version.startsWith(`${SUPPORTED_MAJOR}.`)) return;
  throw unsupportedVersion(join(at, 'metadata.schemaVersion'), version);
}

function unsupportedVersion(at: string, version: unknown): MetricEventError {
  return new MetricEventError(
    'UNSUPPORTED_VERSION',
    at,
    `${shown(version)} is another major version; this kit reads ${SUPPORTED_MAJOR}.x. Subscribe to the detail-type ` +
      `${shown(EVENT_DETAIL_TYPE)}, or install the kit of that version`,
  );
}

function jsonAt(text: string, at: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new MetricEventError('NOT_JSON', at, `${shown(text)} is not JSON`, { cause: error });
  }
}

function unknownPayload(value: unknown, at: string): MetricEventError {
  const seen = isMembers(value) ? `an object with the members ${shown(Object.keys(value).slice(0, 8))}` : shown(value);
  return new MetricEventError(
    'UNKNOWN_PAYLOAD',
    at,
    `${seen} carries no event; expected an EventBridge event, an SQS or Kinesis record, or the detail itself ` +
      `(metadata and data). Check the input settings of the target`,
  );
}

function reasonOf(issue: core.$ZodIssue | undefined): string {
  if (issue?.code === 'invalid_type') return `expected ${issue.expected}`;
  if (issue?.code === 'invalid_value') return `allowed: ${shown(issue.values)}`;
  if (issue?.code === 'invalid_format' && issue.pattern) return `expected the form ${issue.pattern}`;
  return issue?.code ?? 'unknown reason';
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inside, member) => (typeof inside === 'object' && inside !== null ? Reflect.get(inside, member) : undefined),
    value,
  );
}

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function join(path: string, member: PropertyKey): string {
  if (typeof member === 'number') return `${path}[${member}]`;
  return path ? `${path}.${String(member)}` : String(member);
}
