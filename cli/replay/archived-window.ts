/**
 * A window of the change archive for a replay: what of it is there, what is not, and from when on the archive may be behind. The stream is
 * never taken in its place, nor the other way round: the operator says which is read, so that the same command reads the same tomorrow.
 */
import { archiveLogOf } from '#core/archive/archive-change-log.ts';
import { type ArchiveCoverage, archiveCoverage, type Silence } from '#core/archive/archive-coverage.ts';
import type { ChangeLog } from '#core/replay/change-log.ts';
import { instant, type ReplayWindow } from '#core/replay/replay-window.ts';
import { preconditionMissing, usageError } from '../command-failure.ts';
import { duration } from './point-in-time.ts';
import type { ReplayConnection } from './replay-connection.ts';

export interface ArchivedWindow extends ArchiveCoverage {
  readonly log: ChangeLog;
  readonly bucket: string;
  readonly objects: number;
  /** What arrived later may not be archived yet; undefined when the window ends before. */
  readonly lateFromMs: number | undefined;
}

/** Beside the time for which the archiver waits: its invocation, and a retry. */
const LATE_MARGIN_MS = 60_000;

export async function archivedWindow(
  { archive }: Pick<ReplayConnection, 'archive'>,
  options: { readonly readShare?: number },
  window: ReplayWindow,
  nowMs: number,
): Promise<ArchivedWindow> {
  if (options.readShare !== undefined)
    throw usageError(
      '--read-share is a share of what a shard of the stream can be read; --from-archive reads no stream.',
      'Leave one of them out.',
    );
  if (archive === undefined)
    throw preconditionMissing(
      'The change archive is not on: the deployment has no bucket of raw change records.',
      'Without --from-archive the stream is read; what has left it is loaded again: npx relay reload. ' +
        'For the next time: relay:changeArchive=true (docs/deploy.md).',
    );
  const { store, bucket, days, windowSeconds } = archive;
  const coverage = await archiveCoverage(store, window);
  if (coverage.shards.length === 0)
    throw preconditionMissing(
      `Nothing of the window is archived: ${bucket} has no object from ${instant(window.fromMs)} to ${instant(window.toMs)}; ` +
        beginning(coverage),
      'What the stream still has is replayed without --from-archive; otherwise load the tables again: npx relay reload.',
    );
  const settledMs = nowMs - windowSeconds * 1000 - LATE_MARGIN_MS;
  return {
    ...coverage,
    log: archiveLogOf(store, window, days),
    bucket,
    objects: coverage.shards.reduce((sum, { objects }) => sum + objects, 0),
    lateFromMs: window.toMs > settledMs ? Math.max(settledMs, window.fromMs) : undefined,
  };
}

/** Refuses a window of which a part is known to be missing, unless the rest is wanted all the same. */
export function refuseMissing({ silences, ...coverage }: ArchivedWindow, allowGap: boolean): void {
  const missing = silences.filter((silence) => silence.missing);
  if (missing.length === 0 || allowGap) return;
  throw preconditionMissing(
    `The archive has no object of ${missing.map(span).join(', nor of ')}; ${beginning(coverage)}`,
    'If nothing was written to the source then, or the rest is wanted all the same: --allow-gap. Otherwise load the tables again: npx relay reload.',
  );
}

/** One line of a plan for each time of which nothing is there, and one for what may come yet. */
export function archiveLines({ silences, lateFromMs, ...coverage }: ArchivedWindow): string[] {
  return [
    ...silences.map((silence) =>
      silence.missing
        ? `MISSING   ${span(silence)} has no object; ${beginning(coverage)}`
        : `silent    ${span(silence)} has no object: nothing was written then, or its objects were deleted`,
    ),
    ...(lateFromMs === undefined ? [] : [`LATE      ${lateText(lateFromMs)}`]),
  ];
}

export const lateText = (lateFromMs: number): string =>
  `What arrived after ${instant(lateFromMs)} may not be archived yet; the stream has it.`;

const span = ({ fromMs, toMs }: Pick<Silence, 'fromMs' | 'toMs'>): string =>
  `${instant(fromMs)} to ${instant(toMs)} (${duration(toMs - fromMs)})`;

const beginning = ({ beginsMs }: Pick<ArchiveCoverage, 'beginsMs'>): string =>
  beginsMs === undefined ? 'the archive is empty.' : `the archive begins at ${instant(beginsMs)}.`;
