/**
 * What to do about an item "0" that lies under the wanted name and is not published there by this metric's head: adopt it when it is the
 * metric's own, let another metric go first, take the place of one whose row no longer has the name, or wait for the record that
 * frees the name. A step that loses to a change of what was read is no result: everything is read again.
 */
import { metrics } from '#schemas/source/lph.ts';
import { keyItem, rowMirrorKey } from '../mirror/mirror-key.ts';
import { storedRegister } from '../mirror/register-item.ts';
import type { Item } from '../platform/item-store.ts';
import { LATEST } from '../projection/project-metric.ts';
import { adoptedHead, knowsName, readVersionsUnder } from './adopt-published.ts';
import { isHeld, type Publication } from './decide-publication.ts';
import { type MetricHead, moveHead } from './metric-head.ts';
import { isClaim, isDeletionMark, itemKey, ownerOf, stillTheirs } from './metric-item.ts';
import { type Takeover, versionsUnder } from './publication-writes.ts';
import { type PublishedState, readHead } from './published-state.ts';

/** Takes over what lies under the wanted name and is this metric's own, although its head does not know it; then everything is read again. */
export async function adopt(
  context: PublishedState,
  metricId: string,
  head: MetricHead,
  { name, items }: { readonly name: string; readonly items: ReadonlyMap<string, Item> },
  latest: Item,
): Promise<undefined> {
  const { store, tables } = context;
  const versions = await readVersionsUnder(store, tables.metrics, name, latest, items.keys());
  await store.write(moveHead(tables.sourceRows, metricId, head, adoptedHead(head, name, latest, versions)));
}

export type Resolution =
  | { readonly kind: 'takeover'; readonly takeover: Takeover }
  /** The other metric must be recomputed before this one can go on. */
  | { readonly kind: 'after'; readonly owner: string }
  /** The head notes that the name is wanted; whoever leaves it wakes this metric. */
  | { readonly kind: 'claimed' }
  | { readonly kind: 'lost' };

/** Another metric holds the wanted name: let it go first, take its place, or wait for the record that frees the name. */
export async function resolveHolder(
  context: PublishedState & { readonly nowMs: () => number },
  metricId: string,
  head: MetricHead,
  publication: Publication,
  holder: Item,
): Promise<Resolution> {
  const { store, tables } = context;
  const { name } = publication;
  const owner = ownerOf(holder) ?? '';
  const ownerHead = await readHead(context, owner);
  const item = await store.get(tables.sourceRows, keyItem(rowMirrorKey(metrics, [owner])));
  const ownerRow = item && storedRegister(item).register.row;
  if (!knowsName(ownerHead, name)) {
    // Its head is lost. If the row has the name, its own recompute adopts the item; else the item belongs to nobody.
    if (ownerRow?.get('name') === name) return { kind: 'after', owner };
    const versions = await readVersionsUnder(store, tables.metrics, name, holder, []);
    return { kind: 'takeover', takeover: { owner, head: ownerHead, item: holder, versions: [...versions.keys()] } };
  }
  // A claim under its published name stands where the state was lost: it goes as that state would have gone.
  const isBegun = isClaim(holder) && ownerHead.publishedName !== name;
  const isLeaving = ownerHead.deleting || isBegun || isDeletionMark(holder);
  if (isHeld(ownerHead, context.nowMs()) && !ownerHead.deleting && !isDeletionMark(holder))
    return claim(context, metricId, head, publication, holder);
  // After a lost mirror a row may never have been seen: waiting for it could be for ever, and it may come with another name.
  const isUnseen = item === undefined;
  if (isLeaving || (!isUnseen && (!ownerRow || ownerHead.unfinished))) {
    // Deleted, or in the middle of a write of several transactions: its own event comes first.
    return { kind: 'after', owner };
  }
  if (ownerRow?.get('name') !== name) {
    const versions = versionsUnder(ownerHead, name);
    return { kind: 'takeover', takeover: { owner, head: ownerHead, item: holder, versions } };
  }
  return claim(context, metricId, head, publication, holder);
}

/** Depends on the holder's item: whoever leaves the name looks for claims afterwards, and a claim written later would never be woken. */
async function claim(
  { store, tables }: PublishedState,
  metricId: string,
  head: MetricHead,
  { name, waiting }: Publication,
  holder: Item,
): Promise<Resolution> {
  const next = { ...head, claimedName: name, waiting };
  const moved = await store.transact([
    moveHead(tables.sourceRows, metricId, head, next),
    { kind: 'check', table: tables.metrics, key: itemKey(name, LATEST), condition: stillTheirs(holder) },
  ]);
  return { kind: moved.written ? 'claimed' : 'lost' };
}
