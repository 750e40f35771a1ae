/** Reads what lies under a metric's published name, item "0" and every version that the head, the rows or the item's own count lead to. */
import { LATEST, type ProjectedMetric } from '../projection/project-metric.ts';
import { publishedHash, readVersionsUnder } from './adopt-published.ts';
import { type FoundItems, holderOf } from './found-items.ts';
import type { MetricHead } from './metric-head.ts';
import { isClaim, isDeletionMark } from './metric-item.ts';
import { type PublishedState, readLatest } from './published-state.ts';

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
