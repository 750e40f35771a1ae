/**
 * One table of the simulated DynamoDB: items by key in the order of their sort keys, what transactions hold, and what every change tells its
 * listeners. All of it happens at one instant; how long requests take is the business of others.
 */
import type { Item } from '#core/platform/item-store.ts';
import { type AdmittedItem, admitted, sameItem } from './attribute-value.ts';
import { invalidParameter, itemRefusal, validation } from './dynamodb-error.ts';

export interface ItemKey {
  readonly partition: string;
  readonly sort: string;
}

/** `by`: who made the change, when it was not a request. */
export type WriteListener = (
  key: ItemKey,
  oldItem: Item | undefined,
  newItem: Item | undefined,
  by?: 'time-to-live',
) => void;

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const ITEM_BYTES_MAX = 400 * 1024;
const PARTITION_KEY_BYTES_MAX = 2048;
const SORT_KEY_BYTES_MAX = 1024;

const INVALID = 'One or more parameter values were invalid: ';

interface Partition {
  readonly items: Map<string, AdmittedItem>;
  /** Sort keys in order; undefined after a key came or went. */
  order: string[] | undefined;
}

export class ItemTable {
  readonly name: string;
  readonly keyNames: readonly [string, string];
  readonly #partitions = new Map<string, Partition>();
  readonly #held = new Map<string, number>();
  readonly #listeners: WriteListener[] = [];

  constructor(name: string, keyNames: readonly [string, string]) {
    this.name = name;
    this.keyNames = keyNames;
  }

  onWrite(listener: WriteListener): void {
    this.#listeners.push(listener);
  }

  /** The key that a request gives; it holds nothing else. @throws ValidationException. */
  keyOf(key: Item | undefined): ItemKey {
    if (key === undefined || Object.keys(key).length !== 2)
      throw validation('The number of conditions on the keys is invalid');
    return this.keyIn(key);
  }

  /** The key of an item. @throws ValidationException. */
  keyIn(item: Item): ItemKey {
    const [partitionName, sortName] = this.keyNames;
    const key = { partition: keyText(item, partitionName), sort: keyText(item, sortName) };
    if (Buffer.byteLength(key.partition) > PARTITION_KEY_BYTES_MAX)
      throw itemRefusal(
        `${INVALID}Size of hashkey has exceeded the maximum size limit of${PARTITION_KEY_BYTES_MAX} bytes`,
      );
    if (Buffer.byteLength(key.sort) > SORT_KEY_BYTES_MAX)
      throw itemRefusal(
        `${INVALID}Aggregated size of all range keys has exceeded the size limit of ${SORT_KEY_BYTES_MAX} bytes`,
      );
    return key;
  }

  /** @throws ValidationException for an item that DynamoDB does not take. */
  admit(item: Item): AdmittedItem & { readonly key: ItemKey } {
    const taken = admitted(item);
    const key = this.keyIn(taken.item);
    if (taken.bytes > ITEM_BYTES_MAX) throw validation('Item size has exceeded the maximum allowed size');
    return { ...taken, key };
  }

  keyAttributes({ partition, sort }: ItemKey): Item {
    return { [this.keyNames[0]]: { S: partition }, [this.keyNames[1]]: { S: sort } };
  }

  get(key: ItemKey): AdmittedItem | undefined {
    return this.#partitions.get(key.partition)?.items.get(key.sort);
  }

  /** Sort keys of a partition that begin with the prefix and come after `after`, in the order of their UTF-8 bytes. */
  sortKeys(partition: string, prefix: string, after: string | undefined): readonly string[] {
    const found = this.#partitions.get(partition);
    if (found === undefined) return [];
    found.order ??= [...found.items.keys()].sort(compareUtf8);
    return found.order.filter(
      (sort) => sort.startsWith(prefix) && (after === undefined || compareUtf8(sort, after) > 0),
    );
  }

  *items(): Iterable<Item> {
    for (const { items } of this.#partitions.values()) for (const { item } of items.values()) yield item;
  }

  replace(key: ItemKey, next: AdmittedItem | undefined, by?: 'time-to-live'): void {
    let partition = this.#partitions.get(key.partition);
    const old = partition?.items.get(key.sort);
    if (next !== undefined) {
      if (partition === undefined) {
        partition = { items: new Map(), order: undefined };
        this.#partitions.set(key.partition, partition);
      }
      partition.items.set(key.sort, next);
    } else partition?.items.delete(key.sort);
    if (partition !== undefined && (old === undefined) !== (next === undefined)) partition.order = undefined;
    if (sameItem(old?.item, next?.item)) return;
    for (const listener of this.#listeners) listener(key, old?.item, next?.item, by);
  }

  isHeld(key: ItemKey): boolean {
    return this.#held.has(keyName(key));
  }

  /** Until `release`, a transaction is under way on the item. */
  hold(key: ItemKey, transaction: number): void {
    this.#held.set(keyName(key), transaction);
  }

  release(key: ItemKey, transaction: number): void {
    if (this.#held.get(keyName(key)) === transaction) this.#held.delete(keyName(key));
  }
}

/** One text for each key of a table: the length keeps two keys apart whatever they contain. */
export const keyName = ({ partition, sort }: ItemKey): string => `${partition.length}:${partition}${sort}`;

function keyText(item: Item, name: string): string {
  const value = Object.hasOwn(item, name) ? item[name] : undefined;
  if (value === undefined) throw invalidParameter(`Missing the key ${name} in the item`);
  if (value.S === undefined)
    throw itemRefusal(`${INVALID}Type mismatch for key ${name} expected: S actual: ${Object.keys(value)[0]}`);
  if (value.S === '')
    throw validation(
      `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${name}`,
    );
  return value.S;
}

/** UTF-16 code units have the order of UTF-8 bytes except that surrogates come last of all. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let place = 0; place < length; place++) {
    const left = a.charCodeAt(place);
    const right = b.charCodeAt(place);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

const rank = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);
