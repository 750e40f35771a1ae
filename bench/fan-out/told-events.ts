/**
 * Takes every event of the bus, over two subscriptions: one for the metrics that are updated singly, so that nothing else stands before
 * them in the subscriber's own queue, and one for all others. It counts each event id once and remembers deliveries beyond the first.
 */
import * as z from 'zod';
import type { Connection } from '#cli/connection/connection.ts';
import { requireOutput } from '#cli/connection/connection.ts';
import { type Subscription, subscribe } from '#cli/events/subscription.ts';
import { SINGLE_PREFIX } from './shared-dimension.ts';

const envelope = z.object({
  detail: z.object({
    metadata: z.object({ eventId: z.string() }),
    data: z.object({ metricId: z.string(), name: z.string(), version: z.string().optional() }),
  }),
});

export interface ToldEvent {
  readonly metricId: number;
  readonly version: number;
  readonly receivedAtMs: number;
}

export class ToldEvents {
  /** Event id → metric id, of all metrics but the single ones, since the last `forget`. */
  readonly #told = new Map<string, number>();
  readonly #onSingle: (event: ToldEvent) => void;
  readonly #done = new AbortController();
  readonly #subscriptions: Subscription[] = [];
  #reading: Promise<unknown> = Promise.resolve();
  #failure: unknown;
  #lastAtMs = 0;
  #redelivered = 0;

  constructor(onSingle: (event: ToldEvent) => void) {
    this.#onSingle = onSingle;
  }

  async open(connection: Connection): Promise<void> {
    const busName = requireOutput(connection, 'EventBus');
    const readers: Promise<void>[] = [];
    for (const name of [[{ prefix: SINGLE_PREFIX }], [{ 'anything-but': { prefix: SINGLE_PREFIX } }]]) {
      const pattern = JSON.stringify({ source: ['metric-relay'], detail: { data: { name } } });
      const subscription = await subscribe(connection, busName, pattern);
      this.#subscriptions.push(subscription);
      // Told by the next look, not by an error that nobody awaits: the pipeline must still be stopped.
      const reader = this.#read(subscription).catch((error: unknown) => {
        this.#failure ??= error;
      });
      readers.push(reader);
    }
    this.#reading = Promise.all(readers);
  }

  /** What came belongs to an earlier phase. */
  forget(): void {
    this.#told.clear();
    this.#redelivered = 0;
  }

  /** Different events, the metrics they tell of, and when the last came. */
  seen(): {
    readonly events: number;
    readonly metrics: number;
    readonly redelivered: number;
    readonly lastAtMs: number;
  } {
    if (this.#failure !== undefined) throw this.#failure;
    const metrics = new Set(this.#told.values()).size;
    return { events: this.#told.size, metrics, redelivered: this.#redelivered, lastAtMs: this.#lastAtMs };
  }

  async close(): Promise<void> {
    this.#done.abort();
    await this.#reading;
    for (const subscription of this.#subscriptions) await subscription.close();
  }

  async #read(subscription: Subscription): Promise<void> {
    for await (const { envelope: text, receivedAtMs } of subscription.deliveries(this.#done.signal)) {
      const { metadata, data } = envelope.parse(JSON.parse(text)).detail;
      const metricId = Number(data.metricId);
      if (data.name.startsWith(SINGLE_PREFIX)) {
        this.#onSingle({ metricId, version: Number(data.version), receivedAtMs });
        continue;
      }
      if (this.#told.has(metadata.eventId)) this.#redelivered += 1;
      this.#told.set(metadata.eventId, metricId);
      this.#lastAtMs = receivedAtMs;
    }
  }
}
