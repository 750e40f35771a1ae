/** The real core on the in-memory store: batches in, queue messages in between, items and events out. Time is moved by the test. */
import { metricChangedEvent } from '#core/event/metric-changed-event.ts';
import { plainJson } from '#core/event/plain-json.ts';
import type { Item } from '#core/platform/item-store.ts';
import { Quarantine } from '#core/quarantine/quarantine.ts';
import type { ChangeRecord } from '#core/replication/change-record.ts';
import { type BatchResult, type ReplicationContext, replicateBatch } from '#core/replication/replicate-batch.ts';
import { runProjection } from '#core/replication/run-projection.ts';
import type { MetricChanged } from '#schemas/metric-changed.ts';
import type { ProjectionMessage } from '#schemas/projection-message.ts';
import { MemoryItemStore, MemoryTables } from './memory-item-store.ts';
import { changeRecord, testContext } from './test-context.ts';

export interface QueuedMessage {
  readonly body: ProjectionMessage;
  readonly dueMs: number;
}

const TABLE_KEYS = {
  Metrics: ['name', 'version'],
  SourceRows: ['pk', 'sk'],
  Quarantine: ['pk', 'sk'],
  Replays: ['pk', 'sk'],
} as const;

export class RelayWorld {
  readonly tables: MemoryTables;
  readonly queue: QueuedMessage[] = [];
  readonly setAside = new Map<string, Uint8Array>();
  readonly failures: unknown[] = [];
  readonly #graceMs: number;
  readonly #fanOutLimit: number;
  nowMs = 1_000_000;
  #sequence = 0;

  constructor({ graceMs = 0, fanOutLimit = 100 } = {}, tables?: MemoryTables) {
    this.#graceMs = graceMs;
    this.#fanOutLimit = fanOutLimit;
    this.tables = tables ?? new MemoryTables(TABLE_KEYS);
  }

  /** A world that goes on from here by itself; the queue and the clock come along. */
  copy(): RelayWorld {
    const copy = new RelayWorld({ graceMs: this.#graceMs, fanOutLimit: this.#fanOutLimit }, this.tables.copy());
    copy.queue.push(...this.queue);
    copy.nowMs = this.nowMs;
    copy.#sequence = this.#sequence;
    return copy;
  }

  records(messages: readonly string[]): ChangeRecord[] {
    return messages.map((message) => changeRecord(message, ++this.#sequence, this.nowMs));
  }

  context(gate?: () => Promise<void>): ReplicationContext {
    const store = new MemoryItemStore(this.tables, gate);
    const now = (): number => this.nowMs;
    return testContext(
      {
        store,
        nowMs: now,
        send: async (body, delaySeconds) => {
          await gate?.();
          this.queue.push({ body, dueMs: this.nowMs + delaySeconds * 1000 });
        },
        failed: (error) => void this.failures.push(error),
      },
      {
        graceMs: this.#graceMs,
        fanOutLimit: this.#fanOutLimit,
        quarantine: new Quarantine(store, 'Quarantine', async (key, bytes) => void this.setAside.set(key, bytes), now),
      },
    );
  }

  async apply(messages: readonly string[]): Promise<BatchResult> {
    return replicateBatch(this.context(), this.records(messages));
  }

  /** Moves time over all delays and does what the queue holds until it is empty. */
  async drainQueue(): Promise<void> {
    for (let left = 10_000; this.queue.length > 0; left--) {
      if (left === 0) throw new Error('the projection queue never runs dry');
      const message = this.queue.shift();
      if (!message) return;
      this.nowMs = Math.max(this.nowMs, message.dueMs);
      await runProjection(this.context(), JSON.stringify(message.body));
    }
  }

  /** Live items by `name␀version`, without what is not the source's. */
  liveItems(): Map<string, Record<string, unknown>> {
    const live = [...this.tables.table('Metrics').values()].filter((item) => !item.renamedTo);
    return new Map(
      live.map((item) => {
        const { revision: _, lastChange: __, previousName: ___, ...content } = item;
        return [`${item.name?.S}\u0000${item.version?.S}`, asText(content)];
      }),
    );
  }

  /** Events in the order of the stream, as a pipe with the filter version "0" would publish them. */
  events(): MetricChanged[] {
    return this.tables.stream
      .filter(({ table, newImage, oldImage }) => table === 'Metrics' && (newImage ?? oldImage)?.version?.S === '0')
      .flatMap((images) => metricChangedEvent(images, 'Metrics') ?? []);
  }
}

/** Numbers as their text, so that the comparison is exact. */
function asText(item: Item): Record<string, unknown> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value.N ?? plainJson({ value }).value]));
}
