/**
 * DynamoDB as far as the item store needs it, in memory: conditions, transactions that are all or nothing, stream records per item and none for
 * a write that changes nothing. `gate` stands before every operation, so a test can let other workers run there or let this one die.
 */
import { isDeepStrictEqual } from 'node:util';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { RelayError } from '#core/error/relay-error.ts';
import type {
  Condition,
  Item,
  ItemStore,
  TransactionOutcome,
  WriteAction,
  WriteOutcome,
} from '#core/platform/item-store.ts';
import { TRANSACTION_ACTIONS_MAX } from '#core/platform/item-store.ts';
import { itemBytes } from '#core/publication/metric-item.ts';

export interface StreamRecord {
  readonly table: string;
  readonly oldImage?: Item;
  readonly newImage?: Item;
}

/** The tables, shared by the stores of all workers. */
export class MemoryTables {
  readonly items = new Map<string, Map<string, Item>>();
  readonly stream: StreamRecord[] = [];
  readonly #keys: Readonly<Record<string, readonly [string, string]>>;

  constructor(keys: Readonly<Record<string, readonly [string, string]>>) {
    this.#keys = keys;
  }

  table(name: string): Map<string, Item> {
    const table = this.items.get(name) ?? new Map<string, Item>();
    this.items.set(name, table);
    return table;
  }

