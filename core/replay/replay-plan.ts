/**
 * What a replay would do, found out by doing it in memory: the window is read as a slice reads it, and applied by the very same core to a
 * rehearsal of the tables. It writes nothing anywhere, and sends and publishes nothing.
 */
import type { MetricChanged } from '#schemas/metric-changed.ts';
import type { ProjectionMessage } from '#schemas/projection-message.ts';
import { SOURCE_TABLES } from '#schemas/source/lph.ts';
import { metricChangedEvent } from '../event/metric-changed-event.ts';
import { RowMirror } from '../mirror/row-mirror.ts';
import type { ItemStore } from '../platform/item-store.ts';
import { type ItemChange, OverlayItemStore, type RehearsedCost } from '../platform/overlay-item-store.ts';
import { Quarantine } from '../quarantine/quarantine.ts';
import type { ReplicationContext } from '../replication/replicate-batch.ts';
import { runProjection } from '../replication/run-projection.ts';
import { applyRecords } from './apply-records.ts';
import type { ChangeLog } from './change-log.ts';
import { ReadPace } from './read-pace.ts';
import { WindowReader } from './read-window.ts';
import { isSelected } from './record-filter.ts';
import { addCounts, NO_COUNTS, type ReplayCounts, type ReplayRequest } from './replay-run.ts';

/** Settings of the deployment that decide what a replay does. */
export interface ReplaySettings {
  readonly tombstoneDays: number;
  readonly graceSeconds: number;
  readonly fanOutLimit: number;
  readonly redirectDays: number;
  readonly readShare: number;
  readonly batchRecords: number;
}

export interface PlanContext {
  readonly store: ItemStore;
  readonly tables: { readonly metrics: string; readonly sourceRows: string; readonly quarantine: string };
  readonly settings: ReplaySettings;
  readonly log: ChangeLog;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly pause: (attempt: number) => Promise<void>;
  /** Told after every answer: records looked at so far, and the shard. */
  readonly progress: (shardId: string, looked: number) => void;
}

export interface PlannedShard {
  readonly shardId: string;
  /** From 0; the shards of one are read side by side. */
  readonly generation: number;
  /** Inside the window. */
  readonly records: number;
  readonly bytes: number;
  readonly firstArrivedAtMs: number | undefined;
  readonly lastArrivedAtMs: number | undefined;
}

export interface PlannedChanges {
  readonly shards: readonly PlannedShard[];
  readonly counts: ReplayCounts;
  /** Items of the Metrics table that would be others afterwards. */
  readonly items: readonly ItemChange[];
  readonly events: readonly MetricChanged[];
  /** Rows and heads of the mirror that would be others afterwards. */
  readonly mirrorItems: number;
  readonly cost: RehearsedCost;
  /** The least that reading alone takes at the replay's share of the read limits, milliseconds. */
  readonly readingMs: number;
}

export async function rehearseReplay(context: PlanContext, request: ReplayRequest): Promise<PlannedChanges> {
  const { tables, log, nowMs, sleep, settings } = context;
  const overlay = new OverlayItemStore(
    context.store,
    new Map([
      [tables.metrics, ['name', 'version']],
      [tables.sourceRows, ['pk', 'sk']],
      [tables.quarantine, ['pk', 'sk']],
    ]),
  );
  const rehearsal = new Rehearsal(context, overlay);
  const shards: PlannedShard[] = [];
  let counts = NO_COUNTS;
  let looked = 0;
  for (const [generation, shardIds] of request.generations.entries()) {
    for (const shardId of shardIds) {
      // The plan reads as a replay of the whole share would, so the live consumer is as safe from it.
      const reading = { log, pace: new ReadPace(request.readShare), nowMs, sleep };
      const reader = new WindowReader(reading, shardId, request.window, undefined);
      let found: PlannedShard = EMPTY(shardId, generation);
      for (let end = false; !end; ) {
        const read = await reader.next(settings.batchRecords);
        const selected = read.records.filter((record) => isSelected(request.filter, record, SOURCE_TABLES));
        counts = addCounts(counts, await applyRecords(rehearsal.replication, selected, sleep));
        await rehearsal.finishQueued();
        found = withRecords(found, selected);
        looked += read.looked;
        context.progress(shardId, looked);
        end = read.end;
      }
      shards.push(found);
    }
  }
  await rehearsal.finishDelayed();
  const changes = overlay.changes();
  return {
    shards,
    counts,
    items: changes.filter(({ table }) => table === tables.metrics),
    events: overlay
      .writes()
      .filter(({ table, before, after }) => table === tables.metrics && (after ?? before)?.version?.S === '0')
      .flatMap(({ before, after }) => metricChangedEvent({ oldImage: before, newImage: after }, tables.metrics) ?? []),
    mirrorItems: changes.filter(({ table }) => table === tables.sourceRows).length,
    cost: overlay.cost(),
    readingMs: leastReadingMs(request, shards, settings.batchRecords),
  };
}

