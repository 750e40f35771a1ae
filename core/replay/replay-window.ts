/**
 * The part of the change stream that is replayed: `[fromMs, toMs)` in the arrival times of Kinesis. Decides, without asking anyone, whether a
 * window may be replayed at all. A window outside the retention is one question; one older than the tombstones is another, and the answer to
 * that must hold wherever the records come from: an insert whose delete is forgotten would bring the row back.
 */

/** Where the records are read: the change stream, or the archive that keeps them for longer. What is done with them is the same. */
export type ReplaySource = 'stream' | 'archive';

export interface ReplayWindow {
  /** Epoch milliseconds, inclusive. */
  readonly fromMs: number;
  /** Epoch milliseconds, exclusive. */
  readonly toMs: number;
}

/** What is known of the deployment when a window is judged. */
export interface WindowLimits {
  readonly nowMs: number;
  /** Where the records would be read; the stream if it is not said. */
  readonly source?: ReplaySource;
  /** Of that source. */
  readonly retentionHours: number;
  /** Whether what has left the stream may be in the archive. */
  readonly archiveIsOn?: boolean;
  readonly tombstoneDays: number;
}

export type WindowVerdict =
  /** `goneMs`: how much of the beginning is older than the retention; 0 when the whole window can still be there. */
  | { readonly kind: 'usable'; readonly goneMs: number; readonly horizonMs: number }
  /** `mistake`: no such window can be meant; `gone`: it could once have been replayed. */
  | {
      readonly kind: 'refused';
      readonly because: 'mistake' | 'gone';
      readonly reason: string;
      readonly instead: string;
    };

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * How far a clock that stamps arrivals may be off, milliseconds. Arrival times need not increase within a shard
 * (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Record.html), so reading begins this much before the window and ends this much
 * behind it, and records are chosen by their own time.
 */
export const ARRIVAL_SLACK_MS = 10_000;

/** A replay takes time itself: what is nearly forgotten when it begins may be forgotten while it runs. */
const TOMBSTONE_MARGIN_MS = DAY_MS;

export const instant = (ms: number): string => new Date(ms).toISOString();

export function judgeWindow({ fromMs, toMs }: ReplayWindow, limits: WindowLimits): WindowVerdict {
  const { nowMs, source = 'stream', retentionHours, tombstoneDays } = limits;
  const refused = (because: 'mistake' | 'gone', reason: string, instead: string): WindowVerdict => ({
    kind: 'refused',
    because,
    reason,
    instead,
  });
  if (toMs <= fromMs)
    return refused(
      'mistake',
      `The window ends (${instant(toMs)}) before it begins (${instant(fromMs)}), or holds no time at all.`,
      'Give --from a time before --to.',
    );
  if (toMs > nowMs)
    return refused(
      'mistake',
      `The window ends in the future: ${instant(toMs)}; it is now ${instant(nowMs)}.`,
      'End it with --to now. What arrives later is applied by the pipeline itself.',
    );
  const remembered = nowMs - tombstoneDays * DAY_MS + TOMBSTONE_MARGIN_MS;
  if (fromMs < remembered)
    return refused(
      'gone',
      `The window begins at ${instant(fromMs)}, but deleted rows are remembered only since ${instant(remembered)} ` +
        `(tombstoneDays ${tombstoneDays}): older records could bring deleted rows back.`,
      'Load the tables again instead: npx relay reload. It takes the rows from the database as they are now.',
    );
  const horizonMs = nowMs - retentionHours * HOUR_MS;
  if (toMs <= horizonMs)
    return refused(
      'gone',
      `The whole window is gone from the ${source}: it ends at ${instant(toMs)}, and the ${source} keeps ${retentionHours} hours, ` +
        `so nothing before ${instant(horizonMs)} is left.`,
      source === 'stream' && limits.archiveIsOn
        ? 'Read it from the change archive: the same command with --from-archive.'
        : 'Load the tables again instead: npx relay reload.',
    );
  return { kind: 'usable', goneMs: Math.max(0, horizonMs - fromMs), horizonMs };
}

/** A replay that is started now comes to its first record a little later, and needs some time in hand. */
const COMING_TO_IT_MS = 5 * 60_000;

/** Whether the beginning of the window is gone, or will be before a replay has come to it: that replay would refuse itself. */
export const isLeaving = ({ fromMs }: ReplayWindow, horizonMs: number): boolean => fromMs < horizonMs + COMING_TO_IT_MS;

/** Where a record stands to the window. `after` is final only with the slack: a record behind it may still have an earlier time. */
export function placeInWindow({ fromMs, toMs }: ReplayWindow, arrivedAtMs: number): 'before' | 'inside' | 'after' {
  if (arrivedAtMs < fromMs) return 'before';
  return arrivedAtMs < toMs ? 'inside' : 'after';
}
