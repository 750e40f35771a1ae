/**
 * The stream of one table of the simulated DynamoDB: one record per change of an item, in the order of the changes of that item, spread over
 * several shards by partition key. Between items there is no order.
 */
import { createHash } from 'node:crypto';
import type { Item } from '#core/platform/item-store.ts';
import type { StreamRecord, StreamSource } from '#local/stream/stream-source.ts';
import type { Random } from '../engine/random.ts';
import type { VirtualTime } from '../engine/virtual-time.ts';
import { admitted } from './attribute-value.ts';
import type { ItemKey, ItemTable } from './item-table.ts';
import { type Network, refusal } from './network.ts';
import { latestOf, ShardLog } from './shard-log.ts';
import { openShards } from './shard-reader.ts';

const SHARDS_MAX = 3;
const VISIBLE_FROM_MS = 5;
const VISIBLE_TO_MS = 300;
/** A record now and then takes much longer, so that the shards run apart. */
const LATE_CHANCE = 0.02;
const LATE_TO_MS = 5_000;

export const REGION = 'us-east-1';
export const ACCOUNT_ID = '000000000000';

interface ItemChange {
  readonly sequenceNumber: string;
  readonly arrivedAtMs: number;
  readonly key: Item;
  readonly oldImage: Item | undefined;
  readonly newImage: Item | undefined;
  readonly byTimeToLive: boolean;
  /** Made at the first read and kept for the next reader. */
  record: StreamRecord | undefined;
}

export class ItemStream {
  readonly streamArn: string;
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #network: Network;
  readonly #shards: ShardLog<ItemChange>[] = [];
  readonly #shardOf = new Map<string, number>();
  readonly #open: ShardLog<ItemChange>[] = [];
  /** Numbers of a shard grow in length within any run: they may not be compared as text. */
  #counter: number;

  constructor(table: ItemTable, time: VirtualTime, random: Random, network: Network) {
    this.streamArn = `arn:aws:dynamodb:${REGION}:${ACCOUNT_ID}:table/${table.name}/stream/2026-11-20T12:00:00.000`;
    this.#time = time;
    this.#random = random;
    this.#network = network;
    this.#counter = 9_980 + random.below(20);
    for (let count = random.between(1, SHARDS_MAX); count > 0; count--) this.#open.push(this.#newShard([]));
    table.onWrite((key, oldImage, newImage, by) =>
      this.#append(key, table.keyAttributes(key), oldImage, newImage, by === 'time-to-live'),
    );
  }

  get latest(): ReadonlyMap<string, string> {
    return latestOf(this.#shards);
  }

  /** For one reader; `close` ends its waiting reads. */
  source(): StreamSource {
    return openShards<ItemChange>({
      streamArn: this.streamArn,
      network: this.#network,
      shards: () => this.#shards.filter((shard) => !shard.spent),
      shard: (shardId) => {
        const shard = this.#shards.find((candidate) => candidate.shardId === shardId && !candidate.spent);
        if (shard === undefined)
          throw refusal('ResourceNotFoundException', `Requested resource not found: Shard: ${shardId}`);
        return shard;
      },
      toRecord: (change) => {
        change.record ??= toStreamRecord(change, this.streamArn);
        return change.record;
      },
      throttled: () => refusal('LimitExceededException', 'Too many readers of this shard'),
    });
  }

  /** Closes one shard and goes on in a child of it, as DynamoDB does every few hours and when a partition splits. */
  rollShard(): void {
    const place = this.#random.below(this.#open.length);
    const parent = this.#open[place];
    if (parent === undefined) return;
    this.#open[place] = this.#newShard([parent.shardId]);
    parent.close();
  }

  /** Forgets all records that came before, as DynamoDB does after 24 hours; a closed shard with nothing left expires. */
  trim(beforeMs: number): void {
    for (const shard of this.#shards) shard.trim(({ arrivedAtMs }) => arrivedAtMs < beforeMs);
  }

  #newShard(parents: readonly string[]): ShardLog<ItemChange> {
    const number = String(1_000_000 + this.#shards.length);
    const shard = new ShardLog<ItemChange>(
      `shardId-0000000${number}0000000-${number.slice(-8).padStart(8, '0')}`,
      parents,
      this.#time,
    );
    this.#shards.push(shard);
    return shard;
  }

  #append(
    { partition }: ItemKey,
    key: Item,
    oldImage: Item | undefined,
    newImage: Item | undefined,
    byTimeToLive: boolean,
  ): void {
    this.#counter += this.#random.between(1, 3);
    const random = this.#random;
    const delayMs = random.chance(LATE_CHANCE)
      ? random.between(VISIBLE_TO_MS, LATE_TO_MS)
      : random.between(VISIBLE_FROM_MS, VISIBLE_TO_MS);
    const change = {
      sequenceNumber: `${this.#counter}00000000017450439091`,
      // DynamoDB gives the time of a change in whole seconds.
      arrivedAtMs: Math.floor(this.#time.nowMs() / 1000) * 1000,
      key,
      oldImage,
      newImage,
      byTimeToLive,
      record: undefined,
    };
    this.#open[this.#placeOf(partition)]?.append(change, delayMs);
  }

  #placeOf(partition: string): number {
    let place = this.#shardOf.get(partition);
    if (place === undefined) {
      place = createHash('md5').update(partition).digest().readUInt32BE(0) % this.#open.length;
      this.#shardOf.set(partition, place);
    }
    return place;
  }
}

function toStreamRecord(change: ItemChange, streamArn: string): StreamRecord {
  const { sequenceNumber, arrivedAtMs, key, oldImage, newImage, byTimeToLive } = change;
  const json = JSON.stringify(
    {
      eventID: sequenceNumber.padStart(32, '0'),
      eventName: oldImage === undefined ? 'INSERT' : newImage === undefined ? 'REMOVE' : 'MODIFY',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: REGION,
      dynamodb: {
        ApproximateCreationDateTime: arrivedAtMs / 1000,
        Keys: key,
        ...(newImage && { NewImage: newImage }),
        ...(oldImage && { OldImage: oldImage }),
        SequenceNumber: sequenceNumber,
        SizeBytes: bytesOf(key) + bytesOf(newImage) + bytesOf(oldImage),
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
      ...(byTimeToLive && { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } }),
      eventSourceARN: streamArn,
    },
    binaryAsBase64,
  );
  return {
    identifier: sequenceNumber,
    sequenceNumber,
    orderingKey: JSON.stringify(key),
    arrivedAtMs,
    json,
    filterable: () => JSON.parse(json) as unknown,
  };
}

const bytesOf = (item: Item | undefined): number => (item === undefined ? 0 : admitted(item).bytes);

/** `this[member]` and not `value`: a Buffer would already have become an object of numbers. */
function binaryAsBase64(this: object, member: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const original: unknown = (this as { readonly [name: string]: unknown })[member];
  return original instanceof Uint8Array ? Buffer.from(original).toString('base64') : value;
}
