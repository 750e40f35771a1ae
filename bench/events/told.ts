/** Every delivery at a subscriber, with its size, held against the revisions that moved meanwhile. */

import type { Connection } from '#cli/connection/connection.ts';
import { requireOutput } from '#cli/connection/connection.ts';
import { percentile } from '#cli/demo/percentile.ts';
import type { Revisions } from '#cli/demo/tally.ts';
import { viewMetricChanged } from '#cli/events/metric-changed.ts';
import { DEFAULT_PATTERN, subscribe } from '#cli/events/subscription.ts';

export interface ToldSince {
  /** Revisions that moved: what a reader could see. */
  readonly visibleChanges: number;
  readonly deliveries: number;
  /** Different event ids. */
  readonly events: number;
  readonly lost: number;
  /** Events of a revision that did not move in this phase. */
  readonly tooMany: number;
}

interface Told {
  readonly eventId: string;
  readonly metricId: string;
  readonly revision: bigint;
  readonly detailBytes: number;
}

export class ToldEvents {
  readonly #told: Told[] = [];
  readonly #done = new AbortController();
  #reading: Promise<void> = Promise.resolve();
  #failure: unknown;

  async open(connection: Connection): Promise<void> {
    const subscription = await subscribe(connection, requireOutput(connection, 'EventBus'), DEFAULT_PATTERN);
    const read = async (): Promise<void> => {
      for await (const { envelope } of subscription.deliveries(this.#done.signal)) {
        const event = viewMetricChanged(envelope);
        if (event === undefined) throw new Error(`an event that is no MetricChanged: ${envelope.slice(0, 200)}`);
        const { eventId, metricId, revision } = event;
        const detailBytes = Buffer.byteLength(JSON.stringify((JSON.parse(envelope) as { detail: unknown }).detail));
        this.#told.push({ eventId, metricId, revision, detailBytes });
      }
    };
    this.#reading = read()
      .catch((error: unknown) => {
        this.#failure = error;
      })
      .finally(() => subscription.close());
  }

  get deliveries(): number {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#told.length;
  }

  /** What the deliveries from number `from` on tell, against how far the revisions went. */
  since(from: number, start: Revisions, end: Revisions): ToldSince {
    const told = this.#told.slice(from);
    const ids = new Set(told.map(({ eventId }) => eventId));
    let visibleChanges = 0;
    let lost = 0;
    for (const [metricId, last] of end) {
      for (let revision = (start.get(metricId) ?? 0n) + 1n; revision <= last; revision++) {
        visibleChanges++;
        if (!ids.has(`${metricId}:${revision}`)) lost++;
      }
    }
    return {
      visibleChanges,
      deliveries: told.length,
      events: ids.size,
      lost,
      tooMany: ids.size - (visibleChanges - lost),
    };
  }

  bytes(): { readonly p50: number; readonly p99: number; readonly max: number } {
    const sizes = this.#told.map(({ detailBytes }) => detailBytes);
    const of = (percent: number): number => percentile(sizes, percent) ?? 0;
    return { p50: of(50), p99: of(99), max: of(100) };
  }

  async close(): Promise<void> {
    this.#done.abort();
    await this.#reading;
  }
}
