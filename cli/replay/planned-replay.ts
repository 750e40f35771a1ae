/** A plan of a replay as `plan` shows it: for people as text, for programs as one JSON object. It says nothing that the plan does not hold. */

import { describeFilter } from '#core/replay/record-filter.ts';
import type { PlannedChanges } from '#core/replay/replay-plan.ts';
import { listPriceDollars } from '#core/replay/replay-price.ts';
import { instant, type ReplaySource } from '#core/replay/replay-window.ts';
import { counted } from '../render/counted.ts';
import { listPrice } from '../render/list-price.ts';
import { renderTable } from '../render/table.ts';
import { type ArchivedWindow, archiveLines } from './archived-window.ts';
import { duration } from './point-in-time.ts';
import type { CheckedRequest } from './replay-request.ts';

/** Items and events shown to people; the rest is counted. */
const SHOWN_MAX = 20;

export interface ItemPlan {
  readonly name: string;
  readonly version: string;
  readonly change: 'put' | 'delete';
}

export interface ShownPlan {
  readonly window: { readonly from: string; readonly to: string };
  readonly filter: string | null;
  readonly source: ReplaySource;
  readonly retentionHours: number;
  /** The part of the window that has left the stream. */
  readonly gone: { readonly from: string; readonly to: string; readonly ms: number } | null;
  /** Of the archive, when that is read. */
  readonly archive: {
    readonly bucket: string;
    readonly objects: number;
    readonly begins: string | null;
    /** Times without any object; `missing` when that is no ordinary silence. */
    readonly silences: readonly { readonly from: string; readonly to: string; readonly missing: boolean }[];
    /** What arrived later may not be archived yet. */
    readonly lateFrom: string | null;
  } | null;
  readonly firstFound: string | null;
  readonly shards: readonly object[];
  readonly records: number;
  readonly bytes: number;
  readonly outcomes: object;
  /** Records and items that live traffic was changing while the plan was made; nothing is said of them. */
  readonly busyRecords: number;
  readonly changedMeanwhile: number;
  /** No item of the Metrics table and no event; the mirror is counted apart. */
  readonly nothing: boolean;
  readonly items: readonly ItemPlan[];
  readonly events: readonly { readonly name: string; readonly change: string; readonly revision: number }[];
  /** Rows and heads of the row mirror. */
  readonly mirrorItems: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly listPriceDollars: number;
  readonly readingMs: number;
}

export function shownPlan(
  { request, verdict, retentionHours, closed, archived }: CheckedRequest,
  plan: PlannedChanges,
): ShownPlan {
  const { window } = request;
  const goneToMs = Math.min(verdict.horizonMs, window.toMs);
  const firsts = plan.shards.map(({ firstArrivedAtMs }) => firstArrivedAtMs).filter((ms) => ms !== undefined);
  const items = plan.items.map(({ before, after }): ItemPlan => {
    const item = after ?? before;
    return { name: item?.name?.S ?? '', version: item?.version?.S ?? '', change: after ? 'put' : 'delete' };
  });
  return {
    window: { from: instant(window.fromMs), to: instant(window.toMs) },
    filter: describeFilter(request.filter) ?? null,
    source: request.source,
    retentionHours,
    archive: archived === undefined ? null : shownArchive(archived),
    gone:
      verdict.goneMs > 0 ? { from: instant(window.fromMs), to: instant(goneToMs), ms: goneToMs - window.fromMs } : null,
    firstFound: firsts.length > 0 ? instant(Math.min(...firsts)) : null,
    shards: plan.shards.map(({ shardId, generation, records, bytes, firstArrivedAtMs, lastArrivedAtMs }) => ({
      shardId,
      closed: closed.has(shardId),
      generation: generation + 1,
      records,
      bytes,
      first: firstArrivedAtMs === undefined ? null : instant(firstArrivedAtMs),
      last: lastArrivedAtMs === undefined ? null : instant(lastArrivedAtMs),
    })),
    records: plan.shards.reduce((sum, { records }) => sum + records, 0),
    bytes: plan.shards.reduce((sum, { bytes }) => sum + bytes, 0),
    outcomes: plan.counts,
    busyRecords: plan.busy,
    changedMeanwhile: plan.changedMeanwhile,
    nothing: items.length === 0 && plan.events.length === 0,
    items,
    events: plan.events.map(({ data: { name, change, revision } }) => ({ name, change, revision })),
    mirrorItems: plan.mirrorItems,
    writeUnits: plan.cost.writeUnits,
    readUnits: plan.cost.readUnits,
    listPriceDollars: listPriceDollars(plan.cost.writeUnits, plan.cost.readUnits),
    readingMs: plan.readingMs,
  };
}

