/**
 * What a rebuild would do: the recompute of metrics by their items, rehearsed on top of the real tables. The very same code as the
 * projector's runs; every write stays in memory. It answers which metrics differ, so that only those need to be handed over.
 */
import { metricChangedEvent } from '../event/metric-changed-event.ts';
import { entityOf } from '../mirror/mirror-key.ts';
import { writeUnits } from '../platform/item-cost.ts';
import type { Item, ItemStore } from '../platform/item-store.ts';
import { OverlayItemStore, type RehearsedCost } from '../platform/overlay-item-store.ts';
import { LATEST } from '../projection/project-metric.ts';
import { isRedirect } from '../publication/metric-item.ts';
import type { Tables } from '../publication/publication-writes.ts';
import { settleMetrics } from '../replication/settle-affected.ts';

export interface RebuildContext {
  readonly store: ItemStore;
  readonly tables: Tables;
  readonly settings: { readonly graceSeconds: number; readonly redirectDays: number; readonly fanOutLimit: number };
  readonly nowMs: () => number;
  /** Told after each slice how many metrics were looked at; may throw to end the plan. */
  readonly progress: (done: number) => void;
}

export interface RebuildPlan {
  readonly looked: number;
  /** Metrics with at least one item that is missing, differs or must go. */
  readonly differing: readonly string[];
  /** Metrics that wait for rows; the projector looks again after the grace period. */
  readonly waiting: readonly string[];
  /** Metrics that cannot be published as their rows stand, with the reason. */
  readonly failed: readonly (readonly [metricId: string, reason: string])[];
  readonly puts: number;
  readonly deletes: number;
  /** Events with the ids that they had: consumers that have them change nothing. */
  readonly eventsAgain: number;
  /** Events of a revision that was never told, by their change. */
  readonly eventsNew: ReadonlyMap<string, number>;
  /** Up to a few of the items that would differ, for people. */
  readonly examples: readonly { readonly name: string; readonly version: string; readonly what: 'put' | 'delete' }[];
  readonly cost: RehearsedCost;
}

const SLICE = 100;
const EXAMPLES_MAX = 10;

export async function planRebuild(context: RebuildContext, metricIds: readonly string[]): Promise<RebuildPlan> {
  const { store, tables, settings, nowMs } = context;
  const rehearsal = new OverlayItemStore(
    store,
    new Map([
      [tables.metrics, ['name', 'version'] as const],
      [tables.sourceRows, ['pk', 'sk'] as const],
    ]),
  );
  const waiting = new Set<string>();
  const failed = new Map<string, string>();
  const asReason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
  const commit = { committedAt: new Date(nowMs()).toISOString() };
  for (let from = 0; from < metricIds.length; from += SLICE) {
    const slice = metricIds.slice(from, from + SLICE);
    const errors = await settleMetrics(
      {
        store: rehearsal,
        tables,
        graceMs: settings.graceSeconds * 1000,
        redirectDays: settings.redirectDays,
        fanOutLimit: settings.fanOutLimit,
        nowMs,
        pause: async () => {},
        unpublishable: (metricId, error) => void failed.set(metricId, asReason(error)),
        send: async (message) => {
          if (message.kind === 'recompute') for (const id of message.metricIds) waiting.add(id);
        },
      },
      new Map(slice.map((id) => [id, commit])),
      'items',
    );
    for (const [metricId, error] of errors) failed.set(metricId, asReason(error));
    context.progress(Math.min(metricIds.length, from + SLICE));
  }
  return { looked: metricIds.length, waiting: [...waiting], failed: [...failed], ...difference(rehearsal, tables) };
}

function difference(rehearsal: OverlayItemStore, tables: Tables): Omit<RebuildPlan, 'looked' | 'waiting' | 'failed'> {
  const { metrics } = tables;
  const changes = rehearsal.changes().filter(({ table }) => table === metrics);
  const differing = new Set<string>();
  for (const { before, after } of changes) for (const id of ownersOf(before, after)) differing.add(id);
  let eventsAgain = 0;
  const eventsNew = new Map<string, number>();
  for (const { table, before, after } of rehearsal.writes()) {
    if (table !== metrics || (after ?? before)?.version?.S !== LATEST) continue;
    const event = metricChangedEvent({ oldImage: before, newImage: after }, metrics);
    if (!event) continue;
    if (event.metadata.replay) eventsAgain += 1;
    else eventsNew.set(event.data.change, (eventsNew.get(event.data.change) ?? 0) + 1);
  }
  const puts = changes.filter(({ after }) => after !== undefined).length;
  return {
    differing: [...differing],
    puts,
    deletes: changes.length - puts,
    eventsAgain,
    eventsNew,
    examples: changes.slice(0, EXAMPLES_MAX).map(({ before, after }) => ({
      name: (after ?? before)?.name?.S ?? '',
      version: (after ?? before)?.version?.S ?? '',
      what: after ? 'put' : 'delete',
    })),
    cost: costOf(rehearsal, tables, differing),
  };
}

/** Metrics that do not differ are not handed over, so the fences that the rehearsal moved for them are no cost of the rebuild. */
function costOf(rehearsal: OverlayItemStore, { sourceRows }: Tables, differing: ReadonlySet<string>): RehearsedCost {
  const cost = rehearsal.cost();
  const moves = rehearsal
    .writes()
    .filter(({ table, after }) => table === sourceRows && !differing.has(entityOf(after?.pk?.S ?? '')[1]));
  const units = moves.reduce((sum, { before, after }) => sum + writeUnits(before, after), 0);
  return {
    ...cost,
    writeUnits: cost.writeUnits - units,
    writeRequests: cost.writeRequests - moves.length,
  };
}

function ownersOf(...images: readonly (Item | undefined)[]): readonly string[] {
  return images.flatMap((image) => (image && !isRedirect(image) && image.metricId?.N ? [image.metricId.N] : []));
}