  /** A world of its own that starts from here; items are never changed in place. */
  copy(): MemoryTables {
    const copy = new MemoryTables(this.#keys);
    for (const [name, table] of this.items) copy.items.set(name, new Map(table));
    copy.stream.push(...this.stream);
    return copy;
  }

  keyOf(table: string, item: Item): string {
    const names = this.#keys[table];
    if (!names) throw new Error(`no such table: ${table}`);
    return names.map((name) => item[name]?.S ?? missing(table, name)).join('\u0001');
  }

  /** @throws what DynamoDB would answer to an item that it cannot hold. */
  refuse(table: string, item: Item): void {
    refuseWhatDynamoDbRefuses(item, this.#keys[table] ?? []);
  }

  replace(table: string, key: string, item: Item | undefined): void {
    if (item) this.refuse(table, item);
    const old = this.table(table).get(key);
    if (isDeepStrictEqual(old, item)) return;
    if (item) this.table(table).set(key, item);
    else this.table(table).delete(key);
    this.stream.push({ table, ...(old && { oldImage: old }), ...(item && { newImage: item }) });
  }
}

const missing = (table: string, name: string): never => {
  throw new Error(`an item of ${table} has no key ${name}`);
};

/** Limits that a record's content can reach. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const ITEM_BYTES_MAX = 400 * 1024;
const KEY_BYTES_MAX = [2048, 1024];
const DIGITS_MAX = 38;

function refuseWhatDynamoDbRefuses(item: Item, keyNames: readonly string[]): void {
  if (itemBytes(item) > ITEM_BYTES_MAX) throw new RelayError('ITEM_TOO_LARGE', 'an item above 400 KB');
  for (const [place, name] of keyNames.entries()) {
    const bytes = Buffer.byteLength(item[name]?.S ?? '');
    if (bytes === 0 || bytes > (KEY_BYTES_MAX[place] ?? 0)) throw new Error(`a key ${name} of ${bytes} bytes`);
  }
  for (const [name, { N }] of Object.entries(item)) {
    const digits = N?.replace(/^-/, '').replace('.', '').replace(/^0+/, '').length ?? 0;
    if (digits > DIGITS_MAX) throw new Error(`a number ${name} of ${digits} digits`);
  }
}

export class MemoryItemStore implements ItemStore {
  readonly #tables: MemoryTables;
  readonly #gate: () => Promise<void>;

  constructor(tables: MemoryTables, gate: () => Promise<void> = async () => {}) {
    this.#tables = tables;
    this.#gate = gate;
  }

  async get(table: string, key: Item): Promise<Item | undefined> {
    await this.#gate();
    return this.#tables.table(table).get(this.#tables.keyOf(table, key));
  }

  async getMany(table: string, keys: readonly Item[]): Promise<readonly Item[]> {
    if (keys.length === 0) return [];
    const found: Item[] = [];
    for (const key of keys) {
      await this.#gate(); // BatchGetItem reads each item by itself
      found.push(
        ...[this.#tables.table(table).get(this.#tables.keyOf(table, key))].filter((item) => item !== undefined),
      );
    }
    return found;
  }

  async query(table: string, pk: string, skPrefix: string, limit = Number.POSITIVE_INFINITY): Promise<readonly Item[]> {
    await this.#gate();
    if (skPrefix === '') throw new Error('DynamoDB takes no empty prefix of a sort key');
    const all = [...this.#tables.table(table).values()].filter(
      (item) => item.pk?.S === pk && item.sk?.S?.startsWith(skPrefix),
    );
    return all.sort((a, b) => ((a.sk?.S ?? '') < (b.sk?.S ?? '') ? -1 : 1)).slice(0, limit);
  }

  async putMany(table: string, items: readonly Item[]): Promise<void> {
    for (const item of items) {
      await this.#gate();
      this.#tables.replace(table, this.#tables.keyOf(table, item), item);
    }
  }

  async write(action: Exclude<WriteAction, { kind: 'check' }>): Promise<WriteOutcome> {
    await this.#gate();
    const outcome = this.#check(action);
    if (outcome.written) this.#apply(action);
    return outcome;
  }

  async transact(actions: readonly WriteAction[]): Promise<TransactionOutcome> {
    await this.#gate();
    if (actions.length > TRANSACTION_ACTIONS_MAX) throw new Error(`a transaction of ${actions.length} actions`);
    const keys = actions.map((action) => `${action.table}\u0001${this.#keyOf(action)}`);
    if (new Set(keys).size !== keys.length) throw new Error('a transaction with two actions on one item');
    const outcomes = actions.map((action) => this.#check(action));
    if (outcomes.every(({ written }) => written)) {
      for (const action of actions) if (action.kind === 'put') this.#tables.refuse(action.table, action.item);
      for (const action of actions) this.#apply(action);
      return { written: true };
    }
    return {
      written: false,
      reasons: outcomes.map((o) =>
        o.written ? { kind: 'none' } : { kind: 'condition', ...(o.found && { found: o.found }) },
      ),
    };
  }

  #keyOf(action: WriteAction): string {
    return this.#tables.keyOf(action.table, action.kind === 'put' ? action.item : action.key);
  }

  #check(action: WriteAction): WriteOutcome {
    const found = this.#tables.table(action.table).get(this.#keyOf(action));
    if (!action.condition || conditionHolds(action.condition, found)) return { written: true };
    return { written: false, ...(found && { found }) };
  }

  #apply(action: WriteAction): void {
    if (action.kind === 'check') return;
    this.#tables.replace(action.table, this.#keyOf(action), action.kind === 'put' ? action.item : undefined);
  }
}

/** The few forms of condition that the code under test writes; any other one is an error, not a pass. */
export function conditionHolds(condition: Condition, item: Item | undefined): boolean {
  return condition.expression
    .split(' OR ')
    .some((all) => all.split(' AND ').every((clause) => clauseHolds(clause.trim(), condition, item)));
}

function clauseHolds(clause: string, { names, values }: Condition, item: Item | undefined): boolean {
  const attribute = (text: string): AttributeValue | undefined =>
    item?.[text.startsWith('#') ? (names?.[text] ?? text) : text];
  const call = /^(attribute_not_exists|attribute_exists)\((\S+)\)$/.exec(clause);
  if (call?.[2]) return (attribute(call[2]) === undefined) === (call[1] === 'attribute_not_exists');
  const equals = /^(\S+) = (:\w+)$/.exec(clause);
  const value = equals?.[2] && values?.[equals[2]];
  if (equals?.[1] && value) return isDeepStrictEqual(attribute(equals[1]), value);
  throw new Error(`the in-memory store does not know the condition ${JSON.stringify(clause)}`);
}
