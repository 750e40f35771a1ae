/**
 * What really lies under a metric's published name, for a recompute that does not trust the head's record of it: the Metrics table was lost,
 * went back to a backup, or was written by hand. The head still knows which revision was told with which content, so what is put back
 * keeps the revision that consumers have.
 */
import type { Item } from '../platform/item-store.ts';
import { ownerOf } from './metric-item.ts';

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

export function holderOf(latest: Item | undefined, metricId: string): Holder {
  const owner = latest && ownerOf(latest);
  if (owner === undefined) return 'nobody';
  return owner === metricId ? 'mine' : 'other';
}
