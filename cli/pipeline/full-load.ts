/** Follows the full load until every table is loaded and the replicator has taken every record, and shows how far it is. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LocalPipeline } from '#local/runtime.ts';
import { failed } from '../command-failure.ts';
import type { Terminal } from '../terminal.ts';
import { type PipelineReport, reportOf } from './resource-status.ts';

const LOOK_EVERY_MS = 250;

export async function followFullLoad(local: LocalPipeline, terminal: Terminal, signal: AbortSignal): Promise<void> {
  let shown = '';
  for (;;) {
    signal.throwIfAborted();
    const report = reportOf(local.status());
    if (report.replication?.state === 'failed') {
      throw failed(
        `The replication stopped: ${report.replication.lastError ?? 'no reason given'}`,
        'The whole log is in relay.log in the data directory.',
      );
    }
    const line = fullLoadLine(report);
    // Without a terminal a line is only worth printing when it says something new.
    if (line !== shown) terminal.progress(line);
    shown = line;
    if (isFullLoadDone(report)) return;
    await delay(LOOK_EVERY_MS);
  }
}

export function isFullLoadDone({ replication, mappings }: PipelineReport): boolean {
  return replication?.state === 'replicating' && mappings.length > 0 && mappings.every(({ lagMs }) => lagMs === 0);
}

/** `Full load: 1234 of 1500 rows (metrics 120/220)…` */
export function fullLoadLine({ replication, mappings }: PipelineReport): string {
  const tables = replication?.tables ?? [];
  const loaded = tables.reduce((sum, { rowsLoaded }) => sum + rowsLoaded, 0);
  const total = tables.reduce((sum, { rowsTotal, rowsLoaded }) => sum + (rowsTotal ?? rowsLoaded), 0);
  const current = tables.find((table) => !table.loaded);
  if (replication?.state === 'replicating') {
    const behind = Math.max(0, ...mappings.map(({ lagMs }) => lagMs ?? 0));
    return behind === 0
      ? `Full load: ${loaded} rows, done.`
      : `Full load: ${loaded} rows sent, the replicator is working on them…`;
  }
  if (tables.length === 0) return 'Full load: starting…';
  return `Full load: ${loaded} of ${total} rows${current === undefined ? '' : ` (${current.table})`}…`;
}
