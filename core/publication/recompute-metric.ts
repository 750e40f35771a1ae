/**
 * Recompute of one metric: read the head, then the rows, project, and write in one transaction that depends on the head's fence. Whoever
 * loses the fence reads again. It ends when the published items are what the rows said after the last row write, or when the metric
 * must wait: for missing rows, or for a name that another metric still rightfully holds.
 */
import { dispositionOf } from '../error/disposition.ts';
import { decided } from '../error/pure-decision.ts';
import { RelayError } from '../error/relay-error.ts';
import type { TransactionOutcome } from '../platform/item-store.ts';
import { readMetricRows } from '../projection/metric-rows.ts';
import { LATEST, projectMetric } from '../projection/project-metric.ts';
import { knowsName } from './adopt-published.ts';
import { coverageOf, isSettled } from './covered-rows.ts';
import { decidePublication, type Publication } from './decide-publication.ts';
import { claimRemovalWrites, deletionMarkWrites, removalWrites } from './deletion-writes.ts';
import { fitsOneTransaction, writeGuarded } from './guarded-chunks.ts';
import { type Cause, type MetricHead, moveHead, type Unfinished } from './metric-head.ts';
import { isRedirect, ownerOf } from './metric-item.ts';
import { deleteVersion, planPublication, type Takeover, vacatedEntry, versionsUnder } from './publication-writes.ts';
import { type PublishedState, readHead, readLatest } from './published-state.ts';
import { readFoundItems } from './read-found-items.ts';
import { regainName } from './regain-name.ts';
import { adopt, resolveHolder } from './resolve-holder.ts';
import { writeInChunks } from './write-in-chunks.ts';

/** What the recompute needs from outside. `pause` waits a short, growing, jittered time before another attempt. */
export interface RecomputeContext extends PublishedState {
  readonly graceMs: number;
  readonly redirectDays: number;
  readonly nowMs: () => number;
  readonly pause: (attempt: number) => Promise<void>;
  /** Told of a metric that was to be recomputed with another one and can never be published as its rows stand. */
  readonly unpublishable: (metricId: string, error: unknown) => void;
}

export interface RecomputeResult {
  /** Metrics that must be recomputed because of this one: displaced ones, and those that must act before this one can. */
  readonly wake: readonly string[];
  /** True when this metric must be recomputed again after those. */
  readonly again: boolean;
  /** Names left and not yet offered to their claimants. */
  readonly vacated: readonly string[];
  /** The metric is incomplete and must be looked at again after this time. */
  readonly waitMs?: number;
}

/** Lost rounds after which the worker gives up and leaves the record to the retry of the event source mapping. */
const ATTEMPTS_MAX = 40;

const DAY_SECONDS = 86_400;

/** What a recompute goes by for what is published: the head's record, or the items themselves. The second is for a rebuild: it reads them all. */
export type PublishedBasis = 'head' | 'items';

/**
 * Lost rounds after which the items are looked at. A head that records items which are not there (the Metrics table was lost) fails its
 * conditions again and again, and would hold back its shard until somebody rebuilds.
 */
const ROUNDS_BY_HEAD = 8;

/** Outcome of one round: a result, or undefined when something moved meanwhile and everything must be read again. */
type Round = Promise<RecomputeResult | undefined>;

/** `firstHead` is the head as it was read with those of other metrics, before any row; the first round then does not read it again. */
export async function recomputeMetric(
  context: RecomputeContext,
  metricId: string,
  cause: Cause,
  firstHead?: MetricHead,
  basis: PublishedBasis = 'head',
): Promise<RecomputeResult> {
  let known = basis;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (attempt === ROUNDS_BY_HEAD) known = 'items';
    const head = attempt === 0 && firstHead ? firstHead : await readHead(context, metricId); // the fence before the rows
    const result = await recomputeRound(context, metricId, head, cause, attempt > 0, known);
    if (result === 'lost') known = 'items';
    else if (result) return result;
    await context.pause(attempt);
  }
  throw new RelayError('CONTENTION', `metric ${metricId} was recomputed by others ${ATTEMPTS_MAX} times in a row`);
}

