/**
 * Recomputes a metric and everyone that its recompute concerns: a metric whose place it took, one that must be deleted first, and those
 * that wait for a name that was left. The record of a left name is cleared only after its claimants were recomputed, so a crash in
 * between is picked up by the retry.
 */
import { dispositionOf } from '../error/disposition.ts';
import { RelayError } from '../error/relay-error.ts';
import { entityOf, namePartition, usedByPrefix, userOf } from '../mirror/mirror-key.ts';
import { type Cause, type MetricHead, moveHead } from './metric-head.ts';
import { vacatedName } from './publication-writes.ts';
import { readHead } from './published-state.ts';
import {
  type PublishedBasis,
  type RecomputeContext,
  type RecomputeResult,
  recomputeMetric,
} from './recompute-metric.ts';

/** Recomputes that one change may set off by names; a rotation of n metrics needs about 2n. */
const ROUNDS_MAX = 500;

/** A metric that must be looked at again later. */
export interface Deferred {
  readonly metricId: string;
  readonly waitMs: number;
}

/** `basis` is for the metric itself; those that it wakes go by their heads. @returns the metrics that wait for missing rows, each with the time after which to look again. */
export async function settleMetric(
  context: RecomputeContext,
  metricId: string,
  cause: Cause,
  firstHead?: MetricHead,
  basis: PublishedBasis = 'head',
): Promise<readonly Deferred[]> {
  const work = [metricId];
  const vacated = new Map<string, Set<string>>();
  const deferred = new Map<string, number>();
  const stuck = new Map<string, unknown>();
  for (let round = 0; work.length > 0; round++) {
    if (round >= ROUNDS_MAX)
      throw new RelayError('CONTENTION', `the names around metric ${metricId} did not settle in ${ROUNDS_MAX} rounds`);
    const id = work.shift() ?? '';
    let result = await recomputeOrStuck(
      context,
      id,
      cause,
      round === 0 ? firstHead : undefined,
      id === metricId ? basis : 'head',
    );
    const blocker =
      'stuck' in result
        ? result.stuck
        : result.again
          ? result.wake.map((other) => stuck.get(other)).find(Boolean)
          : undefined;
    if ('stuck' in result || blocker !== undefined) {
      stuck.set(id, blocker);
      if (id !== metricId) context.unpublishable(id, blocker);
      // It may have left a name before: those who wait for that name are no part of its trouble.
      result = { wake: [], again: false, vacated: (await readHead(context, id)).vacated };
    } else stuck.delete(id);
    if (result.waitMs === undefined) deferred.delete(id);
    else deferred.set(id, result.waitMs);
    const offered = vacated.get(id) ?? new Set();
    vacated.set(id, offered);
    const wake = [...result.wake];
    for (const entry of result.vacated) {
      if (!offered.has(entry)) wake.push(...(await claimantsOf(context, vacatedName(entry), id)));
      offered.add(entry);
    }
    if (result.again) wake.push(id);
    for (const other of wake) if (!work.includes(other)) work.push(other);
  }
  // The head of the queue forgets last: for as long as it remembers, a retry finds all behind it.
  for (const [id, entries] of [...vacated].reverse()) if (entries.size > 0) await forgetVacated(context, id, entries);
  if (stuck.has(metricId)) throw stuck.get(metricId);
  return [...deferred].map(([id, waitMs]) => ({ metricId: id, waitMs }));
}

/** A metric that can never be published must not keep others from being woken; a fault of the infrastructure ends the whole and is retried. */
async function recomputeOrStuck(
  context: RecomputeContext,
  metricId: string,
  cause: Cause,
  firstHead: MetricHead | undefined,
  basis: PublishedBasis,
): Promise<RecomputeResult | { readonly stuck: unknown }> {
  try {
    return await recomputeMetric(context, metricId, cause, firstHead, basis);
  } catch (error) {
    if (dispositionOf(error) !== 'quarantine') throw error;
    return { stuck: error };
  }
}

/**
 * Metrics whose last recompute found that another one holds the name, and those that have left a name of their own: such a one may have taken
 * this name already and have died before it woke the next in the queue.
 */
async function claimantsOf(context: RecomputeContext, name: string, leaver: string): Promise<readonly string[]> {
  const links = await context.store.query(context.tables.sourceRows, namePartition(name), usedByPrefix);
  const users = links.map((link) => entityOf(userOf(link.sk?.S ?? ''))[1]).filter((id) => id !== leaver);
  const heads = await Promise.all(users.map((id) => readHead(context, id)));
  return users.filter((_, index) => heads[index]?.claimedName === name || (heads[index]?.vacated.length ?? 0) > 0);
}

async function forgetVacated(context: RecomputeContext, metricId: string, entries: ReadonlySet<string>): Promise<void> {
  for (let attempt = 0; attempt < ROUNDS_MAX; attempt++) {
    const head = await readHead(context, metricId);
    const vacated = head.vacated.filter((entry) => !entries.has(entry));
    if (vacated.length === head.vacated.length) return;
    const move = moveHead(context.tables.sourceRows, metricId, head, { ...head, vacated });
    if ((await context.store.write(move)).written) return;
    await context.pause(attempt);
  }
  throw new RelayError(
    'CONTENTION',
    `the head of metric ${metricId} was written by others ${ROUNDS_MAX} times in a row`,
  );
}
