/**
 * What a consumer keeps of a metric, and the port to where it is kept. A store decides what is newer itself, in one atomic write: two
 * workers may hold two revisions of one metric at the same time, and one may die at any point. Keyed by metricId, never by name: names are
 * renamed, swapped, and for a moment held by two metrics of a copy.
 */
import type { MetricChanged, MetricJson } from '#schemas/metric-changed.ts';

interface StateOfAnyMetric {
  /** Decimal digits. The one stable key of a metric. */
  readonly metricId: string;
  /** From 1, without gaps; goes on when a deleted metric is created again with the same id. */
  readonly revision: number;
  /** The name at this revision. Not unique in a copy: events come in any order. */
  readonly name: string;
  /** Commit time of the change in the source, ISO 8601. */
  readonly occurredAt: string;
}

export interface LiveMetric extends StateOfAnyMetric {
  readonly deleted: false;
  readonly metric: MetricJson;
}

/** What stays of a deleted metric, so that an older event that comes late does not bring it back. Never remove it. */
export interface MetricTombstone extends StateOfAnyMetric {
  readonly deleted: true;
}

export type MetricState = LiveMetric | MetricTombstone;

export interface Remembered {
  /** False when the store knows this revision or a newer one; then nothing was written. */
  readonly written: boolean;
  /** The revision known before this call; 0 for none. */
  readonly lastRevision: number;
}

export interface MetricStore {
  /** The highest revision remembered for the metric, tombstones included; 0 for none. Reads its own writes. */
  lastRevision(metricId: string): Promise<number>;
  /** Writes state and revision together if the revision is greater than the one remembered. Must be one atomic conditional write. */
  remember(state: MetricState): Promise<Remembered>;
}

/** The state that an event carries; undefined when it carries only where the metric is (`metricRef`). */
export function stateOf({ metadata, data }: MetricChanged): MetricState | undefined {
  const { metricId, revision, name, metric } = data;
  const state = { metricId, revision, name, occurredAt: metadata.occurredAt };
  if (data.change === 'DELETED') return { ...state, deleted: true };
  return metric && { ...state, deleted: false, metric };
}
