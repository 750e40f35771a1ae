/** One replay as it was asked for, and how far each of its shards has come. These are what the journal stores, and all that a slice needs to know. */
import { countOutcomes, type RecordOutcome } from '../replication/batch-outcome.ts';
import type { RecordFilter } from './record-filter.ts';
import type { ReplaySource, ReplayWindow } from './replay-window.ts';

export interface ReplayRequest {
  readonly source: ReplaySource;
  readonly window: ReplayWindow;
  readonly filter: RecordFilter;
  /** The beginning of the window is known to be gone, and the rest is wanted all the same. */
  readonly allowGap: boolean;
  /** Share of a shard's read limits, above 0 and at most 1. The archive has no such limits. */
  readonly readShare: number;
  /** Shards by generation, parents first. */
  readonly generations: readonly (readonly string[])[];
}

export interface ReplayRun {
  readonly replayId: string;
  readonly request: ReplayRequest;
  /** Name of the execution that may work on it. A resumed replay has a new one; slices of an older one are refused. */
  readonly execution: string;
  readonly startedAtMs: number;
  readonly stopped: boolean;
}

/** Records by what became of them; `received` is their sum. Nothing is `failed` for good: it is tried again or the slice ends. */
export type ReplayCounts = Readonly<Record<Exclude<RecordOutcome, 'failed'> | 'received', number>>;

/** Of records of which none is to be tried again. */
export function replayCounts(outcomes: readonly RecordOutcome[]): ReplayCounts {
  const { failed: _none, ...counts } = countOutcomes(outcomes);
  return counts;
}

export const NO_COUNTS: ReplayCounts = replayCounts([]);

export interface ShardCheckpoint {
  readonly shardId: string;
  /** Last record that was looked at and, if it was selected, applied; absent before the first. */
  readonly sequenceNumber: string | undefined;
  readonly arrivedAtMs: number | undefined;
  readonly done: boolean;
  /** Records read, of which `received` were inside the window and selected. */
  readonly looked: number;
  readonly bytes: number;
  readonly counts: ReplayCounts;
  readonly batches: number;
  readonly throttled: number;
  /** Time that slices have worked on it, milliseconds. */
  readonly workedMs: number;
  readonly failure: string | undefined;
  /** What had left the stream with the shard before it was read, although that is done; only with `allowGap`. */
  readonly gone: string | undefined;
}

export const newCheckpoint = (shardId: string): ShardCheckpoint => ({
  shardId,
  sequenceNumber: undefined,
  arrivedAtMs: undefined,
  done: false,
  looked: 0,
  bytes: 0,
  counts: NO_COUNTS,
  batches: 0,
  throttled: 0,
  workedMs: 0,
  failure: undefined,
  gone: undefined,
});

export function addCounts(a: ReplayCounts, b: ReplayCounts): ReplayCounts {
  return {
    received: a.received + b.received,
    applied: a.applied + b.applied,
    unchanged: a.unchanged + b.unchanged,
    duplicate: a.duplicate + b.duplicate,
    stale: a.stale + b.stale,
    quarantined: a.quarantined + b.quarantined,
    control: a.control + b.control,
  };
}

/** A replay cannot go on, and trying again would not help: it was stopped, taken over, or what it must read is gone. */
export class ReplayRefused extends Error {
  override readonly name = 'ReplayRefused';
}
