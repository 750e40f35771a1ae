/**
 * The writes by which a metric leaves the Metrics table, pure. First its item "0" becomes a mark with the next revision, from which the
 * DELETED event is made with the right commit; then everything goes. A metric whose place another one has taken has no item of
 * its own any more: its mark is put at a key that no metric name can have.
 */
import { commitAttribute } from '../mirror/register-item.ts';
import type { Item, WriteAction } from '../platform/item-store.ts';
import { LATEST } from '../projection/project-metric.ts';
import { type Cause, type MetricHead, moveHead } from './metric-head.ts';
import { freeOrMine, itemKey, mine } from './metric-item.ts';
import { type Tables, vacatedEntry } from './publication-writes.ts';

/** Key for the deletion mark of a metric that is under no name. */
const parkingName = (metricId: string): string => `\u0000metric#${metricId}`;

/** `latest` is item "0" as it stands under the published name; undefined for a displaced metric. */
export function deletionMarkWrites(
  tables: Tables,
  metricId: string,
  head: MetricHead,
  latest: Item | undefined,
  cause: Cause,
): { readonly next: MetricHead; readonly actions: readonly WriteAction[] } | undefined {
  const item = latest ?? head.displaced?.item;
  if (!item) return undefined;
  const revision = head.revision + 1;
  const name = head.publishedName ?? parkingName(metricId);
  const next = {
    ...head,
    revision,
    publishedName: name,
    claimedName: null,
    waiting: null,
    displaced: null,
    deleting: true,
  };
  const { claim: _, ...state } = item; // a claim holds the place of a state that was lost
  const mark: Item = {
    ...state,
    ...itemKey(name, LATEST),
    ...(item.name?.S !== name && item.name && { formerName: item.name }),
    revision: { N: String(revision) },
    lastChange: commitAttribute(cause),
    deleted: { BOOL: true },
  };
  return {
    next,
    actions: [
      moveHead(tables.sourceRows, metricId, head, next),
      { kind: 'put', table: tables.metrics, item: mark, condition: latest ? mine(metricId) : freeOrMine(metricId) },
    ],
  };
}

/** The last transaction of a deletion: item "0" goes, the head forgets the name and remembers that it was left. */
export function removalWrites(
  tables: Tables,
  metricId: string,
  head: MetricHead,
  name: string,
): readonly WriteAction[] {
  const next: MetricHead = {
    ...head,
    publishedName: null,
    published: new Map(),
    previousName: null,
    claimedName: null,
    waiting: null,
    unfinished: null,
    displaced: null,
    deleting: false,
    vacated: [...head.vacated, vacatedEntry(head, name)],
  };
  return [
    moveHead(tables.sourceRows, metricId, head, next),
    { kind: 'delete', table: tables.metrics, key: itemKey(name, LATEST), condition: mine(metricId) },
  ];
}

/** The last transaction of a clean-up: the claim of a name that is not wanted any more goes. */
export function claimRemovalWrites(
  tables: Tables,
  metricId: string,
  head: MetricHead,
  name: string,
): readonly WriteAction[] {
  const next: MetricHead = { ...head, unfinished: null, vacated: [...head.vacated, vacatedEntry(head, name)] };
  return [
    moveHead(tables.sourceRows, metricId, head, next),
    { kind: 'delete', table: tables.metrics, key: itemKey(name, LATEST), condition: mine(metricId) },
  ];
}
