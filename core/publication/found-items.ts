/**
 * What really lies under a metric's published name, for a recompute that does not trust the head's record of it: the Metrics table was lost,
 * went back to a backup, or was written by hand. The head still knows which revision was told with which content, so what is put back
 * keeps the revision that consumers have.
 */
import type { Item } from '../platform/item-store.ts';
import { LATEST, type ProjectedMetric } from '../projection/project-metric.ts';
import { publishedHash, readVersionsUnder } from './adopt-published.ts';
import type { MetricHead } from './metric-head.ts';
import { isClaim, isDeletionMark, ownerOf } from './metric-item.ts';
import { type PublishedState, readLatest } from './published-state.ts';

/** Whose item "0" lies under a name; a redirect is nobody's. */
export type Holder = 'mine' | 'nobody' | 'other';

export interface FoundItems {
  readonly name: string;
  readonly holder: Holder;
  /** Item "0" with the state of this metric: its own, neither a claim nor a deletion mark. */
  readonly latest: Item | undefined;
  /** Version → hash of the content that lies there, "0" only when `latest` has the revision that the head knows. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Highest revision that may have been told: by the head or by the item. */
  readonly revision: number;
  /** True when the items are those of the head's revision or older, so that the head knows what was told last. */
  readonly headIsLast: boolean;
}

/** Undefined when the metric is under no name. The head was read before. */
export async function readFoundItems(
  context: PublishedState,
  metricId: string,
  head: MetricHead,
  projected: ProjectedMetric,
): Promise<FoundItems | undefined> {
  const name = head.publishedName;
  if (name === null) return undefined;
  const under = await readLatest(context, name);
  const holder = holderOf(under, metricId);
  const latest = holder === 'mine' && under && !isClaim(under) && !isDeletionMark(under) ? under : undefined;
  if (holder === 'other') return { name, holder, latest, hashes: new Map(), revision: head.revision, headIsLast: true };
  const { store, tables } = context;
  const known = [...head.published.keys(), ...(projected.kind === 'metric' ? projected.items.keys() : [])];
  const versions = await readVersionsUnder(store, tables.metrics, name, latest ?? {}, known);
  const revisionFound = holder === 'mine' ? Number(under?.revision?.N ?? 0) : 0;
  const entries = latest && revisionFound >= head.revision ? [[LATEST, latest] as const, ...versions] : [...versions];
  return {
    name,
    holder,
    latest,
    hashes: new Map(entries.map(([version, item]) => [version, publishedHash(version, item)])),
    revision: Math.max(head.revision, revisionFound),
    headIsLast: revisionFound <= head.revision,
  };
}

export function holderOf(latest: Item | undefined, metricId: string): Holder {
  const owner = latest && ownerOf(latest);
  if (owner === undefined) return 'nobody';
  return owner === metricId ? 'mine' : 'other';
}
