/**
 * A rehearsal of writes: an ItemStore that reads through to another one and keeps every write in memory. The very same core runs on it
 * (`replicateBatch`, `runProjection`, `settleMetric`) and sees its own writes, while nothing is written. It must never send a write to the
 * store below; other workers' writes there are seen until an item is written here.
 *
 * How to use it:
 *
 *     const rehearsal = new OverlayItemStore(store, new Map([['Metrics', ['name', 'version']], ['SourceRows', ['pk', 'sk']]]));
 *     await runProjection({ ...context, store: rehearsal }, body);
 *     rehearsal.changes()   // what would differ afterwards: table, before, after; an item that ended as it began is not in it
 *     rehearsal.writes()    // each write as it was made, in order, with before and after: what the stream would tell, item by item
 *     rehearsal.cost()      // request units the same run would take from DynamoDB, and what the rehearsal itself has read
 *
 * Table names in the map are the physical ones. Mirror, quarantine and queue must be rehearsed by the caller: give `RowMirror` and
 * `Quarantine` this store, and a `send` that keeps the messages.
 */
import { conditionHolds } from './condition-holds.ts';
import { readUnits, sameItem, sizeOf, writeUnits } from './item-cost.ts';
import {
  type Item,
  type ItemStore,
  TRANSACTION_ACTIONS_MAX,
  type TransactionOutcome,
  type WriteAction,
  type WriteOutcome,
} from './item-store.ts';

/** One write or the sum of all writes of an item; never both images absent, never the same image twice. */
export interface ItemChange {
  readonly table: string;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
}

/** Request units by AWS's rules: transactions twice, failed conditions as if written, reads strongly consistent. */
export interface RehearsedCost {
  readonly writeUnits: number;
  readonly writeRequests: number;
  readonly readUnits: number;
  readonly readRequests: number;
  /** Read units that the rehearsal needed beside those, to know what its writes would have met. */
  readonly ownReadUnits: number;
}

interface Entry {
  readonly pk: string;
  readonly sk: string;
  /** The item in the store below when it was first written here. */
  readonly before: Item | undefined;
  after: Item | undefined;
}

type TableKeys = ReadonlyMap<string, readonly [partitionKey: string, sortKey: string]>;

export class OverlayItemStore implements ItemStore {
  readonly #below: ItemStore;
  readonly #keys: TableKeys;
  /** Table → partition → sort key → entry. */
  readonly #entries = new Map<string, Map<string, Map<string, Entry>>>();
  readonly #writes: ItemChange[] = [];
  readonly #cost = { writeUnits: 0, writeRequests: 0, readUnits: 0, readRequests: 0, ownReadUnits: 0 };

  constructor(below: ItemStore, keys: TableKeys) {
    this.#below = below;
    this.#keys = keys;
  }

