/** From the options of a command to what is to be replayed, checked: whatever is wrong with it is said here, before anything is started. */
import type { ChangeLog } from '#core/replay/change-log.ts';
import type { ReplayRequest } from '#core/replay/replay-run.ts';
import { ARRIVAL_SLACK_MS, judgeWindow, type ReplayWindow, type WindowVerdict } from '#core/replay/replay-window.ts';
import { shardGenerations } from '#core/replay/shard-generations.ts';
import { SOURCE_TABLES } from '#schemas/source/lph.ts';
import { preconditionMissing, usageError } from '../command-failure.ts';
import { metricIds } from '../metrics/metric-ids.ts';
import { type ArchivedWindow, archivedWindow } from './archived-window.ts';
import type { PointInTime } from './point-in-time.ts';
import type { ReplayConnection } from './replay-connection.ts';

export interface WindowOptions {
  readonly from: PointInTime;
  readonly to: PointInTime;
  readonly table?: readonly string[];
  readonly metric?: readonly string[];
  readonly readShare?: number;
  readonly allowGap?: boolean;
  readonly fromArchive?: boolean;
}

export interface CheckedRequest {
  readonly request: ReplayRequest;
  readonly verdict: Extract<WindowVerdict, { kind: 'usable' }>;
  readonly retentionHours: number;
  /** What the request reads. */
  readonly log: ChangeLog;
  /** Of the archive, when that is read. */
  readonly archived: ArchivedWindow | undefined;
  /** Shards that are closed: split or merged since. */
  readonly closed: ReadonlySet<string>;
}

export async function checkedRequest(
  connection: ReplayConnection,
  options: WindowOptions,
  nowMs: number,
  say: (line: string) => void,
): Promise<CheckedRequest> {
  const { settings, archive } = connection;
  const window = { fromMs: options.from(nowMs), toMs: options.to(nowMs) };
  refuseOldWindow(connection, window, nowMs);
  const tables = options.table ?? [];
  const known = SOURCE_TABLES.map(({ name }) => name);
  const unknown = tables.filter((table) => !known.includes(table));
  if (unknown.length > 0)
    throw usageError(`No such table: ${unknown.join(', ')}.`, `The replicated tables are ${known.join(', ')}.`);
  const filter = { tables, metricIds: await metricIds(connection, options.metric ?? [], say) };

  const source = options.fromArchive ? 'archive' : 'stream';
  const archived = options.fromArchive ? await archivedWindow(connection, options, window, nowMs) : undefined;
  const log = archived?.log ?? connection.log;
  const retentionHours = await log.retentionHours();
  const verdict = refuse(
    judgeWindow(window, {
      nowMs,
      tombstoneDays: settings.tombstoneDays,
      source,
      retentionHours,
      archiveIsOn: archive !== undefined,
    }),
  );
  const shards = await log.shards(Math.max(window.fromMs - ARRIVAL_SLACK_MS, verdict.horizonMs));
  return {
    request: {
      source,
      window,
      filter,
      allowGap: options.allowGap === true,
      readShare: options.readShare ?? settings.readShare,
      generations: shardGenerations(shards),
    },
    verdict,
    retentionHours,
    log,
    archived,
    closed: new Set(shards.filter(({ closed }) => closed).map(({ shardId }) => shardId)),
  };
}

/** Backwards, in the future, or older than the memory of deleted rows; a window grows old while its replay is stopped. */
export function refuseOldWindow({ settings }: ReplayConnection, window: ReplayWindow, nowMs: number): void {
  refuse(
    judgeWindow(window, { nowMs, tombstoneDays: settings.tombstoneDays, retentionHours: Number.MAX_SAFE_INTEGER }),
  );
}

function refuse(verdict: WindowVerdict): Extract<WindowVerdict, { kind: 'usable' }> {
  if (verdict.kind === 'usable') return verdict;
  const refusal = verdict.because === 'mistake' ? usageError : preconditionMissing;
  throw refusal(verdict.reason, verdict.instead);
}
