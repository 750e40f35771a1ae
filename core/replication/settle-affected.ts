/**
 * Recomputes the metrics that a set of stored rows concerns, each once, and hands what is too large or too early to the projection queue.
 * Used by the replicator after a batch and by the projector for its messages, so there is one way to publish.
 */
import type { ProjectionMessage } from '#schemas/projection-message.ts';
import { metrics } from '#schemas/source/lph.ts';
import type { SourceCommit } from '../change/row-change.ts';
import { entityPartition, keyItem, rowMirrorKey } from '../mirror/mirror-key.ts';
import { settleConcurrently } from '../platform/concurrently.ts';
import { coversAll } from '../publication/covered-rows.ts';
import { type Cause, type MetricHead, NEW_HEAD } from '../publication/metric-head.ts';
import { readHeads } from '../publication/published-state.ts';
import type { PublishedBasis, RecomputeContext } from '../publication/recompute-metric.ts';
import { settleMetric } from '../publication/settle-metric.ts';

/** The port to the projection queue. Delay in whole seconds, at most 900. */
export type SendProjection = (message: ProjectionMessage, delaySeconds: number) => Promise<void>;

export interface SettleContext extends RecomputeContext {
  readonly send: SendProjection;
  readonly fanOutLimit: number;
}

/** Metrics recomputed at the same time by one worker. */
const RECOMPUTES_CONCURRENT = 16;
/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const DELAY_SECONDS_MAX = 900;

/**
 * `foundAs` holds, for metrics of which no row was changed, the states in which their rows were found: such a metric is left alone when its head
 * covers them all. Every other one is recomputed.
 * @returns for each metric undefined when it is settled, else the error that it met.
 */
export async function settleMetrics(
  context: SettleContext,
  causes: ReadonlyMap<string, Cause>,
  basis: PublishedBasis = 'head',
  foundAs: ReadonlyMap<string, readonly string[]> = new Map(),
): Promise<ReadonlyMap<string, unknown>> {
  let metricIds: readonly string[];
  let heads: ReadonlyMap<string, MetricHead>;
  try {
    const first = await readHeads(context, [...foundAs.keys()]);
    const isCovered = (id: string): boolean => coversAll(first.get(id) ?? NEW_HEAD, foundAs.get(id) ?? []);
    const open = [...causes.keys()].filter((id) => !foundAs.has(id) || !isCovered(id));
    metricIds = await metricsSeen(context, open);
    const others = await readHeads(
      context,
      metricIds.filter((id) => !first.has(id)),
    );
    heads = new Map([...first, ...others]);
  } catch (error) {
    return new Map([...causes.keys()].map((metricId) => [metricId, error])); // the common reads are everybody's
  }
  const results = await settleConcurrently(metricIds, RECOMPUTES_CONCURRENT, async (metricId) => {
    const commit = causes.get(metricId) as SourceCommit;
    const deferred = await settleMetric(context, metricId, commit, heads.get(metricId), basis);
    for (const { metricId: later, waitMs } of deferred) {
      const delaySeconds = Math.min(DELAY_SECONDS_MAX, Math.ceil(waitMs / 1000));
      const byItems = basis === 'items' && later === metricId;
      const message = { kind: 'recompute' as const, metricIds: [later], commit, ...(byItems && { byItems }) };
      await context.send(message, delaySeconds);
    }
  });
  const errors = new Map<string, unknown>();
  for (const [index, result] of results.entries()) {
    if (result.status === 'rejected') errors.set(metricIds[index] ?? '', result.reason);
  }
  return errors;
}

/**
 * Those whose own row has arrived. The others have nothing to publish, and the record that brings the row will find what is stored now:
 * during a full load, which brings the parts before the whole, this saves a recompute for every part.
 */
async function metricsSeen(context: SettleContext, metricIds: readonly string[]): Promise<readonly string[]> {
  const keys = metricIds.map((id) => rowMirrorKey(metrics, [id]));
  const rows = await context.store.getMany(context.tables.sourceRows, keys.map(keyItem));
  const seen = new Set(rows.map((row) => row.pk?.S));
  return metricIds.filter((id) => seen.has(entityPartition('metric', id)));
}
