/** The poller's port over simulated shards: a long poll for what is not there yet, then one request over the network. It keeps no checkpoint. */
import type { ShardCursor, ShardRead, StartingPoint, StreamRecord, StreamSource } from '#local/stream/stream-source.ts';
import type { Network } from './network.ts';
import type { ShardEntry, ShardLog } from './shard-log.ts';

/** An idle shard is asked about once in this time; the first record that comes ends the wait. */
const LONG_POLL_MS = 60_000;

export interface ReadableShards<E extends ShardEntry> {
  readonly streamArn: string;
  readonly network: Network;
  shards(): Iterable<ShardLog<E>>;
  /** @throws what the service answers for a shard it does not have. */
  shard(shardId: string): ShardLog<E>;
  toRecord(entry: E, shardId: string): StreamRecord;
  throttled(): Error;
}

/** For one reader: `close` ends its waiting reads, and nothing can be read afterwards. */
export function openShards<E extends ShardEntry>(stream: ReadableShards<E>): StreamSource {
  const closing = new AbortController();
  return {
    streamArn: stream.streamArn,
    // No request of its own: pollers ask every few seconds, and nothing depends on how long that takes.
    listShards: async () => [...stream.shards()].map(({ shardId, parents }) => ({ shardId, parents })),
    open: async (shardId, from) => cursorAt(stream, stream.shard(shardId), from, closing.signal),
    close: () => closing.abort(),
  };
}

function cursorAt<E extends ShardEntry>(
  stream: ReadableShards<E>,
  shard: ShardLog<E>,
  from: StartingPoint,
  closed: AbortSignal,
): ShardCursor {
  let place = shard.placeAt(from);
  return {
    async read(recordsMax): Promise<ShardRead> {
      await shard.arrival(place, LONG_POLL_MS, closed);
      const here = shard.read(place, 1);
      if (closed.aborted) return { records: [], atEnd: false };
      if (here.entries.length === 0) return { records: [], atEnd: here.atEnd, behindMs: 0 };
      const read = await stream.network.request(
        'GetRecords',
        () => shard.read(place, recordsMax),
        () => stream.throttled(),
      );
      if (closed.aborted) return { records: [], atEnd: false };
      place = read.next;
      return { records: read.entries.map((entry) => stream.toRecord(entry, shard.shardId)), atEnd: read.atEnd };
    },
  };
}