/** `contested` is true after a lost round: then the wanted name is looked at before it is written, as somebody else may hold it. */
async function recomputeRound(
  context: RecomputeContext,
  metricId: string,
  headRead: MetricHead,
  cause: Cause,
  contested: boolean,
  basis: PublishedBasis,
): Promise<RecomputeResult | 'lost' | undefined> {
  const { store, tables } = context;
  const rows = await readMetricRows(store, tables.sourceRows, metricId);
  const projected = decided('the projection', () => projectMetric(rows));
  const found = basis === 'items' ? await readFoundItems(context, metricId, headRead, projected) : undefined;
  const head = found ? { ...headRead, revision: found.revision } : headRead;
  if (basis === 'items' && (await regainName(context, metricId, head, projected, found, cause))) return undefined;
  const step = decidePublication(head, projected, context.nowMs(), context.graceMs, found);
  switch (step.kind) {
    case 'none':
      return { wake: [], again: false, vacated: head.vacated };
    case 'moveFence': {
      // A metric that waits keeps what was published of it, also by a head that is lost.
      if (step.waitMs !== undefined && projected.kind === 'metric' && !knowsName(head, projected.name)) {
        const latest = await readLatest(context, projected.name);
        if (latest && ownerOf(latest) === metricId) return adopt(context, metricId, head, projected, latest);
      }
      const covers = isSettled(step.next) ? coverageOf(rows.fingerprints) : '';
      // The recompute that wrote this head has read these very rows and moved the fence: a second move would stop nobody.
      if (covers !== '' && covers === headRead.covers && basis === 'head')
        return { wake: [], again: false, vacated: [] };
      const move = await store.write(moveHead(tables.sourceRows, metricId, head, step.next, covers));
      if (!move.written) return undefined;
      return {
        wake: [],
        again: false,
        vacated: head.vacated,
        ...(step.waitMs !== undefined && { waitMs: step.waitMs }),
      };
    }
    case 'markDeleted':
      return (await markDeleted(context, metricId, head, cause)) ? undefined : 'lost';
    case 'removeItems':
      return removeItems(context, metricId, head);
    case 'removeLeftovers':
      await removeLeftovers(context, metricId, head, step);
      return undefined;
    case 'publish':
      try {
        return await publish(context, metricId, head, step.publication, cause, contested, rows.fingerprints);
      } catch (error) {
        if (dispositionOf(error) === 'quarantine') await releaseClaim(context, metricId);
        throw error;
      }
  }
}

async function publish(
  context: RecomputeContext,
  metricId: string,
  headRead: MetricHead,
  publication: Publication,
  cause: Cause,
  contested: boolean,
  rowsRead: readonly string[],
): Round {
  const isTaken = publication.found?.holder === 'other';
  const head = isTaken ? { ...headRead, publishedName: null, published: new Map<string, string>() } : headRead;
  const isOwnName = head.publishedName === publication.name;
  const holder = (contested || isTaken) && !isOwnName ? await readLatest(context, publication.name) : undefined;
  let takeover: Takeover | undefined;
  if (holder && ownerOf(holder) === metricId && !knowsName(head, publication.name))
    return adopt(context, metricId, head, publication, holder);
  if (holder && ownerOf(holder) !== undefined && ownerOf(holder) !== metricId) {
    const resolution = await resolveHolder(context, metricId, head, publication, holder);
    if (resolution.kind === 'after') return { wake: [resolution.owner], again: true, vacated: [] };
    if (resolution.kind === 'claimed') return { wake: [], again: false, vacated: head.vacated };
    if (resolution.kind === 'lost') return undefined;
    takeover = resolution.takeover;
  }
  const formerLatest = publication.leaves === null ? undefined : await readLatest(context, publication.leaves);
  const redirectExpiresAtSeconds = Math.floor(context.nowMs() / 1000) + context.redirectDays * DAY_SECONDS;
  const { tables } = context;
  const plan = planPublication({
    tables,
    metricId,
    head,
    publication,
    cause,
    formerLatest,
    takeover,
    redirectExpiresAtSeconds,
  });
  const actions = [
    moveHead(
      tables.sourceRows,
      metricId,
      head,
      plan.next,
      takeover || !isSettled(plan.next) ? '' : coverageOf(rowsRead),
    ),
    plan.latest,
    ...plan.versions,
    ...(plan.leaving ? [...plan.leaving.versions, plan.leaving.redirect] : []),
    ...(plan.displacing ? [plan.displacing] : []),
  ];
  const written = fitsOneTransaction(actions)
    ? (await context.store.transact(actions)).written
    : await writeInChunks(context.store, { tables, metricId, head, publication, plan, takeover });
  if (!written) return undefined;
  return { wake: takeover ? [takeover.owner] : [], again: false, vacated: plan.next.vacated };
}

