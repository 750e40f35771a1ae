/**
 * Requests of the simulated DynamoDB that touch many items. Each item is read or written at an instant of its own, with others at work in
 * between, and a part of the request may be left undone; the batch as a whole is no transaction.
 */
import type { BatchGetItemInput, BatchWriteItemInput, WriteRequest } from '@aws-sdk/client-dynamodb';
import type { Item } from '#core/platform/item-store.ts';
import type { Weather } from '../engine/faults.ts';
import type { Random } from '../engine/random.ts';
import type { VirtualTime } from '../engine/virtual-time.ts';
import type { AdmittedItem } from './attribute-value.ts';
import { refuseEventualRead, validation } from './dynamodb-error.ts';
import { type ItemKey, type ItemTable, keyName } from './item-table.ts';

const KEYS_MAX = 100;
const PUTS_MAX = 25;
/** Pauses per request on average, however many items it has: enough for others to come between, few enough to be fast. */
const PAUSES_PER_REQUEST = 1;

export class BatchRequests {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #tableNamed: (name: string | undefined) => ItemTable;

  constructor(
    time: VirtualTime,
    random: Random,
    weather: Weather,
    tableNamed: (name: string | undefined) => ItemTable,
  ) {
    this.#time = time;
    this.#random = random;
    this.#weather = weather;
    this.#tableNamed = tableNamed;
  }

  /** Called between two items: undefined when the next one is touched at the same instant. */
  between(items: number): Promise<void> | undefined {
    return this.#random.chance(PAUSES_PER_REQUEST / items) ? this.#time.sleep(this.#random.next()) : undefined;
  }

  /** Whether a part of this request is left undone. */
  isPartial(): boolean {
    return this.#random.chance(this.#weather.faults.partial);
  }

  /** How many of `count` are done before the rest is left: at least one. */
  partOf(count: number): number {
    return this.#random.between(1, Math.max(1, count - 1));
  }

  async get(input: BatchGetItemInput): Promise<object> {
    const { table, body } = this.#onlyTable(input.RequestItems);
    refuseEventualRead('BatchGetItem', body.ConsistentRead);
    const requested = body.Keys ?? [];
    if (requested.length > KEYS_MAX) throw validation('Too many items requested for the BatchGetItem call');
    const keys = requested.map((key) => table.keyOf(key));
    refuseTwice(keys, 'Provided list of item keys contains duplicates');
    const order = this.#random.shuffle(keys.map((_, place) => place));
    const done = this.isPartial() ? this.partOf(order.length) : order.length;
    const items: Item[] = [];
    for (const [step, place] of order.slice(0, done).entries()) {
      if (step > 0) await this.between(done);
      const found = table.get(keys[place] as ItemKey);
      if (found !== undefined) items.push(found.item);
    }
    const undone = order.slice(done).map((place) => requested[place]);
    const rest = undone.length === 0 ? {} : { [table.name]: { ...body, Keys: undone } };
    return { Responses: { [table.name]: items }, UnprocessedKeys: rest };
  }

  async write(input: BatchWriteItemInput): Promise<object> {
    const { table, body: requested } = this.#onlyTable(input.RequestItems);
    if (requested.length > PUTS_MAX)
      throw validation(
        "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]",
      );
    const writes = requested.map((request) => writeOf(table, request));
    refuseTwice(
      writes.map(({ key }) => key),
      'Provided list of item keys contains duplicates',
    );
    const order = this.#random.shuffle(writes.map((_, place) => place));
    const done = this.isPartial() ? this.partOf(order.length) : order.length;
    const undone = order.slice(done);
    for (const [step, place] of order.slice(0, done).entries()) {
      if (step > 0) await this.between(done);
      const { key, next } = writes[place] as Write;
      // A transaction is under way on the item.
      if (table.isHeld(key)) undone.push(place);
      else table.replace(key, next);
    }
    return { UnprocessedItems: undone.length === 0 ? {} : { [table.name]: undone.map((place) => requested[place]) } };
  }

  #onlyTable<B>(requestItems: Readonly<Record<string, B>> | undefined): { table: ItemTable; body: B } {
    const entries = Object.entries(requestItems ?? {});
    const [first] = entries;
    if (first === undefined || entries.length > 1)
      throw new Error(`the simulated DynamoDB knows batch requests for one table, not ${entries.length}`);
    return { table: this.#tableNamed(first[0]), body: first[1] };
  }
}

interface Write {
  readonly key: ItemKey;
  readonly next: AdmittedItem | undefined;
}

function writeOf(table: ItemTable, { PutRequest, DeleteRequest }: WriteRequest): Write {
  if (DeleteRequest !== undefined) return { key: table.keyOf(DeleteRequest.Key), next: undefined };
  const { key, ...next } = table.admit(PutRequest?.Item ?? {});
  return { key, next };
}

function refuseTwice(keys: readonly ItemKey[], message: string): void {
  if (new Set(keys.map(keyName)).size < keys.length) throw validation(message);
}
