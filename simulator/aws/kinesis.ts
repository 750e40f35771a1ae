/**
 * A Kinesis stream: records go to shards by the MD5 of their partition key, shards are split and merged with the parents read before the
 * children, and the times of arrival are only approximate. Within a shard the order is the order of acceptance; between shards there is none.
 */
import { createHash } from 'node:crypto';
import type { StreamRecord, StreamSource } from '#local/stream/stream-source.ts';
import type { Weather } from '../engine/faults.ts';
import type { Random } from '../engine/random.ts';
import type { VirtualTime } from '../engine/virtual-time.ts';
import { evenRanges, type HashRange, joined, splitAt, touch } from './hash-range.ts';
import { ACCOUNT_ID, REGION } from './item-stream.ts';
import { askKinesis } from './kinesis-api.ts';
import { type AcceptedRecord, toStreamRecord } from './kinesis-record.ts';
import { Network, refusal } from './network.ts';
import { latestOf, ShardLog } from './shard-log.ts';
import { openShards, type ReadableShards } from './shard-reader.ts';

/** One record on its way to the stream. */
export interface StreamEntry {
  readonly partitionKey: string;
  readonly bytes: Uint8Array;
}

/** https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html */
const ENTRIES_MAX = 500;
const REQUEST_BYTES_MAX = 10 * 1024 * 1024;
const RECORD_BYTES_MAX = 1024 * 1024;

const VISIBLE_FROM_MS = 1;
const VISIBLE_TO_MS = 400;
/** Arrival times are wrong by up to this much, so they sometimes go back. */
const CLOCK_ERROR_MS = 25;
const SEQUENCE_DIGITS = 54;

interface OpenShard {
  readonly log: ShardLog<AcceptedRecord>;
  readonly range: HashRange;
}

export class SimulatedKinesis {
  readonly streamArn = `arn:aws:kinesis:${REGION}:${ACCOUNT_ID}:stream/changes`;
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #network: Network;
  readonly #shards: ShardLog<AcceptedRecord>[] = [];
  #open: OpenShard[];
  readonly #records: AcceptedRecord[] = [];
  readonly #hashes = new Map<string, string>();
  #accepted = 0;

  constructor(time: VirtualTime, random: Random, weather: Weather, settings: { readonly shards: number }) {
    this.#time = time;
    this.#random = random;
    this.#weather = weather;
    this.#network = new Network(time, random.fork('network'), weather);
    this.#open = evenRanges(settings.shards).map((range) => this.#newShard(range, []));
  }

  /** One PutRecords. @returns places of the entries that were refused; rejects when throttled, or when the answer is lost. */
  put(entries: readonly StreamEntry[]): Promise<readonly number[]> {
    return this.#network.request('PutRecords', () => this.#accept(entries), throttled);
  }

  /** Splits a shard somewhere, if one is wide enough; by default a random one in the middle or anywhere. */
  split(shardId?: string, newStartingHashKey?: bigint): void {
    const wide = this.#open.filter(({ range }) => range.end > range.start);
    const parent = shardId === undefined ? wide.length > 0 && this.#random.pick(wide) : this.#openShard(shardId);
    if (parent === false) return;
    const [left, right] = splitAt(parent.range, newStartingHashKey ?? this.#somewhereIn(parent.range));
    const parents = [parent.log.shardId];
    this.#replace([parent], [this.#newShard(left, parents), this.#newShard(right, parents)]);
  }

  /** Merges two neighbours, random ones by default. @returns false when there are none. */
  merge(shardId?: string, adjacentShardId?: string): boolean {
    const pairs = this.#open.flatMap((left) =>
      this.#open
        .filter((right) => touch(left.range, right.range))
        .filter(
          (right) => shardId === undefined || (left.log.shardId === shardId && right.log.shardId === adjacentShardId),
        )
        .map((right) => [left, right] as const),
    );
    if (pairs.length === 0) return false;
    const [left, right] = this.#random.pick(pairs);
    const parents = [left.log.shardId, right.log.shardId];
    this.#replace([left, right], [this.#newShard(joined(left.range, right.range), parents)]);
    return true;
  }

