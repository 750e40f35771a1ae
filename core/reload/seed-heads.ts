/**
 * Heads for published metrics that have none, because the row mirror was lost: what lies in the Metrics table says under which name a metric
 * is published, at which revision and with which content. Written before the rows are loaded again, so that a metric that was
 * renamed or deleted while nobody listened is found by its id, and revisions go on. They hold what is published until the load is whole: a
 * metric of which only some rows have come would be told as smaller than it is.
 */
import type { Item } from '../platform/item-store.ts';
import { adoptedHead, readVersionsUnder } from '../publication/adopt-published.ts';
import { LOADING } from '../publication/decide-publication.ts';
import { type MetricHead, moveHead, NEW_HEAD } from '../publication/metric-head.ts';
import { isClaim, ownerOf } from '../publication/metric-item.ts';
import { type PublishedState, readHead, readHeads } from '../publication/published-state.ts';

/** `latest`: items "0" in any number. Answers how many heads were missing and are written now, held until `heldUntilMs` unless released. */
export async function seedHeads(state: PublishedState, latest: readonly Item[], heldUntilMs: number): Promise<number> {
  const owned = new Map<string, Item[]>();
  for (const item of latest) {
    const owner = ownerOf(item);
    if (owner !== undefined) owned.set(owner, [...(owned.get(owner) ?? []), item]);
  }
  const heads = await readHeads(state, [...owned.keys()]);
  let written = 0;
  for (const [metricId, items] of owned) {
    if (heads.get(metricId) !== NEW_HEAD) continue;
    if (await seedHead(state, metricId, items, heldUntilMs)) written += 1;
  }
  return written;
}

/** What is published first: a claim is then the rest of an interrupted write. */
async function seedHead(
  { store, tables }: PublishedState,
  metricId: string,
  items: readonly Item[],
  heldUntilMs: number,
): Promise<boolean> {
  let head: MetricHead = NEW_HEAD;
  for (const item of items.toSorted((one, other) => Number(isClaim(one)) - Number(isClaim(other)))) {
    const name = item.name?.S ?? '';
    const versions = await readVersionsUnder(store, tables.metrics, name, item, []);
    head = adoptedHead(head, name, item, versions);
  }
  const held = { ...head, waiting: { sinceMs: heldUntilMs, missing: [LOADING] } };
  return (await store.write(moveHead(tables.sourceRows, metricId, NEW_HEAD, held))).written;
}

/** Ends the hold. Whoever calls it has the metrics recomputed afterwards. */
export async function releaseHeads(state: PublishedState, metricIds: readonly string[]): Promise<void> {
  for (const metricId of metricIds) {
    for (;;) {
      const head = await readHead(state, metricId);
      if (!head.waiting?.missing.includes(LOADING)) break;
      const released = moveHead(state.tables.sourceRows, metricId, head, { ...head, waiting: null });
      if ((await state.store.write(released)).written) break;
    }
  }
}
