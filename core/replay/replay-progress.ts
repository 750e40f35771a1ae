/** How far a replay is, from the checkpoints of its shards. Pure. Progress is measured in time of the window: how many records are left, nobody knows. */
import {
  addCounts,
  NO_COUNTS,
  newCheckpoint,
  type ReplayCounts,
  type ReplayRequest,
  type ShardCheckpoint,
} from './replay-run.ts';

export interface ShardProgress extends ShardCheckpoint {
  readonly generation: number;
  /** 0 to 1. */
  readonly fraction: number;
}

export interface ReplayProgress {
  readonly shards: readonly ShardProgress[];
  readonly shardsDone: number;
  readonly fraction: number;
  readonly looked: number;
  readonly bytes: number;
  readonly counts: ReplayCounts;
  readonly throttled: number;
  /** Records a second of one shard that is being read, on average; absent before the first. */
  readonly recordsPerSecond: number | undefined;
  /** Absent when nothing tells it yet. */
  readonly leftMs: number | undefined;
}

export function replayProgress(request: ReplayRequest, checkpoints: readonly ShardCheckpoint[]): ReplayProgress {
  const known = new Map(checkpoints.map((checkpoint) => [checkpoint.shardId, checkpoint]));
  const shards = request.generations.flatMap((shardIds, generation) =>
    shardIds.map((shardId): ShardProgress => {
      const checkpoint = known.get(shardId) ?? newCheckpoint(shardId);
      return { ...checkpoint, generation, fraction: fractionOf(request, checkpoint) };
    }),
  );
  const looked = sum(shards, (shard) => shard.looked);
  const workedMs = sum(shards, (shard) => shard.workedMs);
  return {
    shards,
    shardsDone: shards.filter(({ done }) => done).length,
    fraction: shards.length === 0 ? 1 : sum(shards, ({ fraction }) => fraction) / shards.length,
    looked,
    bytes: sum(shards, ({ bytes }) => bytes),
    counts: shards.reduce((counts, shard) => addCounts(counts, shard.counts), NO_COUNTS),
    throttled: sum(shards, ({ throttled }) => throttled),
    recordsPerSecond: workedMs > 0 ? (looked * 1000) / workedMs : undefined,
    leftMs: leftMs(request, shards),
  };
}

function fractionOf({ window }: ReplayRequest, { done, arrivedAtMs }: ShardCheckpoint): number {
  if (done) return 1;
  if (arrivedAtMs === undefined) return 0;
  const fraction = (arrivedAtMs - window.fromMs) / (window.toMs - window.fromMs);
  return Math.min(1, Math.max(0, fraction));
}

/** Every shard goes on as it went, those that have not begun as the others did; generations follow each other. */
function leftMs({ generations }: ReplayRequest, shards: readonly ShardProgress[]): number | undefined {
  const begun = shards.filter(({ fraction }) => fraction > 0);
  const workedMs = sum(begun, (shard) => shard.workedMs);
  const fractions = sum(begun, ({ fraction }) => fraction);
  if (fractions === 0) return undefined;
  const wholeMs = workedMs / fractions;
  return sum(
    generations.map((_, generation) => shards.filter((shard) => shard.generation === generation)),
    (together) =>
      Math.max(
        0,
        ...together.map(({ fraction, workedMs: ms }) => (fraction > 0 ? (ms / fraction) * (1 - fraction) : wholeMs)),
      ),
  );
}

const sum = <T>(list: readonly T[], value: (element: T) => number): number =>
  list.reduce((total, element) => total + value(element), 0);
