/** Splits and merges shards of the change stream through the gateway, as an operator does, while everything else goes on. */
import {
  KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  type Shard,
  SplitShardCommand,
  UpdateShardCountCommand,
} from '@aws-sdk/client-kinesis';
import type { SeededRandom } from '#sample/seeded-random.ts';
import type { Reach } from './relay.ts';

export const RESHARDS = ['split', 'merge', 'update shard count'] as const;
export type Reshard = (typeof RESHARDS)[number];

const OPEN_MAX = 6;

/** Answers which was done, or undefined when the stream was not there or not ready for it. */
export async function reshard(wanted: Reshard, reach: Reach, random: SeededRandom): Promise<Reshard | undefined> {
  const client = new KinesisClient({ ...reach.client, requestHandler: { requestTimeout: 30_000 } });
  const StreamName = reach.output('ChangeStream');
  try {
    const { Shards = [] } = await client.send(
      new ListShardsCommand({ StreamName, ShardFilter: { Type: 'AT_LATEST' } }),
    );
    const open = Shards.filter((shard) => shard.SequenceNumberRange?.EndingSequenceNumber === undefined).toSorted(
      byHashKey,
    );
    if (wanted === 'update shard count') {
      const TargetShardCount = open.length > 2 ? Math.ceil(open.length / 2) : open.length * 2;
      await client.send(new UpdateShardCountCommand({ StreamName, TargetShardCount, ScalingType: 'UNIFORM_SCALING' }));
      return wanted;
    }
    if (wanted === 'split' ? open.length >= OPEN_MAX : open.length < 2) return undefined;
    if (wanted === 'split') {
      const shard = random.pick(open);
      const [from, to] = hashKeys(shard);
      const share = BigInt(1 + random.below(9));
      const NewStartingHashKey = String(from + ((to - from) * share) / 10n + 1n);
      await client.send(new SplitShardCommand({ StreamName, ShardToSplit: shard.ShardId, NewStartingHashKey }));
      return wanted;
    }
    const place = random.below(open.length - 1);
    const [one, other] = [open[place], open[place + 1]];
    await client.send(
      new MergeShardsCommand({ StreamName, ShardToMerge: one?.ShardId, AdjacentShardToMerge: other?.ShardId }),
    );
    return wanted;
  } catch {
    // The emulator is away, or the stream is still busy with the reshard before: as on AWS, one asks again.
    return undefined;
  } finally {
    client.destroy();
  }
}

const hashKeys = ({ HashKeyRange }: Shard): [bigint, bigint] => [
  BigInt(HashKeyRange?.StartingHashKey ?? '0'),
  BigInt(HashKeyRange?.EndingHashKey ?? '0'),
];

function byHashKey(one: Shard, other: Shard): number {
  const [a, b] = [hashKeys(one)[0], hashKeys(other)[0]];
  return a < b ? -1 : a > b ? 1 : 0;
}