  /** Items that would be others afterwards, in the order in which they were first written. */
  changes(): readonly ItemChange[] {
    const changes: ItemChange[] = [];
    for (const [table, partitions] of this.#entries)
      for (const entries of partitions.values())
        for (const { before, after } of entries.values())
          if (!sameItem(before, after)) changes.push({ table, before, after });
    return changes;
  }

  /** Every write that changed something, in order. */
  writes(): readonly ItemChange[] {
    return this.#writes;
  }

  cost(): RehearsedCost {
    return { ...this.#cost };
  }

  async get(table: string, key: Item): Promise<Item | undefined> {
    const entry = this.#entry(table, key);
    const item = entry ? entry.after : await this.#below.get(table, key);
    this.#countRead(readUnits(sizeOf(item)));
    return item;
  }

  async getMany(table: string, keys: readonly Item[]): Promise<readonly Item[]> {
    if (keys.length === 0) return [];
    const unwritten = keys.filter((key) => !this.#entry(table, key));
    const below = unwritten.length > 0 ? await this.#below.getMany(table, unwritten) : [];
    const here = keys.map((key) => this.#entry(table, key)?.after).filter((item) => item !== undefined);
    const found = [...below, ...here];
    const units = found.reduce((sum, item) => sum + readUnits(sizeOf(item)), 0) + (keys.length - found.length);
    this.#countRead(units, Math.ceil(keys.length / BATCH_KEYS_MAX));
    return found;
  }

  async query(table: string, pk: string, skPrefix: string, limit?: number): Promise<readonly Item[]> {
    const written = (): readonly Entry[] =>
      [...(this.#entries.get(table)?.get(pk)?.values() ?? [])].filter(({ sk }) => sk.startsWith(skPrefix));
    // Any item written here may hide one below, so that many more are asked for.
    const asked = limit === undefined ? undefined : limit + written().length;
    const below = await this.#below.query(table, pk, skPrefix, asked);
    const entries = written(); // also those that were written while the store below answered
    const hidden = new Set(entries.map(({ sk }) => sk));
    const merged = [
      ...below.filter((item) => !hidden.has(this.#place(table, item).sk)),
      ...entries.map(({ after }) => after).filter((item) => item !== undefined),
    ].sort((one, other) => byBytes(this.#place(table, one).sk, this.#place(table, other).sk));
    const found = limit === undefined ? merged : merged.slice(0, limit);
    this.#countRead(readUnits(found.reduce((sum, item) => sum + sizeOf(item), 0)));
    return found;
  }

  async putMany(table: string, items: readonly Item[]): Promise<void> {
    const actions = items.map((item): WriteAction => ({ kind: 'put', table, item }));
    const below = await this.#readBelow(actions);
    this.#cost.writeRequests += Math.ceil(items.length / BATCH_PUTS_MAX);
    for (const action of actions) {
      this.#cost.writeUnits += this.#units(action, below);
      this.#apply(action, below);
    }
  }

  async write(action: Exclude<WriteAction, { kind: 'check' }>): Promise<WriteOutcome> {
    const below = await this.#readBelow([action]);
    this.#cost.writeRequests += 1;
    this.#cost.writeUnits += this.#units(action, below);
    const found = this.#current(action, below);
    if (!conditionHolds(action.condition, found)) return { written: false, ...(found && { found }) };
    this.#apply(action, below);
    return { written: true };
  }

  async transact(actions: readonly WriteAction[]): Promise<TransactionOutcome> {
    if (actions.length > TRANSACTION_ACTIONS_MAX)
      throw new Error(`a transaction of ${actions.length} actions; DynamoDB takes ${TRANSACTION_ACTIONS_MAX}`);
    const places = new Set(actions.map((action) => this.#placeText(action)));
    if (places.size !== actions.length) throw new Error('a transaction with two actions on one item');
    const below = await this.#readBelow(actions);
    this.#cost.writeRequests += 1;
    this.#cost.writeUnits += 2 * actions.reduce((sum, action) => sum + this.#units(action, below), 0);
    const found = actions.map((action) => this.#current(action, below));
    const held = actions.map((action, index) => conditionHolds(action.condition, found[index]));
    if (held.every(Boolean)) {
      for (const action of actions) this.#apply(action, below);
      return { written: true };
    }
    const reasons = held.map((isHeld, index) => {
      const item = found[index];
      return isHeld ? { kind: 'none' as const } : { kind: 'condition' as const, ...(item && { found: item }) };
    });
    return { written: false, reasons };
  }

  /**
   * What lies below under the actions' keys and was not written here. Everything after it happens in one go, so two workers of one
   * rehearsal meet each other as they would at DynamoDB.
   */
  async #readBelow(actions: readonly WriteAction[]): Promise<ReadonlyMap<string, Item>> {
    const byTable = new Map<string, Item[]>();
    for (const action of actions) {
      const { table } = action;
      if (this.#entry(table, keyOrItem(action))) continue;
      byTable.set(table, [...(byTable.get(table) ?? []), this.#keyOf(action)]);
    }
    const found = new Map<string, Item>();
    for (const [table, keys] of byTable) {
      const items = await this.#below.getMany(table, keys);
      for (const item of items) found.set(placeText(table, this.#place(table, item)), item);
      this.#cost.ownReadUnits +=
        items.reduce((sum, item) => sum + readUnits(sizeOf(item)), 0) + (keys.length - items.length);
    }
    return found;
  }

  #current(action: WriteAction, below: ReadonlyMap<string, Item>): Item | undefined {
    const entry = this.#entry(action.table, keyOrItem(action));
    return entry ? entry.after : below.get(this.#placeText(action));
  }

  #units(action: WriteAction, below: ReadonlyMap<string, Item>): number {
    return writeUnits(this.#current(action, below), action.kind === 'put' ? action.item : undefined);
  }

  #apply(action: WriteAction, below: ReadonlyMap<string, Item>): void {
    if (action.kind === 'check') return;
    const { table } = action;
    const { pk, sk } = this.#place(table, keyOrItem(action));
    const after = action.kind === 'put' ? action.item : undefined;
    const before = this.#current(action, below);
    if (!sameItem(before, after)) this.#writes.push({ table, before, after });
    const entry = this.#entry(table, keyOrItem(action));
    if (entry) entry.after = after;
    else this.#partition(table, pk).set(sk, { pk, sk, before, after });
  }

  #partition(table: string, pk: string): Map<string, Entry> {
    const partitions = this.#entries.get(table) ?? new Map<string, Map<string, Entry>>();
    this.#entries.set(table, partitions);
    const partition = partitions.get(pk) ?? new Map<string, Entry>();
    partitions.set(pk, partition);
    return partition;
  }

  #entry(table: string, keyOrItem: Item): Entry | undefined {
    const { pk, sk } = this.#place(table, keyOrItem);
    return this.#entries.get(table)?.get(pk)?.get(sk);
  }

  #place(table: string, item: Item): { readonly pk: string; readonly sk: string } {
    const [partitionKey, sortKey] = this.#keysOf(table);
    const [pk, sk] = [item[partitionKey]?.S, item[sortKey]?.S];
    if (pk === undefined || sk === undefined)
      throw new Error(`an item of ${table} without its key (${partitionKey}, ${sortKey})`);
    return { pk, sk };
  }

  #keyOf(action: WriteAction): Item {
    const [partitionKey, sortKey] = this.#keysOf(action.table);
    const { pk, sk } = this.#place(action.table, keyOrItem(action));
    return { [partitionKey]: { S: pk }, [sortKey]: { S: sk } };
  }

  #keysOf(table: string): readonly [string, string] {
    const keys = this.#keys.get(table);
    if (!keys) throw new Error(`the rehearsal does not know the table ${table}; it knows ${[...this.#keys.keys()]}`);
    return keys;
  }

  #placeText(action: WriteAction): string {
    return placeText(action.table, this.#place(action.table, keyOrItem(action)));
  }

  #countRead(units: number, requests = 1): void {
    this.#cost.readUnits += units;
    this.#cost.readRequests += requests;
  }
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const BATCH_KEYS_MAX = 100;
/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const BATCH_PUTS_MAX = 25;

const keyOrItem = (action: WriteAction): Item => (action.kind === 'put' ? action.item : action.key);

const placeText = (table: string, { pk, sk }: { readonly pk: string; readonly sk: string }): string =>
  JSON.stringify([table, pk, sk]);

/** DynamoDB orders sort keys by their UTF-8 bytes; JavaScript would compare UTF-16 units. */
const byBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));
