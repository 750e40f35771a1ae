/**
 * The item store as a worker under exploration sees it: every operation is asked and answered later, by whoever decides which one
 * happens next. It holds no items and decides nothing.
 */
import type { Item, ItemStore, TransactionOutcome, WriteAction, WriteOutcome } from '#core/platform/item-store.ts';
import type { SingleWrite, StorageOperation } from './storage-operation.ts';

/** Answers one operation; the promise stays open until the explorer lets it happen. */
export type Ask = (operation: StorageOperation) => Promise<unknown>;

export class AskingStore implements ItemStore {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  async get(table: string, key: Item): Promise<Item | undefined> {
    return (await this.#ask({ kind: 'get', table, key })) as Item | undefined;
  }

  async getMany(table: string, keys: readonly Item[]): Promise<readonly Item[]> {
    const found: Item[] = [];
    for (const key of keys) {
      const item = await this.get(table, key); // BatchGetItem reads each item by itself
      if (item) found.push(item);
    }
    return found;
  }

  async query(table: string, pk: string, skPrefix: string, limit?: number): Promise<readonly Item[]> {
    return (await this.#ask({
      kind: 'query',
      table,
      pk,
      skPrefix,
      ...(limit !== undefined && { limit }),
    })) as readonly Item[];
  }

  async putMany(table: string, items: readonly Item[]): Promise<void> {
    for (const item of items) await this.write({ kind: 'put', table, item });
  }

  async write(action: SingleWrite): Promise<WriteOutcome> {
    return (await this.#ask({ kind: 'write', action })) as WriteOutcome;
  }

  async transact(actions: readonly WriteAction[]): Promise<TransactionOutcome> {
    return (await this.#ask({ kind: 'transact', actions })) as TransactionOutcome;
  }
}
