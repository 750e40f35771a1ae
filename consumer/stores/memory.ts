/**
 * A copy in the memory of one process: for tests, and for a cache that is filled anew after every start. One call is one step of the
 * event loop, which makes it atomic.
 */
import type { LiveMetric, MetricState, MetricStore, Remembered } from '../metric-state.ts';

export class MemoryMetricStore implements MetricStore {
  readonly #states = new Map<string, MetricState>();

  async lastRevision(metricId: string): Promise<number> {
    return this.#states.get(metricId)?.revision ?? 0;
  }

  async remember(state: MetricState): Promise<Remembered> {
    const lastRevision = this.#states.get(state.metricId)?.revision ?? 0;
    const written = state.revision > lastRevision;
    if (written) this.#states.set(state.metricId, state);
    return { written, lastRevision };
  }

  /** The metric, or its tombstone. */
  state(metricId: string): MetricState | undefined {
    return this.#states.get(metricId);
  }

  /** Metrics that are not deleted, in no particular order. Two may have one name for a moment. */
  live(): readonly LiveMetric[] {
    return [...this.#states.values()].filter((state) => !state.deleted);
  }
}
