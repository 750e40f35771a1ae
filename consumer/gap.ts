/**
 * Whether revisions lie between what is known and what came. An event carries the whole metric, so a gap usually needs no action: the missed
 * events are on their way and will be stale. A consumer that needs every single change is told here. Pure.
 */

export interface RevisionGap {
  readonly metricId: string;
  /** The last revision known before; 0 when the metric was not known, as for a consumer that began after the metric. */
  readonly lastRevision: number;
  /** The revision that was applied. */
  readonly revision: number;
  /** How many revisions lie between. */
  readonly missed: number;
}

export function gapBefore(metricId: string, revision: number, lastRevision: number): RevisionGap | undefined {
  const missed = revision - lastRevision - 1;
  return missed > 0 ? { metricId, lastRevision, revision, missed } : undefined;
}