  /** Forgets all records that arrived before, from the oldest of each shard on; a closed shard with nothing left expires. */
  trim(beforeMs: number): void {
    for (const shard of this.#shards) shard.trim(({ arrivedAtMs }) => arrivedAtMs < beforeMs);
  }

  get openShards(): readonly { readonly shardId: string; readonly start: bigint; readonly end: bigint }[] {
    return this.#open.map(({ log, range }) => ({ shardId: log.shardId, start: range.start, end: range.end }));
  }

  /** Everything that was ever accepted, trimmed or not, in the order of acceptance. */
  get records(): readonly AcceptedRecord[] {
    return this.#records;
  }

  get latest(): ReadonlyMap<string, string> {
    return latestOf(this.#shards);
  }

  /** Accepted records as a reader of the stream gets them. */
  asDelivered(records: readonly AcceptedRecord[]): readonly StreamRecord[] {
    return records.map((record) => toStreamRecord(record, this.streamArn));
  }

  /** For one reader; `close` ends its waiting reads. */
  source(): StreamSource {
    return openShards(this.#readable());
  }

  /** A call of the API by which a replay reads. */
  request(command: string, input: object): Promise<unknown> {
    return askKinesis(this.#readable(), () => this.#time.nowMs(), command, input);
  }

  #readable(): ReadableShards<AcceptedRecord> {
    return {
      streamArn: this.streamArn,
      network: this.#network,
      shards: () => this.#shards.filter((shard) => !shard.spent),
      shard: (shardId) => {
        const shard = this.#shards.find((candidate) => candidate.shardId === shardId && !candidate.spent);
        if (shard === undefined)
          throw refusal('ResourceNotFoundException', `Shard ${shardId} in stream changes does not exist`);
        return shard;
      },
      toRecord: (record) => toStreamRecord(record, this.streamArn),
      throttled,
    };
  }

  #accept(entries: readonly StreamEntry[]): readonly number[] {
    refuseWhole(entries);
    const { partial } = this.#weather.faults;
    const isPartial = this.#random.chance(partial);
    const refused: number[] = [];
    for (const [place, entry] of entries.entries()) {
      if (isPartial && this.#random.chance(0.5)) refused.push(place);
      else this.#append(entry);
    }
    return refused;
  }

  #append({ partitionKey, bytes }: StreamEntry): void {
    const hash = this.#hashOf(partitionKey);
    const shard = this.#open.find(({ range }) => range.startHex <= hash && hash <= range.endHex);
    if (shard === undefined) throw new Error(`no open shard takes the hash ${hash}`);
    this.#accepted += this.#random.between(1, 9);
    const record: AcceptedRecord = {
      shardId: shard.log.shardId,
      sequenceNumber: `49${String(this.#accepted).padStart(SEQUENCE_DIGITS, '0')}`,
      partitionKey,
      bytes,
      arrivedAtMs: Math.floor(this.#time.nowMs()) - this.#random.below(CLOCK_ERROR_MS),
      delivered: undefined,
    };
    this.#records.push(record);
    shard.log.append(record, this.#random.between(VISIBLE_FROM_MS, VISIBLE_TO_MS));
  }

  #hashOf(partitionKey: string): string {
    let hash = this.#hashes.get(partitionKey);
    if (hash === undefined) {
      hash = createHash('md5').update(partitionKey).digest('hex');
      this.#hashes.set(partitionKey, hash);
    }
    return hash;
  }

  #somewhereIn({ start, end }: HashRange): bigint {
    if (this.#random.chance(0.5)) return (start + end + 1n) / 2n;
    return start + 1n + ((end - start - 1n) * BigInt(this.#random.below(1_000_000))) / 1_000_000n;
  }

  #openShard(shardId: string): OpenShard {
    const shard = this.#open.find(({ log }) => log.shardId === shardId);
    if (shard === undefined) throw refusal('ResourceNotFoundException', `shard ${shardId} is not open`);
    return shard;
  }

  #newShard(range: HashRange, parents: readonly string[]): OpenShard {
    const log = new ShardLog<AcceptedRecord>(
      `shardId-${String(this.#shards.length).padStart(12, '0')}`,
      parents,
      this.#time,
    );
    this.#shards.push(log);
    return { log, range };
  }

  #replace(parents: readonly OpenShard[], children: readonly OpenShard[]): void {
    this.#open = [...this.#open.filter((shard) => !parents.includes(shard)), ...children];
    for (const { log } of parents) log.close();
  }
}

const throttled = (): Error =>
  refusal('ProvisionedThroughputExceededException', 'Rate exceeded for shard in stream changes');

function refuseWhole(entries: readonly StreamEntry[]): void {
  if (entries.length < 1 || entries.length > ENTRIES_MAX)
    throw refusal('InvalidArgumentException', `PutRecords takes 1 to ${ENTRIES_MAX} records, not ${entries.length}`);
  let total = 0;
  for (const { partitionKey, bytes } of entries) {
    const size = bytes.length + Buffer.byteLength(partitionKey);
    if (size > RECORD_BYTES_MAX)
      throw refusal(
        'InvalidArgumentException',
        `a record of ${size} bytes; a record and its key may have ${RECORD_BYTES_MAX}`,
      );
    total += size;
  }
  if (total > REQUEST_BYTES_MAX)
    throw refusal('InvalidArgumentException', `a request of ${total} bytes; PutRecords takes ${REQUEST_BYTES_MAX}`);
}
