/**
 * What the core is given in a test, over any store: the names of the tables, the days and the limits are the same in all of them. A test says what
 * it looks at and what it wants otherwise.
 */
import { RowMirror } from '#core/mirror/row-mirror.ts';
import type { ItemStore } from '#core/platform/item-store.ts';
import { Quarantine } from '#core/quarantine/quarantine.ts';
import type { ChangeRecord } from '#core/replication/change-record.ts';
import type { ReplicationContext } from '#core/replication/replicate-batch.ts';
import { SOURCE_TABLES } from '#schemas/source/lph.ts';

export interface TestContext {
  readonly store: ItemStore;
  readonly nowMs: () => number;
  readonly send: ReplicationContext['send'];
  /** Told of every error that the core would log. */
  readonly failed: (error: unknown) => void;
}

export function testContext(
  { store, nowMs, send, failed }: TestContext,
  otherwise: Partial<ReplicationContext> = {},
): ReplicationContext {
  return {
    store,
    tables: { metrics: 'Metrics', sourceRows: 'SourceRows' },
    graceMs: 0,
    redirectDays: 30,
    fanOutLimit: 100,
    nowMs,
    pause: async () => {},
    unpublishable: (_, error) => failed(error),
    send,
    tablesDeclared: SOURCE_TABLES,
    mirror: new RowMirror(store, 'SourceRows', 7, nowMs),
    quarantine: new Quarantine(store, 'Quarantine', async () => {}, nowMs),
    log: { quarantined: () => {}, control: () => {}, failed: (_, error) => failed(error) },
    ...otherwise,
  };
}

/** `number`: place on the only shard. */
export const changeRecord = (message: string, number: number, arrivedAtMs: number): ChangeRecord => ({
  shardId: 'shardId-000000000000',
  sequenceNumber: String(number),
  arrivedAtMs,
  bytes: Buffer.from(message),
});
