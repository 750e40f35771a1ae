/**
 * Moves messages of a queue to a target: receives, delivers in batches, deletes what succeeded. What failed it leaves alone; the
 * queue shows it again after its visibility time-out and moves it to its dead-letter queue by its own redrive policy.
 *
 * AWS begins with five pollers and grows; here as many loops run as the mapping's maximum concurrency, or two.
 */
import type { Log } from '../local-aws.ts';
import type { BatchTarget, Delivery } from './batch-target.ts';
import { type BatchLimits, type Buffered, decideWindow } from './batch-window.ts';
import type { Clock } from './clock.ts';
import type { QueueRecord, QueueSource } from './queue-source.ts';
import type { RecordFilter } from './record-filter.ts';
import { backoffMs } from './retry-decision.ts';

export const DEFAULT_QUEUE_CONCURRENCY = 2;

const LONG_POLL_SECONDS = 20;

export interface QueueReaderSettings {
  readonly queue: QueueSource;
  readonly target: BatchTarget;
  readonly limits: BatchLimits;
  readonly concurrency: number;
  readonly filter: RecordFilter;
  readonly clock: Clock;
  readonly name: string;
  readonly log: Log;
}

/** Which messages of a batch are done. Pure. */
export function deliveredRecords(records: readonly QueueRecord[], delivery: Delivery): readonly QueueRecord[] {
  if (delivery.kind === 'delivered') return records;
  if (delivery.kind !== 'items-failed') return [];
  const failed = new Set(delivery.identifiers);
  return records.filter((record) => !failed.has(record.identifier));
}

export class QueuePoller {
  readonly #settings: QueueReaderSettings;
  readonly #held = new Set<QueueRecord>();
  #running: { readonly controller: AbortController; readonly ended: Promise<unknown> } | undefined;
  #batches = 0;
  #records = 0;
  #filtered = 0;
  #lastError: string | undefined;

  constructor(settings: QueueReaderSettings) {
    this.#settings = settings;
  }

  start(): void {
    if (this.#running !== undefined) return;
    const controller = new AbortController();
    const loops = Array.from({ length: this.#settings.concurrency }, () => this.#run(controller.signal));
    this.#running = { controller, ended: Promise.all(loops) };
  }

  /** Waits for the deliveries under way. Messages that are held and not delivered come again after their visibility time-out. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    running.controller.abort();
    await running.ended;
    this.#running = undefined;
  }

  /** `lagMs` is the age of the oldest message in hand; how many wait, only the queue knows. */
  status(): {
    state: string;
    lagMs: number;
    batches: number;
    records: number;
    filtered: number;
    lastError: string | undefined;
  } {
    const nowMs = this.#settings.clock.nowMs();
    let lagMs = 0;
    for (const record of this.#held) lagMs = Math.max(lagMs, nowMs - record.arrivedAtMs);
    return {
      state: this.#running === undefined ? 'stopped' : 'running',
      lagMs,
      batches: this.#batches,
      records: this.#records,
      filtered: this.#filtered,
      lastError: this.#lastError,
    };
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#settings;
    let failures = 0;
    while (!signal.aborted) {
      const batch: Buffered<QueueRecord>[] = [];
      try {
        await this.#fill(batch, signal);
        while (batch.length > 0 && !signal.aborted) {
          const decision = decideWindow(batch, this.#settings.limits, clock.nowMs(), true);
          // A message is never larger than a payload may be, so there is always something to take.
          const count = decision.kind === 'take' ? decision.count : 1;
          await this.#deliver(batch.splice(0, count).map((buffered) => buffered.record));
        }
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#failed(error instanceof Error ? error.message : String(error));
        await clock.sleep(backoffMs(failures), signal);
      } finally {
        for (const { record } of batch) this.#held.delete(record);
      }
    }
  }

  /** Receives until the batch is full or its window has passed. */
  async #fill(batch: Buffered<QueueRecord>[], signal: AbortSignal): Promise<void> {
    const { queue, limits, clock, filter } = this.#settings;
    let waitSeconds = LONG_POLL_SECONDS;
    while (!signal.aborted) {
      const received = await queue.receive(limits.batchSize - batch.length, waitSeconds, signal);
      const passing = received.filter((record) => filter(record));
      const filtered = received.filter((record) => !passing.includes(record));
      if (filtered.length > 0) await queue.delete(filtered);
      this.#filtered += filtered.length;
      for (const record of passing) {
        this.#held.add(record);
        batch.push({ record, bytes: Buffer.byteLength(record.json), bufferedAtMs: clock.nowMs() });
      }
      const decision = decideWindow(batch, limits, clock.nowMs(), false);
      if (decision.kind !== 'wait' && decision.kind !== 'empty') return;
      waitSeconds =
        decision.kind === 'wait' ? Math.min(LONG_POLL_SECONDS, Math.ceil(decision.ms / 1000)) : LONG_POLL_SECONDS;
    }
  }

  async #deliver(records: readonly QueueRecord[]): Promise<void> {
    const { target, queue } = this.#settings;
    try {
      const delivery = await target.deliver(records);
      const done = deliveredRecords(records, delivery);
      if (done.length > 0) await queue.delete(done);
      this.#records += done.length;
      if (delivery.kind === 'delivered') {
        this.#batches += 1;
        this.#lastError = undefined;
      } else if (delivery.kind === 'throttled') throw new Error(delivery.message);
      else this.#failed(delivery.message);
    } finally {
      for (const record of records) this.#held.delete(record);
    }
  }

  #failed(message: string): void {
    // The same failure repeats for as long as its cause lasts; one line is enough to act on.
    if (this.#lastError !== message) this.#settings.log(this.#settings.name, message);
    this.#lastError = message;
  }
}
