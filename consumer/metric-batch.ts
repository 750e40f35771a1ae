/**
 * A batch of an SQS event source mapping, worked through metric by metric in the order of revisions. Every message has a fate of its own: only
 * those that failed, or could not be read, are delivered again. Kinesis has an order to keep: see `kinesis-batch.ts`.
 */
import type { MetricChanged } from '#schemas/metric-changed.ts';
import { type ParsedRecord, parseRecords, type ReadRecord } from './parse-records.ts';

/** As Lambda takes it with `ReportBatchItemFailures`. Without that setting on the event source mapping it is ignored, and messages are lost. */
export interface BatchResponse {
  batchItemFailures: { itemIdentifier: string }[];
}

export interface Failure {
  readonly itemId: string;
  /** Absent when the record could not be read. */
  readonly eventId?: string;
  readonly error: unknown;
}

export interface BatchOptions {
  /** Told of every failed record; default: one line on stderr, with the id of the event and what the error says of itself. */
  readonly onFailure?: (failure: Failure) => void;
  /** Metrics at the same time; default 1. Events of one metric are never at the same time. */
  readonly concurrency?: number;
}

export class MetricBatch {
  readonly #records: readonly ParsedRecord[];
  readonly #done = new Set<ParsedRecord>();
  readonly #told = new Set<ParsedRecord>();
  readonly #onFailure: (failure: Failure) => void;
  readonly #concurrency: number;

  /** @throws MetricEventError when the payload is no batch at all. */
  constructor(payload: unknown, { onFailure = toStderr, concurrency = 1 }: BatchOptions = {}) {
    this.#records = parseRecords(payload);
    this.#onFailure = onFailure;
    this.#concurrency = Math.max(1, concurrency);
    for (const record of this.#records) if (!('event' in record)) onFailure(record);
  }

  /** Runs `handle` for every event; what it throws fails that message alone. */
  async each(handle: (event: MetricChanged) => Promise<unknown> | unknown): Promise<void> {
    const groups = this.#byMetric();
    const worker = async (): Promise<void> => {
      for (let group = groups.shift(); group; group = groups.shift())
        for (const record of group) await this.#one(record, handle);
    };
    await Promise.all(Array.from({ length: this.#concurrency }, worker));
  }

  /** Everything that was not done, unread records and those never handed to `each` among them. */
  response(): BatchResponse {
    const failed = this.#records.filter((record) => !this.#done.has(record));
    return { batchItemFailures: failed.map(({ itemId }) => ({ itemIdentifier: itemId })) };
  }

  /** The whole batch was broken off: tells the failure of what was not done and not told yet. */
  failed(error: unknown): void {
    for (const record of this.#records)
      if ('event' in record && !this.#done.has(record) && !this.#told.has(record)) this.#tell(record, error);
  }

  #tell(record: ReadRecord, error: unknown): void {
    this.#told.add(record);
    this.#onFailure({ itemId: record.itemId, eventId: record.event.metadata.eventId, error });
  }

  async #one(record: ReadRecord, handle: (event: MetricChanged) => Promise<unknown> | unknown): Promise<void> {
    try {
      await handle(record.event);
      this.#done.add(record);
    } catch (error) {
      this.#tell(record, error);
    }
  }

  #byMetric(): ReadRecord[][] {
    const groups = new Map<string, ReadRecord[]>();
    for (const record of this.#records) {
      if (!('event' in record)) continue;
      const { metricId } = record.event.data;
      const group = groups.get(metricId);
      if (group) group.push(record);
      else groups.set(metricId, [record]);
    }
    return [...groups.values()].map((group) => group.sort((a, b) => a.event.data.revision - b.event.data.revision));
  }
}

/** The whole handler of an SQS event source mapping. */
export async function handleSqsBatch(
  payload: unknown,
  handle: (event: MetricChanged) => Promise<unknown> | unknown,
  options?: BatchOptions,
): Promise<BatchResponse> {
  const batch = new MetricBatch(payload, options);
  await batch.each(handle);
  return batch.response();
}

export function toStderr({ itemId, eventId, error }: Failure): void {
  console.error(
    JSON.stringify({ message: 'MetricChanged will be delivered again', itemId, eventId, reason: String(error) }),
  );
}
