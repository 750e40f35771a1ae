/**
 * The head of a metric: what is published of it and under which name, and the fence that makes every publication depend on the rows read
 * before it. One item per metric in the row mirror; it outlives the metric, so that revisions have no gaps and no number comes twice.
 */
import type { SourceCommit } from '../change/row-change.ts';
import { headKey } from '../mirror/mirror-key.ts';
import type { Condition, Item, PutAction } from '../platform/item-store.ts';

/** Items that may lie under a name beside the published ones, because a write of more than one transaction was interrupted. */
export interface Unfinished {
  readonly name: string;
  readonly versions: readonly string[];
}

/** A metric whose place was taken before it had a new one: its last item "0", from which its next event is told. */
export interface Displaced {
  readonly item: Item;
}

export interface Waiting {
  /** Wall clock, milliseconds; decides only when to stop waiting, never what is newer. */
  readonly sinceMs: number;
  readonly missing: readonly string[];
}

export interface MetricHead {
  /** Moves with every recompute, also when nothing differs. 0 before the first. */
  readonly fence: number;
  readonly revision: number;
  readonly publishedName: string | null;
  /** Version → hash of the content that is published under `publishedName`, "0" included. */
  readonly published: ReadonlyMap<string, string>;
  readonly previousName: string | null;
  /** Name that the metric wants and another one still holds. */
  readonly claimedName: string | null;
  /** Names that were left and whose claimants have perhaps not been woken yet, as `fence#name` of the leaving. */
  readonly vacated: readonly string[];
  readonly waiting: Waiting | null;
  readonly unfinished: Unfinished | null;
  readonly displaced: Displaced | null;
  /** True between the event of a deletion and the removal of the items. */
  readonly deleting: boolean;
  /** States of rows that the recompute which wrote this head has read, when it left nothing to do; see covered-rows.ts. Lost with any other write. */
  readonly covers: string;
}

export const NEW_HEAD: MetricHead = {
  fence: 0,
  revision: 0,
  publishedName: null,
  published: new Map(),
  previousName: null,
  claimedName: null,
  vacated: [],
  waiting: null,
  unfinished: null,
  displaced: null,
  deleting: false,
  covers: '',
};

/** Commit that caused a recompute, with the metric it was for; becomes `lastChange` when something visible differs. */
export type Cause = SourceCommit;

export function headItem(metricId: string, head: MetricHead): Item {
  const { pk, sk } = headKey(metricId);
  return {
    pk: { S: pk },
    sk: { S: sk },
    fence: { N: String(head.fence) },
    revision: { N: String(head.revision) },
    published: { S: JSON.stringify([...head.published]) },
    ...(head.publishedName !== null && { publishedName: { S: head.publishedName } }),
    ...(head.previousName !== null && { previousName: { S: head.previousName } }),
    ...(head.claimedName !== null && { claimedName: { S: head.claimedName } }),
    ...(head.vacated.length > 0 && { vacated: { SS: [...head.vacated] } }),
    ...(head.waiting && { waiting: { S: JSON.stringify(head.waiting) } }),
    ...(head.unfinished && { unfinished: { S: JSON.stringify(head.unfinished) } }),
    ...(head.displaced && { displaced: { M: { ...head.displaced.item } } }),
    ...(head.deleting && { deleting: { BOOL: true } }),
    ...(head.covers !== '' && { covers: { S: head.covers } }),
  };
}

export function headOf(item: Item | undefined): MetricHead {
  if (!item) return NEW_HEAD;
  return {
    fence: Number(item.fence?.N ?? 0),
    revision: Number(item.revision?.N ?? 0),
    publishedName: item.publishedName?.S ?? null,
    published: new Map(JSON.parse(item.published?.S ?? '[]') as [string, string][]),
    previousName: item.previousName?.S ?? null,
    claimedName: item.claimedName?.S ?? null,
    vacated: item.vacated?.SS ?? [],
    waiting: item.waiting?.S ? (JSON.parse(item.waiting.S) as Waiting) : null,
    unfinished: item.unfinished?.S ? (JSON.parse(item.unfinished.S) as Unfinished) : null,
    displaced: item.displaced?.M ? { item: item.displaced.M } : null,
    deleting: item.deleting?.BOOL ?? false,
    covers: item.covers?.S ?? '',
  };
}

/** Nobody finished a recompute of this metric since its head was read. */
export function fenceUnmoved(fence: number): Condition {
  if (fence === 0) return { expression: 'attribute_not_exists(pk)' };
  return { expression: '#fence = :fence', names: { '#fence': 'fence' }, values: { ':fence': { N: String(fence) } } };
}

/**
 * Replaces a head by its successor, if its fence still is the one that was read; the successor's fence is one higher. It covers what it is given
 * and nothing else: whatever moves a head without having read the rows, or before all is done, forgets what was covered.
 */
export function moveHead(table: string, metricId: string, read: MetricHead, next: MetricHead, covers = ''): PutAction {
  return {
    kind: 'put',
    table,
    item: headItem(metricId, { ...next, fence: read.fence + 1, covers }),
    condition: fenceUnmoved(read.fence),
  };
}
