/**
 * Applies an event to a consumer's copy if it is newer than what the copy knows. The store decides in one conditional write, so any order,
 * any duplication, any number of workers and a crash at any point leave the copy as the newest event says.
 */
import type { MetricChanged } from '#schemas/metric-changed.ts';
import { type FetchCurrent, fetchedState } from './fetch-current.ts';
import { gapBefore, type RevisionGap } from './gap.ts';
import { type MetricState, type MetricStore, stateOf } from './metric-state.ts';

export interface ApplyOptions {
  readonly store: MetricStore;
  /** Reads item "0" for an event that carries only its place. Without it such an event is an error (`FETCH_MISSING`). */
  readonly fetchCurrent?: FetchCurrent;
  /** Told after the newer state is written. The missed revisions usually come later, and are stale then. */
  readonly onGap?: (gap: RevisionGap) => Promise<void> | void;
}

export type Applied =
  /** Written. `state.revision` is greater than the event's when the metric was fetched and had gone on meanwhile. */
  | {
      readonly outcome: 'applied';
      readonly state: MetricState;
      readonly lastRevision: number;
      readonly gap: RevisionGap | undefined;
    }
  /** This revision is known already: a redelivery, or a republished event. */
  | { readonly outcome: 'duplicate'; readonly lastRevision: number }
  /** A newer revision is known. */
  | { readonly outcome: 'stale'; readonly lastRevision: number }
  /** The metric was not at its place any more: it was renamed or deleted since, and the event of that carries on. */
  | { readonly outcome: 'superseded'; readonly lastRevision: number };

/** @throws MetricEventError `FETCH_MISSING`, `FETCH_BROKEN`; whatever the store or the fetch throws. Then deliver the event again. */
export async function applyIfNewer(event: MetricChanged, options: ApplyOptions): Promise<Applied> {
  const { store, fetchCurrent, onGap } = options;
  const { metricId, revision } = event.data;
  let state = stateOf(event);
  if (!state) {
    // What is known already needs no fetch; a revision only grows, so this answer cannot become wrong.
    const lastRevision = await store.lastRevision(metricId);
    if (lastRevision >= revision) return notNewer(revision, lastRevision);
    state = await fetchedState(event, fetchCurrent);
    if (!state) return { outcome: 'superseded', lastRevision };
  }
  const { written, lastRevision } = await store.remember(state);
  if (!written) return notNewer(state.revision, lastRevision);
  const gap = gapBefore(metricId, state.revision, lastRevision);
  if (gap) await onGap?.(gap);
  return { outcome: 'applied', state, lastRevision, gap };
}

const notNewer = (revision: number, lastRevision: number): Applied => ({
  outcome: lastRevision === revision ? 'duplicate' : 'stale',
  lastRevision,
});
