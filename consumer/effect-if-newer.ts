/**
 * Runs an effect that cannot be part of a conditional write (a call, a mail, a cache to clear) for an event that is newer than the last one
 * remembered. Remembered is after the effect, so a crash repeats the effect and never leaves it out: at least once, not exactly once.
 */
import type { MetricChanged } from '#schemas/metric-changed.ts';
import type { ApplyOptions } from './apply-if-newer.ts';
import { fetchedState } from './fetch-current.ts';
import { gapBefore, type RevisionGap } from './gap.ts';
import { type MetricState, stateOf } from './metric-state.ts';

export interface EffectOptions extends ApplyOptions {
  /** May run again for one revision; may run for revisions 5 and 6 at the same time in two workers. Give `state.revision` to what it changes. */
  readonly effect: (state: MetricState, event: MetricChanged) => Promise<void> | void;
}

export type EffectOutcome =
  | { readonly outcome: 'done'; readonly lastRevision: number; readonly gap: RevisionGap | undefined }
  /** Not run: this revision, or a newer one, is remembered; or the metric was not at its place any more. */
  | { readonly outcome: 'duplicate' | 'stale' | 'superseded'; readonly lastRevision: number }
  /** Run, while another worker remembered a newer revision: the two effects may have landed in either order. */
  | { readonly outcome: 'overtaken'; readonly lastRevision: number };

/** @throws what the effect throws, with nothing remembered: deliver the event again. */
export async function effectIfNewer(event: MetricChanged, options: EffectOptions): Promise<EffectOutcome> {
  const { store, effect, fetchCurrent, onGap } = options;
  const { metricId, revision } = event.data;
  const lastRevision = await store.lastRevision(metricId);
  if (lastRevision >= revision) return { outcome: lastRevision === revision ? 'duplicate' : 'stale', lastRevision };
  const state = stateOf(event) ?? (await fetchedState(event, fetchCurrent));
  if (!state) return { outcome: 'superseded', lastRevision };
  await effect(state, event);
  const remembered = await store.remember(state);
  // The same revision by another worker is a redelivery that ran beside this one.
  if (!remembered.written && remembered.lastRevision > state.revision)
    return { outcome: 'overtaken', lastRevision: remembered.lastRevision };
  const gap = gapBefore(metricId, state.revision, lastRevision);
  if (gap) await onGap?.(gap);
  return { outcome: 'done', lastRevision, gap };
}
