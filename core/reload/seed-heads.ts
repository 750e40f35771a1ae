/**
 * Heads for published metrics that have none, because the row mirror was lost: what lies in the Metrics table says under which name a metric
 * is published, at which revision and with which content. Written before the rows are loaded again, so that a metric that was
 * renamed or deleted while nobody listened is found by its id, and revisions go on.
 */
import type { Item } from '../platform/item-store.ts';
import { adoptedHead, readVersionsUnder } from '../publication/adopt-published.ts';
import { type MetricHead, moveHead, NEW_HEAD } from '../publication/metric-head.ts';
import { isClaim, ownerOf } from '../publication/metric-item.ts';
import { type PublishedState, readHeads } from '../publication/published-state.ts';

/** `latest`: items "0" in any number. Answers how many heads were missing and are written now. */
export async function seedHeads(state: PublishedState, latest: readonly Item[]): Promise<number> {
  const owned = new Map<string, Item[]>();
  for (const item of latest) {
    const owner = ownerOf(item);
    if (owner !== undefined) owned.set(owner, [...(owned.get(owner) ?? []), item]);
  }
  const heads = await readHeads(state, [...owned.keys()]);
  let written = 0;
  for (const [metricId, items] of owned) {
    if (heads.get(metricId) !== NEW_HEAD) continue;
    if (await seedHead(state, metricId, items)) written += 1;
  }
  return written;
}

/** What is published first: a claim is then the rest of an interrupted write. */
async function seedHead({ store, tables }: PublishedState, metricId: string, items: readonly Item[]): Promise<boolean> {
  let head: MetricHead = NEW_HEAD;
  for (const item of items.toSorted((one, other) => Number(isClaim(one)) - Number(isClaim(other)))) {
    const name = item.name?.S ?? '';
    const versions = await readVersionsUnder(store, tables.metrics, name, item, []);
    head = adoptedHead(head, name, item, versions);
  }
  return (await store.write(moveHead(tables.sourceRows, metricId, NEW_HEAD, head))).written;
}
