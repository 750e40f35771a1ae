/**
 * The calls by which a replay reads the simulated stream, as the SDK makes them: places that are handed out and handed back, whatever is visible by now,
 * and how far that is behind. The poller of the live path reads through its own port; both see the same shards.
 */
import { PositionUnavailable } from '#local/stream/stream-source.ts';
import type { AcceptedRecord } from './kinesis-record.ts';
import { refusal } from './network.ts';
import type { ShardLog } from './shard-log.ts';
import type { ReadableShards } from './shard-reader.ts';

export const RETENTION_HOURS = 168;

type Input = Readonly<Record<string, unknown>>;

export async function askKinesis(
  stream: ReadableShards<AcceptedRecord>,
  nowMs: () => number,
  command: string,
  input: object,
): Promise<unknown> {
  const carryOut = OPERATIONS.get(command);
  if (!carryOut) throw refusal('UnknownOperationException', `the simulated Kinesis does not know ${command}`);
  return stream.network.request(
    command,
    () => carryOut(stream, input as Input, nowMs()),
    () => stream.throttled(),
  );
}

type Operation = (stream: ReadableShards<AcceptedRecord>, input: Input, nowMs: number) => unknown;

const OPERATIONS = new Map<string, Operation>([
  ['DescribeStreamSummary', () => ({ StreamDescriptionSummary: { RetentionPeriodHours: RETENTION_HOURS } })],
  [
    'GetShardIterator',
    (stream, { ShardId, ShardIteratorType, StartingSequenceNumber, Timestamp }) => {
      const shard = stream.shard(String(ShardId));
      const place = (): number => {
        if (ShardIteratorType === 'AFTER_SEQUENCE_NUMBER') return placeAfter(shard, String(StartingSequenceNumber));
        if (ShardIteratorType === 'AT_TIMESTAMP')
          return shard.placeAt({ kind: 'at-timestamp', timestampMs: (Timestamp as Date).getTime() });
        throw refusal('InvalidArgumentException', `the simulated Kinesis does not know ${ShardIteratorType}`);
      };
      return { ShardIterator: JSON.stringify([ShardId, place()]) };
    },
  ],
  [
    'GetRecords',
    (stream, { ShardIterator, Limit }, nowMs) => {
      const [shardId, place] = JSON.parse(String(ShardIterator)) as [string, number];
      const { entries, next, atEnd } = stream.shard(shardId).read(place, Number(Limit));
      const isMore = stream.shard(shardId).read(next, 1).entries.length > 0;
      return {
        Records: entries.map((record) => ({
          SequenceNumber: record.sequenceNumber,
          Data: record.bytes,
          PartitionKey: record.partitionKey,
          ApproximateArrivalTimestamp: new Date(record.arrivedAtMs),
        })),
        ...(!atEnd && { NextShardIterator: JSON.stringify([shardId, next]) }),
        MillisBehindLatest: isMore ? Math.max(1, nowMs - (entries.at(-1)?.arrivedAtMs ?? nowMs)) : 0,
      };
    },
  ],
]);

/** After a record that has been trimmed comes the oldest that is left. A number that was never given is an error. */
function placeAfter(shard: ShardLog<AcceptedRecord>, sequenceNumber: string): number {
  try {
    return shard.placeAt({ kind: 'after', sequenceNumber });
  } catch (error) {
    if (error instanceof PositionUnavailable && error.trimmed) return shard.placeAt({ kind: 'trim-horizon' });
    throw refusal('InvalidArgumentException', `StartingSequenceNumber ${sequenceNumber}: ${error}`);
  }
}
