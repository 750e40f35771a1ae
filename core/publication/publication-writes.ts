/**
 * The writes of one step of a recompute, pure. Every transaction moves or checks the fence that was read before the rows, and nothing
 * under a name is written or removed without a check that item "0" there is the metric's own, free, a redirect, or taken over with
 * its owner's head in the same transaction.
 */

import { commitAttribute } from '../mirror/register-item.ts';
import type { Condition, Item, WriteAction } from '../platform/item-store.ts';
import { LATEST } from '../projection/project-metric.ts';
import { knowsName } from './adopt-published.ts';
import type { Publication } from './decide-publication.ts';
import { differenceFrom } from './former-state.ts';
import { type Cause, type MetricHead, moveHead } from './metric-head.ts';
import {
  claimItem,
  free,
  freeOrMine,
  ITEM_BYTES_MAX,
  isClaim,
  isDeletionMark,
  itemBytes,
  itemKey,
  mine,
  redirectItem,
  stillTheirs,
} from './metric-item.ts';

export interface Tables {
  readonly metrics: string;
  readonly sourceRows: string;
}

/** Another metric holds the wanted name although its row no longer has it. */
export interface Takeover {
  readonly owner: string;
  readonly head: MetricHead;
  readonly item: Item;
  /** Versions of the other metric under the name, item "0" apart. */
  readonly versions: readonly string[];
}

export interface PublicationPlan {
  /** Head after everything is written. */
  readonly next: MetricHead;
  /** Item "0" as it will be, with the condition under which it may be put. */
  readonly latest: WriteAction;
  /** Puts and deletes under the wanted name, item "0" apart. */
  readonly versions: readonly WriteAction[];
  /** Deletes under the name that is left, and the redirect that replaces its item "0". */
  readonly leaving: { readonly versions: readonly WriteAction[]; readonly redirect: WriteAction } | null;
  /** Move of the head of the metric whose place is taken. */
  readonly displacing: WriteAction | null;
}

export interface PlanInput {
  readonly tables: Tables;
  readonly metricId: string;
  readonly head: MetricHead;
  readonly publication: Publication;
  readonly cause: Cause;
  /** Item "0" as it was under the name that is left; its content tells the event what changed. */
  readonly formerLatest: Item | undefined;
  readonly takeover: Takeover | undefined;
  readonly redirectExpiresAtSeconds: number;
}

export function planPublication(input: PlanInput): PublicationPlan {
  const { tables, metricId, head, publication, takeover } = input;
  const { name, leaves, items } = publication;
  const revision = head.revision + (publication.restores ? 0 : 1);
  const latest = latestItem(input, revision);
  const taken = (takeover?.versions ?? []).filter((version) => !items.has(version));
  const deletes = [...new Set([...publication.deletes, ...taken])].filter((version) => version !== LATEST);
  return {
    next: {
      ...head,
      revision,
      publishedName: name,
      published: publication.hashes,
      previousName: publication.previousName,
      claimedName: null,
      waiting: publication.waiting,
      unfinished: null,
      displaced: null,
      vacated: leaves === null ? head.vacated : [...head.vacated, vacatedEntry(head, leaves)],
    },
    latest: {
      kind: 'put',
      table: tables.metrics,
      item: latest,
      condition: mayPut(metricId, head, name, takeover),
    },
    versions: [
      ...publication.puts
        .filter((version) => version !== LATEST)
        .map((version): WriteAction => ({ kind: 'put', table: tables.metrics, item: items.get(version) ?? {} })),
      ...deletes.map((version) => deleteVersion(tables, name, version)),
    ],
    leaving:
      leaves === null
        ? null
        : {
            versions: versionsToLeave(head, leaves, publication).map((version) =>
              deleteVersion(tables, leaves, version),
            ),
            redirect: {
              kind: 'put',
              table: tables.metrics,
              item: redirectItem(leaves, name, input.redirectExpiresAtSeconds),
              condition: mine(metricId),
            },
          },
    displacing: takeover ? moveHead(tables.sourceRows, takeover.owner, takeover.head, displacedHead(takeover)) : null,
  };
}

