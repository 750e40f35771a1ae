/**
 * The event of a metric's current state, made from item "0" alone, to be sent again. It has the id that it had when it was first told. What the
 * item does not know, the event does not claim: a first revision is CREATED, a rename that the item remembers is RENAMED, a deletion mark
 * is DELETED, and any other revision is UPDATED with no changed attributes.
 */
import type { MetricChanged } from '#schemas/metric-changed.ts';
import type { Item } from '../platform/item-store.ts';
import { identityOf, metricChangedEvent } from './metric-changed-event.ts';

/**
 * Undefined for what is no metric's state: a redirect, or a claim in the middle of a large write (whose own event is on its way).
 * @throws RelayError `UNPUBLISHABLE_ITEM`
 */
export function republishedEvent(latest: Item, metricsTable: string): MetricChanged | undefined {
  const event = metricChangedEvent({ newImage: asKnown(latest) }, metricsTable);
  return event && { ...event, metadata: { ...event.metadata, replay: true } };
}

/** The item with a note that the state before it is not known, unless nothing was before it or it remembers. */
function asKnown(latest: Item): Item {
  const change = latest.lastChange?.M ?? {};
  if (change.previous || !latest.metricId || latest.renamedTo || latest.claim) return latest;
  if (identityOf(latest).revision === 1) return latest;
  return { ...latest, lastChange: { M: { ...change, formerLost: { BOOL: true } } } };
}
