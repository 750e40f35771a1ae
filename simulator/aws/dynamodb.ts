/**
 * DynamoDB as a client on the network meets it: one call is one request, which travels, may be throttled, may lose its answer, and sees every
 * item at an instant of its own. It repeats nothing, and a command, condition or option that it does not know is an error, never a guess.
 * How it differs from the real service is listed in docs/simulator-models.md.
 */
import type {
  BatchGetItemInput,
  BatchWriteItemInput,
  DeleteItemInput,
  GetItemInput,
  PutItemInput,
  QueryInput,
  TransactWriteItemsInput,
} from '@aws-sdk/client-dynamodb';
import type { Item } from '#core/platform/item-store.ts';
import type { Weather } from '../engine/faults.ts';
import type { Random } from '../engine/random.ts';
import type { VirtualTime } from '../engine/virtual-time.ts';
import { BatchRequests } from './batch-requests.ts';
import { type ConditionRequest, conditionOf } from './condition.ts';
import {
  cancelled,
  conditionFailed,
  noSuchTable,
  refuseEventualRead,
  throttled,
  transactionOnItem,
} from './dynamodb-error.ts';
import { query } from './item-query.ts';
import { ItemStream } from './item-stream.ts';
import { type ItemKey, ItemTable } from './item-table.ts';
import { Network } from './network.ts';
import { Transactions } from './transaction.ts';

export interface TableSettings {
  readonly partitionKey: string;
  readonly sortKey: string;
  readonly stream?: boolean;
}

export class SimulatedDynamoDb {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #network: Network;
  readonly #tables = new Map<string, ItemTable>();
  readonly #streams = new Map<string, ItemStream>();
  readonly #batches: BatchRequests;
  readonly #transactions: Transactions;

  constructor(time: VirtualTime, random: Random, weather: Weather, tables: Readonly<Record<string, TableSettings>>) {
    this.#time = time;
    this.#random = random;
    this.#network = new Network(time, random.fork('network'), weather);
    for (const [name, { partitionKey, sortKey, stream }] of Object.entries(tables)) {
      const table = new ItemTable(name, [partitionKey, sortKey]);
      this.#tables.set(name, table);
      if (stream === true) {
        const network = new Network(time, random.fork(`${name} stream network`), weather);
        this.#streams.set(name, new ItemStream(table, time, random.fork(`${name} stream`), network));
      }
    }
    const tableNamed = (name: string | undefined): ItemTable => this.#table(name);
    this.#batches = new BatchRequests(time, random.fork('batches'), weather, tableNamed);
    this.#transactions = new Transactions(time, random.fork('transactions'), weather, tableNamed);
  }

  /** One request, for example `request('PutItem', { TableName, Item })`. Rejects with the SDK's own exceptions, or with a TimeoutError. */
  request(commandName: string, input: object): Promise<object> {
    return this.#network.request(
      commandName,
      () => this.#serve(commandName, input),
      () => this.#throttled(commandName, input),
    );
  }

  /** Hears of every change of an item, at its instant and in the order of the changes; of no write that changes nothing. */
  onWrite(
    listener: (
      table: string,
      key: string,
      oldItem: Item | undefined,
      newItem: Item | undefined,
      by?: 'time-to-live',
    ) => void,
  ): void {
    for (const [name, table] of this.#tables)
      table.onWrite((key, before, after, by) => listener(name, `${key.partition} ${key.sort}`, before, after, by));
  }

  /** All items as they stand now, in no particular order. */
  items(table: string): readonly Item[] {
    return [...this.#table(table).items()];
  }

  item(table: string, key: ItemKey): Item | undefined {
    return this.#table(table).get(key)?.item;
  }

  stream(table: string): ItemStream {
    const stream = this.#streams.get(table);
    if (stream === undefined) throw new Error(`table ${table} has no stream; give it { stream: true }`);
    return stream;
  }

  /** Deletes what is past its time to live, each item with this chance: DynamoDB does it some time after, in no order. */
  expire(chance = 1): void {
    const nowSeconds = Math.floor(this.#time.nowMs() / 1000);
    for (const table of this.#tables.values()) {
      for (const item of [...table.items()]) {
        const expiresAt = item.expiresAt?.N;
        if (expiresAt === undefined || Number(expiresAt) >= nowSeconds || !this.#random.chance(chance)) continue;
        const key = table.keyIn(item);
        if (!table.isHeld(key)) table.replace(key, undefined, 'time-to-live');
      }
    }
  }

  #table(name: string | undefined): ItemTable {
    const table = this.#tables.get(name ?? '');
    if (table === undefined) throw noSuchTable();
    return table;
  }

  async #serve(commandName: string, input: object): Promise<object> {
    switch (commandName) {
      case 'GetItem':
        return this.#get(input as GetItemInput);
      case 'PutItem':
        return this.#put(input as PutItemInput);
      case 'DeleteItem':
        return this.#delete(input as DeleteItemInput);
      case 'Query':
        return query(this.#table((input as QueryInput).TableName), input as QueryInput, this.#batches);
      case 'BatchGetItem':
        return this.#batches.get(input as BatchGetItemInput);
      case 'BatchWriteItem':
        return this.#batches.write(input as BatchWriteItemInput);
      case 'TransactWriteItems':
        await this.#transactions.write(input as TransactWriteItemsInput);
        return {};
      default:
        throw new Error(`the simulated DynamoDB does not know ${commandName}`);
    }
  }

  #get(input: GetItemInput): object {
    const table = this.#table(input.TableName);
    refuseEventualRead('GetItem', input.ConsistentRead);
    const found = table.get(table.keyOf(input.Key));
    return found === undefined ? {} : { Item: found.item };
  }

  #put(input: PutItemInput): object {
    const table = this.#table(input.TableName);
    const { key, ...next } = table.admit(input.Item ?? {});
    this.#checkWrite(table, key, input);
    table.replace(key, next);
    return {};
  }

  #delete(input: DeleteItemInput): object {
    const table = this.#table(input.TableName);
    const key = table.keyOf(input.Key);
    this.#checkWrite(table, key, input);
    table.replace(key, undefined);
    return {};
  }

  #checkWrite(table: ItemTable, key: ItemKey, input: PutItemInput | DeleteItemInput): void {
    if (input.ReturnValues !== undefined && input.ReturnValues !== 'NONE')
      throw new Error('the simulated DynamoDB knows no ReturnValues of a write');
    const holds = conditionOf(input as ConditionRequest);
    if (table.isHeld(key)) throw transactionOnItem();
    const found = table.get(key)?.item;
    if (holds(found)) return;
    throw conditionFailed(input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' ? found : undefined);
  }

  /** A transaction may be refused whole, or be cancelled because one of its items is throttled. */
  #throttled(commandName: string, input: object): Error {
    if (commandName !== 'TransactWriteItems' || this.#random.chance(0.5)) return throttled(this.#random);
    const count = Math.max(1, (input as TransactWriteItemsInput).TransactItems?.length ?? 1);
    const place = this.#random.below(count);
    const Message =
      'Throughput exceeds the current capacity for one or more global secondary indexes or for the table.';
    return cancelled(
      Array.from({ length: count }, (_, index) =>
        index === place ? { Code: 'ThrottlingError', Message } : { Code: 'None' },
      ),
    );
  }
}