/** Item "0" with what the event is made from. One that lies there as it should stays as it is, so that nothing is told of it. */
function latestItem({ head, publication, cause, formerLatest }: PlanInput, revision: number): Item {
  const { found, items, name, puts, restores } = publication;
  const content = items.get(LATEST) ?? {};
  if (restores && found?.latest && !puts.includes(LATEST)) return found.latest;
  const former = formerLatest ?? head.displaced?.item;
  // A claim stands where the state before was lost: of that only the name is known.
  const isFormerLost = former ? isClaim(former) : found?.name === name && !found.latest;
  const withEvent = (previous: Item | undefined, isLost: boolean): Item => ({
    ...content,
    revision: { N: String(revision) },
    lastChange: {
      M: {
        ...commitAttribute(cause).M,
        ...(previous && { previous: { M: previous } }),
        ...(restores && { retold: { BOOL: true } }),
        ...(isLost && { formerLost: { BOOL: true } }),
      },
    },
  });
  const formerName = former && { name: former.name ?? { S: name } };
  if (!former || isClaim(former)) return withEvent(formerName, restores ? revision > 1 : isFormerLost);
  const whole = withEvent(differenceFrom(content, withoutBookkeeping(former)), restores && revision > 1);
  // Both states do not fit: the event says less, and the metric is published all the same.
  return itemBytes(whole) <= ITEM_BYTES_MAX ? whole : withEvent(formerName, true);
}

/** The claim that holds a name while items are written under it in several transactions. */
export function claimWrite({ tables, metricId, head, publication, takeover }: ClaimInput): WriteAction {
  const { name } = publication;
  return {
    kind: 'put',
    table: tables.metrics,
    item: claimItem(name, metricId),
    condition: mayPut(metricId, head, name, takeover),
  };
}

export type ClaimInput = Pick<PlanInput, 'tables' | 'metricId' | 'head' | 'publication' | 'takeover'>;

/** When item "0" may be put under a name. An own item that the head does not know must be adopted first, or its revisions would come twice. */
function mayPut(metricId: string, head: MetricHead, name: string, takeover: Takeover | undefined): Condition {
  if (takeover) return stillTheirs(takeover.item);
  return knowsName(head, name) ? freeOrMine(metricId) : free();
}

export const vacatedEntry = (head: MetricHead, name: string): string => `${head.fence + 1}#${name}`;
export const vacatedName = (entry: string): string => entry.slice(entry.indexOf('#') + 1);

export const deleteVersion = (tables: Tables, name: string, version: string): WriteAction => ({
  kind: 'delete',
  table: tables.metrics,
  key: itemKey(name, version),
});

/** Versions that lie or may lie under a name of this metric, item "0" apart. */
export function versionsUnder(head: MetricHead, name: string): readonly string[] {
  const known = head.publishedName === name ? [...head.published.keys()] : [];
  const perhaps = head.unfinished?.name === name ? head.unfinished.versions : [];
  return [...new Set([...known, ...perhaps])].filter((version) => version !== LATEST);
}

function versionsToLeave(head: MetricHead, leaves: string, { found }: Publication): readonly string[] {
  const there = found?.name === leaves ? [...found.hashes.keys()].filter((version) => version !== LATEST) : [];
  return [...new Set([...versionsUnder(head, leaves), ...there])];
}

/** A head that does not know the item (its mirror was lost) takes over the revision, so that the metric's next event goes on from there. */
function displacedHead({ head, item }: Takeover): MetricHead {
  const revision = Math.max(head.revision, Number(item.revision?.N ?? 0));
  const name = item.name?.S ?? '';
  if (head.publishedName !== null && head.publishedName !== name) return { ...head, revision };
  const isBegun = isClaim(item) && head.publishedName !== name;
  const displaced = isBegun || isDeletionMark(item) ? null : { item: withoutPrevious(item) };
  return { ...head, revision, publishedName: null, published: new Map(), displaced };
}

function withoutPrevious(item: Item): Item {
  const { previous: _, ...commit } = item.lastChange?.M ?? {};
  return { ...item, lastChange: { M: commit } };
}

function withoutBookkeeping(item: Item): Record<string, Item[string]> {
  const { lastChange: _, revision: __, ...content } = item;
  return content;
}
