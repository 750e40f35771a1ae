/**
 * One batch of the pipe to the events it publishes. A pipe retries a batch as a whole and holds back its shard meanwhile, so a record that can
 * never become an event is set aside here with its content and the reason, and the others go on. What fails because something
 * cannot be reached is thrown: the batch comes again and gives the same events with the same ids.
 */
import { createHash } from 'node:crypto';
import { type MetricChanged, metricChanged } from '#schemas/metric-changed.ts';
import { dispositionOf } from '../error/disposition.ts';
import { decided } from '../error/pure-decision.ts';
import { RelayError } from '../error/relay-error.ts';
import type { Item } from '../platform/item-store.ts';
import type { ChangeRecord } from '../replication/change-record.ts';
import { metricChangedEvent } from './metric-changed-event.ts';

/** In the quarantine, the place of the shard: records of the Metrics table's stream are told from those of the change stream by it. */
export const METRICS_STREAM = 'metrics-stream';

export interface EventBatchContext {
  readonly metricsTable: string;
  /** Where a record goes that cannot become an event. A rejection fails the batch, which is retried. */
  readonly setAside: (record: ChangeRecord, error: RelayError) => Promise<void>;
}

export interface EventBatch {
  readonly events: readonly MetricChanged[];
  readonly setAside: number;
}

export async function eventsOfBatch(context: EventBatchContext, records: readonly unknown[]): Promise<EventBatch> {
  const events: MetricChanged[] = [];
  let setAside = 0;
  for (const record of records) {
    try {
      const event = decided('telling the event', () => eventOf(record, context.metricsTable));
      if (event) events.push(event);
    } catch (error) {
      if (!(error instanceof RelayError) || dispositionOf(error) !== 'quarantine') throw error;
      await context.setAside(recordOf(record), error);
      setAside += 1;
    }
  }
  return { events, setAside };
}

/** What of a stream record is read; everything may be missing in one that was not made by DynamoDB. */
interface StreamRecord {
  readonly eventName?: unknown;
  readonly dynamodb?: {
    readonly NewImage?: Item;
    readonly OldImage?: Item;
    readonly SequenceNumber?: unknown;
    readonly ApproximateCreationDateTime?: unknown;
  };
}

function eventOf(record: unknown, metricsTable: string): MetricChanged | undefined {
  const { eventName, dynamodb } = (record ?? {}) as StreamRecord;
  if (eventName === 'REMOVE') return undefined;
  if (!dynamodb?.NewImage)
    throw new RelayError('UNPUBLISHABLE_ITEM', 'the stream record has no new image; the stream must carry both images');
  const event = metricChangedEvent({ oldImage: dynamodb.OldImage, newImage: dynamodb.NewImage }, metricsTable);
  const checked = event && metricChanged.safeParse(event);
  if (!checked || checked.success) return event;
  const where = checked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new RelayError('UNPUBLISHABLE_ITEM', `the event would break its published schema: ${where.join('; ')}`);
}

function recordOf(record: unknown): ChangeRecord {
  const { dynamodb } = (record ?? {}) as StreamRecord;
  const bytes = Buffer.from(JSON.stringify(record) ?? 'undefined');
  const { SequenceNumber: sequenceNumber, ApproximateCreationDateTime: seconds } = dynamodb ?? {};
  return {
    shardId: METRICS_STREAM,
    sequenceNumber:
      typeof sequenceNumber === 'string' && /^\d+$/.test(sequenceNumber)
        ? sequenceNumber
        : createHash('sha256').update(bytes).digest('hex').slice(0, 40),
    arrivedAtMs: typeof seconds === 'number' && seconds > 0 && seconds < 1e10 ? Math.round(seconds * 1000) : 0,
    bytes,
  };
}
