/**
 * A batch of a Kinesis event source mapping, in the order of the shard. Lambda delivers again from the lowest sequence number that is reported,
 * so nothing behind a failure is worked on. A record that can never be read would hold up its shard: set it aside with `onUnreadable`.
 */
import type { MetricChanged } from '#schemas/metric-changed.ts';
import { type BatchResponse, type Failure, toStderr } from './metric-batch.ts';
import { parseRecords, type UnreadableRecord } from './parse-records.ts';

export interface KinesisBatchOptions {
  /** Told of the record that stopped the batch. */
  readonly onFailure?: (failure: Failure) => void;
  /** Keeps a record that cannot be read; after it the batch goes on. Without it such a record is a failure and stops the batch. */
  readonly onUnreadable?: (record: UnreadableRecord) => Promise<void> | void;
}

/** @throws MetricEventError when the payload is no batch at all. */
export async function handleKinesisBatch(
  payload: unknown,
  handle: (event: MetricChanged) => Promise<unknown> | unknown,
  { onFailure = toStderr, onUnreadable }: KinesisBatchOptions = {},
): Promise<BatchResponse> {
  for (const record of parseRecords(payload)) {
    try {
      if ('event' in record) await handle(record.event);
      else if (onUnreadable) await onUnreadable(record);
      else throw record.error;
    } catch (error) {
      onFailure({ itemId: record.itemId, error, ...('event' in record && { eventId: record.event.metadata.eventId }) });
      return { batchItemFailures: [{ itemIdentifier: record.itemId }] };
    }
  }
  return { batchItemFailures: [] };
}
