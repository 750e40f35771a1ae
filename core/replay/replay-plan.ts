/**
 * What a replay would do, found out by doing it in memory: the window is read as a slice reads it, and applied by the very same core to a
 * rehearsal of the tables. It writes nothing anywhere, and sends and publishes nothing.
 */
import type { MetricChanged } from '#schemas/metric-changed.ts';
import { SOURCE_TABLES } from '#schemas/source/lph.ts';
import { metricChangedEvent } from '../event/metric-changed-event.ts';
import { sameItem } from '../platform/item-cost.ts';
import type { ItemStore } from '../platform/item-store.ts';
import { type ItemChange, OverlayItemStore, type RehearsedCost } from '../platform/overlay-item-store.ts';
import type { ChangeRecord } from '../replication/change-record.ts';
import type { ChangeLog } from './change-log.ts';
import { readBatch } from './read-batch.ts';
import { paceOf } from './read-pace.ts';
import { type WindowRead, WindowReader } from './read-window.ts';
import { isSelected } from './record-filter.ts';
import { Rehearsal } from './rehearsal.ts';
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
  /** Inside the window and selected. */
  readonly records: number;
  readonly bytes: number;
  /** Read to find them. */
  readonly looked: number;
  readonly lookedBytes: number;
  readonly firstArrivedAtMs: number | undefined;
  readonly lastArrivedAtMs: number | undefined;
}

export interface PlannedChanges {
  readonly shards: readonly PlannedShard[];
  readonly counts: ReplayCounts;
  /** Records of rows that the live path was changing while the plan was made, so that nothing can be said of them. */
  readonly busy: number;
  /** Items that the live path changed while the plan was made: they are not the replay's changes. */
  readonly changedMeanwhile: number;
  /** Items of the Metrics table that would be others afterwards. */
  readonly items: readonly ItemChange[];
  readonly events: readonly MetricChanged[];
  /** Rows and heads of the mirror that would be others afterwards. */
  readonly mirrorItems: number;
  readonly cost: RehearsedCost;
  /** The least that reading alone takes at the replay's share of the read limits, milliseconds; 0 for the archive, which has none. */
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
  let busy = 0;
  for (const [generation, shardIds] of request.generations.entries()) {
    for (const shardId of shardIds) {
      // The plan reads as a replay of the whole share would, so the live consumer is as safe from it.
      const reading = { log, pace: paceOf(request), nowMs, sleep };
      const reader = new WindowReader(reading, shardId, request.window, undefined);
      let found: PlannedShard = EMPTY(shardId, generation);
      for (let end = false; !end; ) {
        const read = await readBatch(reader, settings.batchRecords, nowMs);
        const selected = read.records.filter((record) => isSelected(request.filter, record, SOURCE_TABLES));
        const applied = await rehearsal.apply(selected);
        counts = addCounts(counts, applied.counts);
        busy += applied.busy;
        found = withRead(found, read, selected);
        looked += read.looked;
        context.progress(shardId, looked);
        end = read.end;
      }
      shards.push(found);
    }
  }
  await rehearsal.finishDelayed();
  const changes = overlay.changes();
  const claimed = changes.filter(({ table }) => table === tables.metrics);
  const meanwhile = await changedMeanwhile(context, claimed);
  const isMeant = (change: ItemChange): boolean => !meanwhile.has(nameOf(change));
  return {
    shards,
    counts,
    busy,
    changedMeanwhile: claimed.filter((change) => !isMeant(change)).length,
    items: claimed.filter(isMeant),
    events: overlay
      .writes()
      .filter(({ table, before, after }) => table === tables.metrics && (after ?? before)?.version?.S === '0')
      .filter(isMeant)
      .flatMap(({ before, after }) => metricChangedEvent({ oldImage: before, newImage: after }, tables.metrics) ?? []),
    mirrorItems: changes.filter(({ table }) => table === tables.sourceRows).length,
    cost: overlay.cost(),
    readingMs: leastReadingMs(request, shards, settings.batchRecords),
  };
}

const nameOf = ({ before, after }: ItemChange): string => (after ?? before)?.name?.S ?? '';

/** Names of which an item is not any more what the rehearsal found: the live path is at work there, and would be without a replay. */
async function changedMeanwhile(
  { store, tables }: PlanContext,
  changes: readonly ItemChange[],
): Promise<ReadonlySet<string>> {
  const keyOf = (change: ItemChange) => {
    const { name, version } = change.after ?? change.before ?? {};
    return { name: name ?? { S: '' }, version: version ?? { S: '' } };
  };
  const found = await store.getMany(tables.metrics, changes.map(keyOf));
  const now = new Map(found.map((item) => [`${item.name?.S}\u0000${item.version?.S}`, item]));
  const moved = changes.filter((change) => {
    const { name, version } = keyOf(change);
    return !sameItem(change.before, now.get(`${name.S}\u0000${version.S}`));
  });
  return new Set(moved.map(nameOf));
}

const EMPTY = (shardId: string, generation: number): PlannedShard => ({
  shardId,
  generation,
  records: 0,
  bytes: 0,
  looked: 0,
  lookedBytes: 0,
  firstArrivedAtMs: undefined,
  lastArrivedAtMs: undefined,
});

function withRead(shard: PlannedShard, read: WindowRead, selected: readonly ChangeRecord[]): PlannedShard {
  const arrivals = [shard.firstArrivedAtMs, shard.lastArrivedAtMs, ...selected.map(({ arrivedAtMs }) => arrivedAtMs)]
    .filter((ms) => ms !== undefined)
    .sort((a, b) => a - b);
  return {
    ...shard,
    looked: shard.looked + read.looked,
    lookedBytes: shard.lookedBytes + read.bytes,
    records: shard.records + selected.length,
    bytes: shard.bytes + selected.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
    firstArrivedAtMs: arrivals[0],
    lastArrivedAtMs: arrivals.at(-1),
  };
}

/** Generations follow each other, the shards of one are read side by side. */
function leastReadingMs(request: ReplayRequest, shards: readonly PlannedShard[], batchRecords: number): number {
  return request.generations.reduce((total, _, generation) => {
    const each = shards
      .filter((shard) => shard.generation === generation)
      .map((shard) => readingMs(shard, request, batchRecords));
    return total + Math.max(0, ...each);
  }, 0);
}

function readingMs({ looked, lookedBytes }: PlannedShard, request: ReplayRequest, batchRecords: number): number {
  const pace = paceOf(request);
  const calls = Math.ceil(looked / batchRecords);
  pace.spent(0, calls === 0 ? 0 : lookedBytes / calls);
  return calls * pace.waitMs(0);
}
