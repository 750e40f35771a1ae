/**
 * Which metrics there are now and what their attributes say, kept from a scan of the Metrics table and the events after it. Events come late,
 * twice and in any order: one is applied only if its revision is higher, and a deleted metric is remembered so that no late event
 * brings it back. An event about a metric that was never seen is not believed; the table is asked.
 */
import type { LookupMap } from './lookup-content.ts';

export interface MetricState {
  readonly metricId: string;
  readonly revision: bigint;
  /** Attributes as text. */
  readonly attributes: ReadonlyMap<string, string>;
}

export interface MetricEvent {
  readonly metricId: string;
  readonly name: string;
  readonly revision: bigint;
  readonly deleted: boolean;
  /** Absent when the event carries only a reference to the item. */
  readonly attributes?: ReadonlyMap<string, string>;
}

export type Applied = 'applied' | 'stale' | 'ask-table';

interface Known {
  readonly revision: bigint;
  /** Absent for a deleted metric. */
  readonly attributes?: ReadonlyMap<string, string>;
}

export class CurrentMetrics {
  readonly #known = new Map<string, Known>();

  /** A scan that read strongly and began after the last applied event: what it does not have is deleted. */
  replaceAll(scanned: readonly MetricState[]): void {
    const present = new Set(scanned.map(({ metricId }) => metricId));
    for (const [metricId, { revision }] of this.#known) {
      if (!present.has(metricId)) this.#known.set(metricId, { revision });
    }
    for (const state of scanned) this.learn(state);
  }

  /** The item as it was just read from the table. */
  learn({ metricId, revision, attributes }: MetricState): Applied {
    const known = this.#known.get(metricId);
    // The same revision is read again: what the table says is at least as good as what an event said.
    if (known !== undefined && known.revision > revision) return 'stale';
    this.#known.set(metricId, { revision, attributes });
    return 'applied';
  }

  apply({ metricId, revision, deleted, attributes }: MetricEvent): Applied {
    const known = this.#known.get(metricId);
    if (known !== undefined && known.revision >= revision) return 'stale';
    if (deleted) {
      this.#known.set(metricId, { revision });
      return 'applied';
    }
    // A metric that is gone from the table, or never was in it: only the table can tell a new one from a late event.
    if (known?.attributes === undefined || attributes === undefined) return 'ask-table';
    this.#known.set(metricId, { revision, attributes });
    return 'applied';
  }

  /** Metrics that are live. */
  get size(): number {
    return [...this.#known.values()].filter(({ attributes }) => attributes !== undefined).length;
  }

  /** In the order of their ids, so that the same content is always written the same. */
  lookup(attribute: string): LookupMap {
    const entries = [...this.#known].flatMap(([metricId, { attributes }]): [string, string][] => {
      const value = attributes?.get(attribute);
      return value === undefined ? [] : [[metricId, value]];
    });
    return new Map(entries.sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1)));
  }
}
