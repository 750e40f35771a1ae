/** Decides which shards may be read now: a child only after all its parents are finished, both of them after a merge. Pure. */
import type { Shard } from './stream-source.ts';

/** A parent that the stream no longer lists has expired with everything in it, so it holds nobody back. */
export function readableShards(shards: readonly Shard[], isFinished: (shardId: string) => boolean): readonly Shard[] {
  const listed = new Set(shards.map((shard) => shard.shardId));
  return shards.filter(
    (shard) => !isFinished(shard.shardId) && shard.parents.every((parent) => !listed.has(parent) || isFinished(parent)),
  );
}
