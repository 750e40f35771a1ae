/**
 * What a head takes over from items that it does not know. A mirror that was lost and loaded again begins with new heads, while the items
 * of the Metrics table, and the consumers of its events, know revisions that were told: heads go on from those. Items that are what the
 * rows say are taken as published, so that a reload tells no event; it never guesses what it has not read.
 */
import type { Item, ItemStore } from '../platform/item-store.ts';
import { LATEST } from '../projection/project-metric.ts';
import type { MetricHead } from './metric-head.ts';
import { contentHash, isClaim, isDeletionMark, itemKey } from './metric-item.ts';

/** Versions are numbered from 1 without gaps by the product; beyond this many only those are looked for that the rows name. */
const VERSIONS_LOOKED_FOR_MAX = 10_000;

/** The versions that lie under a name beside item "0" `latest`, as far as its own count and `alsoVersions` lead to them. */
export async function readVersionsUnder(
  store: ItemStore,
  metricsTable: string,
  name: string,
  latest: Item,
  alsoVersions: Iterable<string>,
): Promise<ReadonlyMap<string, Item>> {
  const count = Math.min(Number(latest.latestVersion?.N ?? 0), VERSIONS_LOOKED_FOR_MAX);
  const numbered = Array.from({ length: count }, (_, index) => String(index + 1));
  const versions = [...new Set([...numbered, ...alsoVersions])].filter((version) => version !== LATEST);
  const keys = versions.map((version) => itemKey(name, version));
  const found = await store.getMany(metricsTable, keys);
  return new Map(found.map((item) => [item.version?.S ?? '', item]));
}

/** True when the head accounts for an item "0" of its metric under the name. */
export function knowsName({ publishedName, unfinished }: MetricHead, name: string): boolean {
  return publishedName === name || unfinished?.name === name;
}

/** The head after it has taken over item "0" `latest` and the versions that lie with it under the name that the metric wants. */
export function adoptedHead(
  head: MetricHead,
  name: string,
  latest: Item,
  versions: ReadonlyMap<string, Item>,
): MetricHead {
  const revision = Math.max(head.revision, Number(latest.revision?.N ?? 0));
  if (isClaim(latest) || head.publishedName !== null || head.displaced) {
    // The head goes on from elsewhere: what lies here is as unreliable as after an interrupted write.
    return { ...head, revision, unfinished: { name, versions: [...versions.keys()] } };
  }
  const published = [[LATEST, latest] as const, ...versions].map(
    ([version, item]) => [version, publishedHash(version, item)] as const,
  );
  return {
    ...head,
    revision,
    publishedName: name,
    published: new Map(published),
    previousName: latest.previousName?.S ?? null,
    deleting: isDeletionMark(latest),
  };
}

/** Hash of an item as it was read, to compare with the one that the head keeps of what was published. */
export function publishedHash(version: string, item: Item): string {
  if (version !== LATEST) return contentHash(inOrder(item));
  const { revision: _, lastChange: __, ...content } = item;
  return contentHash(inOrder(content));
}

/** DynamoDB gives the members of a set in any order; the projection sorts them. */
function inOrder(item: Item): Item {
  const attributes = Object.entries(item).map(([name, value]) => [
    name,
    value.SS ? { SS: [...value.SS].sort() } : value,
  ]);
  return Object.fromEntries(attributes);
}
