/**
 * A batch into its events, record by record: one that cannot be read is told as such and does not take the others with it. Which
 * record is to be delivered again is said in the words of the service: message id, or sequence number.
 */
import type { MetricChanged } from '#schemas/metric-changed.ts';
import { MetricEventError } from './metric-event-error.ts';
import { parseMetricChanged } from './parse.ts';

export interface ReadRecord {
  /** Message id (SQS) or sequence number (Kinesis): the `itemIdentifier` of a partial batch response. */
  readonly itemId: string;
  readonly event: MetricChanged;
}

export interface UnreadableRecord {
  readonly itemId: string;
  readonly error: MetricEventError;
}

export type ParsedRecord = ReadRecord | UnreadableRecord;

/**
 * @param payload what Lambda gets from an SQS or Kinesis event source mapping, what ReceiveMessage or GetRecords answers, or an array of records.
 * @returns one entry per record, in their order.
 * @throws MetricEventError when the payload is no batch at all.
 */
export function parseRecords(payload: unknown): readonly ParsedRecord[] {
  const [member, records] = recordsOf(payload);
  return records.map((record, index) => parsedRecord(record, `${member}[${index}]`));
}

function parsedRecord(record: unknown, path: string): ParsedRecord {
  const itemId = itemIdOf(record);
  try {
    return { itemId, event: parseMetricChanged(record, path) };
  } catch (error) {
    if (error instanceof MetricEventError) return { itemId, error };
    throw error;
  }
}

function recordsOf(payload: unknown): readonly [member: string, records: readonly unknown[]] {
  if (Array.isArray(payload)) return ['', payload];
  for (const member of ['Records', 'Messages']) {
    const records: unknown = Object(payload)[member];
    if (Array.isArray(records)) return [member, records];
  }
  // ReceiveMessage leaves `Messages` out when there are none.
  if (payload && typeof payload === 'object' && '$metadata' in payload) return ['Messages', []];
  throw new MetricEventError(
    'NOT_ONE_EVENT',
    '',
    'no batch: expected Records, Messages or an array. For one event use parseMetricChanged',
  );
}

function itemIdOf(record: unknown): string {
  const { messageId, MessageId, kinesis, SequenceNumber, id } = Object(record) as {
    readonly [member: string]: unknown;
  };
  const found = [messageId, MessageId, Object(kinesis).sequenceNumber, SequenceNumber, id];
  return found.find((one) => typeof one === 'string') ?? '';
}
