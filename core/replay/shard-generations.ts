/**
 * The order in which shards are replayed: every shard after its parents, as many at a time as possible. The core needs no order between shards
 * (a change is placed by its source position), but read in order a replay passes through fewer intermediate states, so it writes less.
 */

export interface ShardFacts {
  readonly shardId: string;
  /** One after a split, two after a merge, none for a first shard. One that has expired is named here and listed nowhere. */
  readonly parents: readonly string[];
  /** No record comes any more: the shard was split or merged. */
  readonly closed: boolean;
}

/** Each generation's parents lie in earlier ones. @throws when shards are each other's ancestors, which no stream has. */
export function shardGenerations(shards: readonly ShardFacts[]): readonly (readonly string[])[] {
  const listed = new Set(shards.map(({ shardId }) => shardId));
  const generations: string[][] = [];
  const done = new Set<string>();
  let rest = [...shards];
  while (rest.length > 0) {
    const ready = rest.filter(({ parents }) => parents.every((parent) => !listed.has(parent) || done.has(parent)));
    if (ready.length === 0)
      throw new Error(`the shards ${rest.map(({ shardId }) => shardId).join(', ')} are ancestors of each other`);
    generations.push(ready.map(({ shardId }) => shardId).sort());
    for (const { shardId } of ready) done.add(shardId);
    rest = rest.filter(({ shardId }) => !done.has(shardId));
  }
  return generations;
}
