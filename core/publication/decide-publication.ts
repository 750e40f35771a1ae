/**
 * What a recompute has to do next, pure: from the head and from what the rows say, read in that order. It answers with one step; after a
 * step that is not the last the caller reads again. Waiting is the only decision that looks at a clock, and it never decides
 * which of two states is newer.
 */
import type { Item } from '../platform/item-store.ts';
import { LATEST, type ProjectedMetric } from '../projection/project-metric.ts';
import type { FoundItems } from './found-items.ts';
import type { MetricHead } from './metric-head.ts';
import { contentHash } from './metric-item.ts';

/** Content to publish under a name, with the versions that must go from there. */
export interface Publication {
  readonly name: string;
  /** Version → content, "0" included with everything but `revision` and `lastChange`. */
  readonly items: ReadonlyMap<string, Item>;
  readonly hashes: ReadonlyMap<string, string>;
  readonly puts: readonly string[];
  /** Versions under `name` that must not stay. */
  readonly deletes: readonly string[];
  /** Name that the metric leaves for this one. */
  readonly leaves: string | null;
  readonly previousName: string | null;
  readonly waiting: MetricHead['waiting'];
  /** What lies under the published name, when it was looked at instead of trusting the head. */
  readonly found: FoundItems | undefined;
  /** Everything was told before, with the head's revision: items are only put back, and the revision stays. */
  readonly restores: boolean;
}

export type Step =
  /** Nothing was ever known of this metric. */
  | { readonly kind: 'none' }
  /** Nothing to write but the head: its fence moves, so that whoever read older rows is stopped. `waitMs` asks for another look. */
  | { readonly kind: 'moveFence'; readonly next: MetricHead; readonly waitMs?: number }
  | { readonly kind: 'publish'; readonly publication: Publication }
  | { readonly kind: 'markDeleted' }
  | { readonly kind: 'removeItems' }
  /** An interrupted write left items under a name that the metric does not want any more. */
  | { readonly kind: 'removeLeftovers'; readonly name: string; readonly versions: readonly string[] };

/** `found` is given when the head's record of what is published is not to be trusted. */
export function decidePublication(
  head: MetricHead,
  projected: ProjectedMetric,
  nowMs: number,
  graceMs: number,
  found?: FoundItems,
): Step {
  if (head.deleting) return { kind: 'removeItems' };
  const { unfinished } = head;
  const wanted = projected.kind === 'metric' ? projected.name : null;
  if (unfinished && unfinished.name !== wanted && unfinished.name !== head.publishedName) {
    return { kind: 'removeLeftovers', name: unfinished.name, versions: unfinished.versions };
  }
  if (isHeld(head, nowMs)) return { kind: 'moveFence', next: head };
  if (projected.kind === 'absent') {
    // Published and never seen: the mirror was lost and this metric's row may still be on its way. Nothing says that it was deleted.
    if ((head.publishedName !== null || head.displaced) && projected.seen) return { kind: 'markDeleted' };
    if (!projected.seen && head.fence === 0) return { kind: 'none' };
    return { kind: 'moveFence', next: { ...head, claimedName: null, waiting: null } };
  }

  const waiting =
    projected.missing.length > 0 ? { sinceMs: head.waiting?.sinceMs ?? nowMs, missing: projected.missing } : null;
  if (waiting && nowMs - waiting.sinceMs < graceMs) {
    return { kind: 'moveFence', next: { ...head, waiting }, waitMs: waiting.sinceMs + graceMs - nowMs };
  }
  const publication = publicationOf(head, projected, waiting, found);
  const differs =
    publication.puts.length > 0 || publication.deletes.length > 0 || publication.leaves !== null || unfinished;
  if (!differs) return { kind: 'moveFence', next: { ...head, ...borneOut(found), claimedName: null, waiting } };
  return { kind: 'publish', publication };
}

/** What a head waits for whose rows are being loaded again after a lost mirror; `sinceMs` then is the end of the hold. */
export const LOADING = 'rows that are being loaded';

/** Until the load is whole, what its rows say so far is not the metric: what is published stands. */
export function isHeld({ waiting }: MetricHead, nowMs: number): boolean {
  return waiting?.missing.includes(LOADING) === true && nowMs < waiting.sinceMs;
}

function publicationOf(
  head: MetricHead,
  projected: Extract<ProjectedMetric, { kind: 'metric' }>,
  waiting: MetricHead['waiting'],
  found: FoundItems | undefined,
): Publication {
  const { name } = projected;
  const told = head.publishedName === name ? head.published : new Map<string, string>();
  const published = found?.name === name ? found.hashes : told;
  const unknown = new Set(head.unfinished?.name === name ? head.unfinished.versions : []);
  const leaves = head.publishedName !== null && head.publishedName !== name ? head.publishedName : null;
  const displacedFrom = head.displaced?.item.name?.S;
  const left = leaves ?? (displacedFrom !== undefined && displacedFrom !== name ? displacedFrom : null);
  const previousName = left ?? head.previousName;

  const items = new Map(projected.items);
  items.set(LATEST, {
    ...projected.items.get(LATEST),
    ...(previousName !== null && { previousName: { S: previousName } }),
    ...(waiting && { incomplete: { BOOL: true } }),
  });
  const hashes = new Map([...items].map(([version, item]) => [version, contentHash(item)]));
  const puts = [...items.keys()].filter(
    (version) => unknown.has(version) || published.get(version) !== hashes.get(version),
  );
  const deletes = [...new Set([...published.keys(), ...unknown])].filter((version) => !items.has(version));
  const restores = found?.headIsLast === true && sameHashes(told, hashes);
  return { name, items, hashes, puts, deletes, leaves, previousName, waiting, found, restores };
}

const sameHashes = (one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean =>
  one.size === other.size && [...one].every(([version, hash]) => other.get(version) === hash);

/** Items that are what the rows say are published, whatever the head said. */
const borneOut = (found: FoundItems | undefined): Partial<MetricHead> => (found ? { published: found.hashes } : {});