/** A metric that can never be published as its rows stand must not hold a name that it has not reached. */
async function releaseClaim(context: RecomputeContext, metricId: string): Promise<void> {
  const head = await readHead(context, metricId);
  const { unfinished } = head;
  if (unfinished && unfinished.name !== head.publishedName) await removeLeftovers(context, metricId, head, unfinished);
}

/** @returns false when item "0" is not where the head says: the next round looks at the items themselves. */
async function markDeleted(
  context: RecomputeContext,
  metricId: string,
  head: MetricHead,
  cause: Cause,
): Promise<boolean> {
  const latest = head.publishedName === null ? undefined : await readLatest(context, head.publishedName);
  if (latest && (ownerOf(latest) !== metricId || isRedirect(latest))) return true;
  const mark = deletionMarkWrites(context.tables, metricId, head, latest, cause);
  if (!mark) return false;
  await context.store.transact(mark.actions);
  return true;
}

async function removeItems(context: RecomputeContext, metricId: string, head: MetricHead): Round {
  const name = head.publishedName;
  if (name === null)
    throw new RelayError('INVARIANT_BROKEN', `metric ${metricId} is being deleted but is under no name`);
  const { tables, store } = context;
  const last = removalWrites(tables, metricId, head, name);
  const versions = versionsUnder(head, name).map((version) => deleteVersion(tables, name, version));
  let outcome: TransactionOutcome;
  if (fitsOneTransaction([...last, ...versions])) {
    outcome = await store.transact([...last, ...versions]);
  } else {
    if (!(await removeVersions(context, metricId, head, name, versionsUnder(head, name)))) return undefined;
    outcome = await store.transact(last);
  }
  // Not the end yet: a row may have been born again under this key. The next round sees it.
  return outcome.written
    ? { wake: [metricId], again: false, vacated: [...head.vacated, vacatedEntry(head, name)] }
    : undefined;
}

async function removeLeftovers(
  context: RecomputeContext,
  metricId: string,
  head: MetricHead,
  { name, versions }: Unfinished,
): Promise<void> {
  if (!(await removeVersions(context, metricId, head, name, versions))) return;
  await context.store.transact(claimRemovalWrites(context.tables, metricId, head, name));
}

/** @returns false when one chunk met another transaction or a moved fence: then some may still lie there, and the head must go on knowing them. */
async function removeVersions(
  context: RecomputeContext,
  metricId: string,
  head: MetricHead,
  name: string,
  versions: readonly string[],
): Promise<boolean> {
  const { store, tables } = context;
  const actions = versions
    .filter((version) => version !== LATEST)
    .map((version) => deleteVersion(tables, name, version));
  return writeGuarded(store, tables, metricId, head.fence, name, actions);
}
