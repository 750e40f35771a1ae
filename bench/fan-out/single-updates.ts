/**
 * Updates single metrics at a fixed pace and times each one from its commit until a reader sees it in item "0", and until a subscriber has
 * its event. A stalled pipeline does not slow the writer down: what comes late counts as late.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Connection } from 'mysql2/promise';
import { addVersion, singleName } from './shared-dimension.ts';

export const UPDATE_EVERY_MS = 200;
/** Between two looks for items that are awaited; the error of an item's time, upwards. */
const LOOK_EVERY_MS = 15;

interface Update {
  readonly metricId: number;
  readonly version: number;
  readonly committedAtMs: number;
  itemAtMs?: number;
  eventAtMs?: number;
}

export interface UpdateLatencies {
  readonly updates: number;
  readonly itemMs: readonly number[];
  readonly eventMs: readonly number[];
  readonly itemToEventMs: readonly number[];
  /** How long the looks themselves took: one plain read of DynamoDB, which waits for no hop of the pipeline. */
  readonly readMs: readonly number[];
}

export class SingleUpdates {
  readonly #source: Connection;
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #ids: readonly number[];
  readonly #versions = new Map<number, number>();
  readonly #awaitingItem = new Set<Update>();
  readonly #awaitingEvent = new Set<Update>();
  #readMs: number[] = [];

  constructor(source: Connection, client: DynamoDBClient, metricsTable: string, metricIds: readonly number[]) {
    this.#source = source;
    this.#client = client;
    this.#table = metricsTable;
    this.#ids = metricIds;
  }

  /** Updates until the signal is aborted, then waits for what was written. */
  async run(signal: AbortSignal): Promise<UpdateLatencies> {
    const updates: Update[] = [];
    this.#readMs = [];
    const looking = new AbortController();
    let lookEnded = false;
    const look = this.#look(looking.signal).finally(() => {
      lookEnded = true;
    });
    look.catch(() => {}); // Told by the await below; until then nobody listens.
    try {
      const startedAtMs = performance.now();
      while (!signal.aborted && !lookEnded) {
        updates.push(await this.#update());
        const nextAtMs = startedAtMs + updates.length * UPDATE_EVERY_MS;
        await delay(Math.max(0, nextAtMs - performance.now()), undefined, { signal }).catch(() => {});
      }
      while ((this.#awaitingItem.size > 0 || this.#awaitingEvent.size > 0) && !lookEnded) await delay(LOOK_EVERY_MS);
    } finally {
      looking.abort();
      await look;
    }
    const between = (from: 'committedAtMs' | 'itemAtMs', to: 'itemAtMs' | 'eventAtMs'): number[] =>
      updates.flatMap(({ [from]: begin, [to]: end }) =>
        begin === undefined || end === undefined ? [] : [end - begin],
      );
    return {
      updates: updates.length,
      itemMs: between('committedAtMs', 'itemAtMs'),
      eventMs: between('committedAtMs', 'eventAtMs'),
      // An item is looked for every few milliseconds; an event may be told before the item was seen.
      itemToEventMs: between('itemAtMs', 'eventAtMs').map((ms) => Math.max(0, ms)),
      readMs: this.#readMs,
    };
  }

  /** An event tells that its version and every earlier one of the metric is published. */
  noteEvent(metricId: number, version: number, receivedAtMs: number): void {
    for (const update of this.#awaitingEvent) {
      if (update.metricId !== metricId || update.version > version) continue;
      update.eventAtMs = receivedAtMs;
      this.#awaitingEvent.delete(update);
    }
  }

  async #update(): Promise<Update> {
    const written = [...this.#versions.values()].reduce((sum, version) => sum + version - 1, 0);
    const metricId = this.#ids[written % this.#ids.length] ?? 0;
    const version = (this.#versions.get(metricId) ?? 1) + 1;
    this.#versions.set(metricId, version);
    await addVersion(this.#source, metricId, version);
    const update: Update = { metricId, version, committedAtMs: Date.now() };
    this.#awaitingItem.add(update);
    this.#awaitingEvent.add(update);
    return update;
  }

  async #look(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(LOOK_EVERY_MS);
      const ids = [...new Set([...this.#awaitingItem].map(({ metricId }) => metricId))];
      if (ids.length === 0) continue;
      const Keys = ids.map((id) => ({ name: { S: singleName(id) }, version: { S: '0' } }));
      const request = { Keys, ConsistentRead: true, ProjectionExpression: 'metricId, latestVersion' };
      const askedAtMs = performance.now();
      const { Responses } = await this.#client.send(
        new BatchGetItemCommand({ RequestItems: { [this.#table]: request } }),
      );
      this.#readMs.push(Math.round(performance.now() - askedAtMs));
      const seenAtMs = Date.now();
      for (const item of Responses?.[this.#table] ?? [])
        this.#noteItem(item.metricId?.N, item.latestVersion?.N, seenAtMs);
    }
  }

  #noteItem(metricId: string | undefined, version: string | undefined, seenAtMs: number): void {
    for (const update of this.#awaitingItem) {
      if (String(update.metricId) !== metricId || update.version > Number(version)) continue;
      update.itemAtMs = seenAtMs;
      this.#awaitingItem.delete(update);
    }
  }
}
