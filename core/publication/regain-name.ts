/**
 * Gives a metric that is to leave a name back its hold of it, when its item "0" there was lost. Leaving, deleting and cleaning up all
 * check that item "0" under the name is the metric's own; without it they could never end. Where another metric lies by now, the head
 * forgets the name instead, and what it left there goes: nothing of the other one is ever touched.
 */
import { commitAttribute } from '../mirror/register-item.ts';
import { type Item, TRANSACTION_ACTIONS_MAX, type WriteAction } from '../platform/item-store.ts';
import { LATEST, type ProjectedMetric } from '../projection/project-metric.ts';
import { type FoundItems, holderOf } from './found-items.ts';
import { type Cause, type MetricHead, moveHead } from './metric-head.ts';
import { claimItem, free, isDeletionMark, itemKey, mine } from './metric-item.ts';
import { deleteVersion, versionsUnder } from './publication-writes.ts';
import { type PublishedState, readLatest } from './published-state.ts';

/** @returns true when something had to be put right: everything must be read again. */
export async function regainName(
  context: PublishedState,
  metricId: string,
  head: MetricHead,
  projected: ProjectedMetric,
  found: FoundItems | undefined,
  cause: Cause,
): Promise<boolean> {
  const wanted = projected.kind === 'metric' ? projected.name : null;
  const actions =
    found && (head.deleting || found.name !== wanted)
      ? await regainPublished(context, metricId, head, found, cause)
      : head.unfinished && head.unfinished.name !== wanted && head.unfinished.name !== head.publishedName
        ? await regainUnfinished(context, metricId, head, head.unfinished.name)
        : undefined;
  if (!actions) return false;
  await context.store.transact(actions);
  return true;
}

async function regainPublished(
  context: PublishedState,
  metricId: string,
  head: MetricHead,
  { name, holder }: FoundItems,
  cause: Cause,
): Promise<readonly WriteAction[] | undefined> {
  const { tables } = context;
  if (holder === 'other') {
    const forgotten = { ...head, publishedName: null, published: new Map<string, string>(), deleting: false };
    // A deletion was told when its mark was put; any other state is still to be told, from what is known: the name.
    const next = head.deleting ? forgotten : { ...forgotten, displaced: { item: claimItem(name, metricId) } };
    const leftovers = await ownVersions(context, metricId, head, name);
    if (leftovers.length === 0) return [moveHead(tables.sourceRows, metricId, head, next)];
    // Each round takes as many as fit beside the fence; the last one forgets the name.
    return [moveHead(tables.sourceRows, metricId, head, head), ...leftovers.slice(0, TRANSACTION_ACTIONS_MAX - 1)];
  }
  if (!head.deleting) {
    if (holder === 'mine') return undefined;
    return [
      moveHead(tables.sourceRows, metricId, head, head),
      { kind: 'put', table: tables.metrics, item: claimItem(name, metricId), condition: free() },
    ];
  }
  const under = await readLatest(context, name);
  if (under && holder === 'mine' && isDeletionMark(under)) return undefined;
  return [
    moveHead(tables.sourceRows, metricId, head, head),
    {
      kind: 'put',
      table: tables.metrics,
      item: lostMark(name, metricId, head.revision, cause),
      condition: holder === 'mine' ? mine(metricId) : free(),
    },
  ];
}

/** Deletes of this metric's versions under a name that is another one's by now: each only if it still is this metric's. */
async function ownVersions(
  { store, tables }: PublishedState,
  metricId: string,
  head: MetricHead,
  name: string,
): Promise<readonly WriteAction[]> {
  const keys = versionsUnder(head, name).map((version) => itemKey(name, version));
  const found = await store.getMany(tables.metrics, keys);
  return found
    .filter((item) => item.metricId?.N === metricId)
    .map(({ version }) => ({
      ...deleteVersion(tables, name, version?.S ?? ''),
      condition: mine(metricId),
    }));
}

/** The mark of a deletion that was told or was about to be: its event has the id that it had, and no state to show. */
function lostMark(name: string, metricId: string, revision: number, cause: Cause): Item {
  return {
    ...itemKey(name, LATEST),
    metricId: { N: metricId },
    revision: { N: String(revision) },
    lastChange: { M: { ...commitAttribute(cause).M, retold: { BOOL: true } } },
    deleted: { BOOL: true },
  };
}

async function regainUnfinished(
  context: PublishedState,
  metricId: string,
  head: MetricHead,
  name: string,
): Promise<readonly WriteAction[] | undefined> {
  const { tables } = context;
  const holder = holderOf(await readLatest(context, name), metricId);
  if (holder === 'mine') return undefined;
  if (holder === 'other') return [moveHead(tables.sourceRows, metricId, head, { ...head, unfinished: null })];
  return [
    moveHead(tables.sourceRows, metricId, head, head),
    { kind: 'put', table: tables.metrics, item: claimItem(name, metricId), condition: free() },
  ];
}
