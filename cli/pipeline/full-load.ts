/** Follows the full load until every table is loaded and the replicator has taken every record, and shows how far it is. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LocalPipeline } from '#local/runtime.ts';
import { failed } from '../command-failure.ts';
import type { Terminal } from '../terminal.ts';
import { isArchiver, type PipelineReport, reportOf } from './resource-status.ts';

const LOOK_EVERY_MS = 250;
/** A database that is starting again is waited for; what lasts longer needs a person. */
const GIVE_UP_AFTER_FAILED_MS = 30_000;

export async function followFullLoad(local: LocalPipeline, terminal: Terminal, signal: AbortSignal): Promise<void> {
  let shown = '';
  let loadedAtMs: number | undefined;
  let failedAtMs: number | undefined;
  for (;;) {
    signal.throwIfAborted();
    const report = reportOf(local.status());
    if (report.replication?.state === 'replicating') loadedAtMs ??= performance.now();
    const loadedForMs = loadedAtMs === undefined ? 0 : performance.now() - loadedAtMs;
    failedAtMs = report.replication?.state === 'failed' ? (failedAtMs ?? performance.now()) : undefined;
    const failedForMs = failedAtMs === undefined ? 0 : performance.now() - failedAtMs;
    if (report.replication?.reloadMends === true) {
      const reason = `${report.replication.lastError ?? 'no reason given'}`;
      if (shown !== reason) terminal.say(reason);
      shown = reason;
      failedAtMs = undefined;
      await delay(LOOK_EVERY_MS);
      continue;
    }
    if (report.replication?.final === true || failedForMs > GIVE_UP_AFTER_FAILED_MS) {
      throw failed(
        `The replication stopped: ${report.replication?.lastError ?? 'no reason given'}`,
        'The whole log is in relay.log in the data directory.',
      );
    }
    const line = fullLoadLine(report, loadedForMs);
    if (isFullLoadDone(report, loadedForMs)) {
      terminal.say(line);
      return;
    }
    // Without a terminal a line is only worth printing when it says something new.
    if (line !== shown) terminal.progress(line);
    shown = line;
    await delay(LOOK_EVERY_MS);
  }
}

/**
 * Reading a row and applying it are counted by two parts, so that "nothing waits" is not mistaken for "nothing has come yet". What waits
 * may be younger than the load (`loadedForMs`: since its last row was read): a source that is written to all the time is never without lag.
 */
export function isFullLoadDone(report: PipelineReport, loadedForMs = 0): boolean {
  const { replication } = report;
  const mappings = report.mappings.filter(appliesRows);
  return (
    replication?.state === 'replicating' &&
    mappings.length > 0 &&
    mappings.every(({ lagMs = Number.POSITIVE_INFINITY }) => lagMs <= loadedForMs) &&
    applied(report) >= rowsRead(report)
  );
}

/** `Full load: 1234 of 1500 rows read (metrics), 800 applied…` */
export function fullLoadLine(report: PipelineReport, loadedForMs = 0): string {
  const tables = report.replication?.tables ?? [];
  if (tables.length === 0) return 'Full load: starting…';
  const read = rowsRead(report);
  const total = tables.reduce((sum, { rowsTotal, rowsLoaded }) => sum + (rowsTotal ?? rowsLoaded), 0);
  if (isFullLoadDone(report, loadedForMs)) {
    return read === 0 ? 'Going on from the last checkpoint.' : `Full load: ${read} rows read and applied.`;
  }
  if (read === 0 && report.replication?.state !== 'loading') return 'Full load: starting…';
  const current = tables.find((table) => !table.loaded);
  const place = current === undefined ? '' : ` (${current.table})`;
  return `Full load: ${read} of ${Math.max(read, total)} rows read${place}, ${Math.min(read, applied(report))} applied…`;
}

const rowsRead = ({ replication }: PipelineReport): number =>
  (replication?.tables ?? []).reduce((sum, { rowsLoaded }) => sum + rowsLoaded, 0);

/** The mapping on the change stream is the one that takes every row; the other takes only what is finished later. */
const applied = ({ mappings }: PipelineReport): number =>
  Math.max(0, ...mappings.filter(appliesRows).map(({ records }) => records));

/** The archiver only copies, and late. */
const appliesRows = ({ logicalId }: PipelineReport['mappings'][number]): boolean => !isArchiver(logicalId);