const EMPTY = (shardId: string, generation: number): PlannedShard => ({
  shardId,
  generation,
  records: 0,
  bytes: 0,
  firstArrivedAtMs: undefined,
  lastArrivedAtMs: undefined,
});

function withRecords(
  shard: PlannedShard,
  records: readonly { arrivedAtMs: number; bytes: Uint8Array }[],
): PlannedShard {
  const arrivals = [shard.firstArrivedAtMs, shard.lastArrivedAtMs, ...records.map(({ arrivedAtMs }) => arrivedAtMs)]
    .filter((ms) => ms !== undefined)
    .sort((a, b) => a - b);
  return {
    ...shard,
    records: shard.records + records.length,
    bytes: shard.bytes + records.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
    firstArrivedAtMs: arrivals[0],
    lastArrivedAtMs: arrivals.at(-1),
  };
}

/** The core on the rehearsed tables, with a queue whose messages are done at once and a clock that can be moved over the grace period. */
class Rehearsal {
  readonly replication: ReplicationContext;
  readonly #queued: ProjectionMessage[] = [];
  #delayed: ProjectionMessage[] = [];
  #aheadMs = 0;
  readonly #graceMs: number;

  constructor({ tables, settings, nowMs, pause }: PlanContext, store: OverlayItemStore) {
    const now = (): number => nowMs() + this.#aheadMs;
    this.#graceMs = settings.graceSeconds * 1000;
    this.replication = {
      store,
      tables: { metrics: tables.metrics, sourceRows: tables.sourceRows },
      graceMs: this.#graceMs,
      redirectDays: settings.redirectDays,
      fanOutLimit: settings.fanOutLimit,
      nowMs: now,
      pause,
      unpublishable: () => {},
      send: async (message, delaySeconds) => void (delaySeconds > 0 ? this.#delayed : this.#queued).push(message),
      tablesDeclared: SOURCE_TABLES,
      mirror: new RowMirror(store, tables.sourceRows, settings.tombstoneDays, now),
      quarantine: new Quarantine(store, tables.quarantine, async () => {}, now),
      log: { quarantined: () => {}, control: () => {}, failed: () => {} },
    };
  }

  async finishQueued(): Promise<void> {
    for (let message = this.#queued.shift(); message; message = this.#queued.shift())
      await runProjection(this.replication, JSON.stringify(message));
  }

  /** Metrics that waited for missing rows are looked at again, after the grace period as in the end they would be. */
  async finishDelayed(): Promise<void> {
    const waiting = this.#delayed;
    this.#delayed = [];
    this.#aheadMs += this.#graceMs;
    for (const message of waiting) await runProjection(this.replication, JSON.stringify(message));
    await this.finishQueued();
  }
}

/** Generations follow each other, the shards of one are read side by side. */
function leastReadingMs(request: ReplayRequest, shards: readonly PlannedShard[], batchRecords: number): number {
  return request.generations.reduce((total, _, generation) => {
    const each = shards
      .filter((shard) => shard.generation === generation)
      .map((shard) => readingMs(shard, request.readShare, batchRecords));
    return total + Math.max(0, ...each);
  }, 0);
}

function readingMs({ records, bytes }: PlannedShard, share: number, batchRecords: number): number {
  const pace = new ReadPace(share);
  const calls = Math.ceil(records / batchRecords);
  pace.spent(0, calls === 0 ? 0 : bytes / calls);
  return calls * pace.waitMs(0);
}