export function renderPlan(plan: ShownPlan, checked: CheckedRequest, planned: PlannedChanges): string {
  const { counts } = planned;
  const lines = [
    `window    ${plan.window.from} to ${plan.window.to}${plan.filter === null ? '' : `, only ${plan.filter}`}`,
    plan.archive === null
      ? `stream    keeps ${plan.retentionHours} h, ${counted(checked.request.generations.length, 'generation')} of shards`
      : `archive   ${plan.archive.bucket} keeps ${plan.retentionHours / 24} d, ${counted(plan.archive.objects, 'object')} of the window; the stream is not read`,
    ...goneLines(plan),
    ...(checked.archived ? archiveLines(checked.archived) : []),
    '',
    renderTable(
      ['shard', 'state', 'generation', 'records', 'bytes', 'first', 'last'],
      planned.shards.map((shard) => [
        shard.shardId,
        checked.closed.has(shard.shardId) ? 'closed' : 'open',
        String(shard.generation + 1),
        String(shard.records),
        String(shard.bytes),
        shard.firstArrivedAtMs === undefined ? '-' : instant(shard.firstArrivedAtMs),
        shard.lastArrivedAtMs === undefined ? '-' : instant(shard.lastArrivedAtMs),
      ]),
    ),
    '',
    `records   ${plan.records}: ${outcomesText(counts)}`,
    `would change  ${changesText(plan)}`,
    ...shownSome(plan.items, ({ name, version, change }) => `  ${change.padEnd(6)}  ${name}  ${version}`, 'items'),
    ...shownSome(
      plan.events,
      ({ name, change, revision }) => `  event   ${name}  ${change}  revision ${revision}`,
      'events',
    ),
    ...(plan.busyRecords + plan.changedMeanwhile > 0
      ? [
          `live      ${counted(plan.busyRecords, 'record')} and ${counted(plan.changedMeanwhile, 'item')} were being changed by live traffic meanwhile; nothing is said of them`,
        ]
      : []),
    `cost      about ${units(plan.writeUnits)} write and ${units(plan.readUnits)} read units, ` +
      `${listPrice(plan.listPriceDollars)} (on demand, us-east-1)`,
    ...(plan.archive === null
      ? [
          `time      at least ${duration(plan.readingMs)} of reading, at ${checked.request.readShare} of the shards' read limits`,
        ]
      : []),
  ];
  return lines.join('\n');
}

function shownArchive({ bucket, objects, beginsMs, silences, lateFromMs }: ArchivedWindow): ShownPlan['archive'] {
  return {
    bucket,
    objects,
    begins: beginsMs === undefined ? null : instant(beginsMs),
    silences: silences.map(({ fromMs, toMs, missing }) => ({ from: instant(fromMs), to: instant(toMs), missing })),
    lateFrom: lateFromMs === undefined ? null : instant(lateFromMs),
  };
}

function goneLines({ gone, firstFound, source }: ShownPlan): string[] {
  const first =
    firstFound === null ? 'No record of the window is there.' : `The first record found is of ${firstFound}.`;
  if (gone === null) return firstFound === null ? [`found     ${first}`] : [];
  return [
    `GONE      ${gone.from} to ${gone.to} (${duration(gone.ms)}) has left the ${source}; ${source === 'stream' ? 'Kinesis' : 'a reader'} would silently begin behind it. ${first}`,
  ];
}

/** What readers and subscribers would see, apart from what only the mirror would know. */
export function changesText({
  nothing,
  items,
  events,
  mirrorItems,
}: Pick<ShownPlan, 'nothing' | 'items' | 'events' | 'mirrorItems'>): string {
  const mirror = `${counted(mirrorItems, 'row or head', 'rows and heads')} of the row mirror, which no reader sees`;
  if (nothing) return mirrorItems === 0 ? 'nothing' : `no item of the Metrics table and no event; ${mirror}`;
  const seen = `${counted(items.length, 'item')} of the Metrics table, ${counted(events.length, 'event')}`;
  return mirrorItems === 0 ? seen : `${seen}; ${mirror}`;
}

/** `12 applied, 3 stale`: what is not there is left out. */
export function outcomesText(counts: PlannedChanges['counts']): string {
  const { received: _, ...outcomes } = counts;
  const parts = Object.entries(outcomes).flatMap(([outcome, count]) => (count > 0 ? [`${count} ${outcome}`] : []));
  return parts.join(', ') || 'none';
}

const units = (count: number): string => (Number.isInteger(count) ? String(count) : count.toFixed(1));

function shownSome<T>(list: readonly T[], line: (element: T) => string, what: string): string[] {
  const shown = list.slice(0, SHOWN_MAX).map(line);
  return list.length > SHOWN_MAX
    ? [...shown, `  and ${list.length - SHOWN_MAX} more ${what} (--json lists all)`]
    : shown;
}
