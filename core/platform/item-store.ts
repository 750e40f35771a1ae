/**
 * The port to DynamoDB: the few operations the protocol needs, with DynamoDB's own expressions. All reads are strongly consistent and
 * on base-table keys. A failed condition is an answer, not an error; everything else that goes wrong is thrown and retried by the caller's caller.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export type Item = Readonly<Record<string, AttributeValue>>;

export interface Condition {
  readonly expression: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Item;
}

export interface PutAction {
  readonly kind: 'put';
  readonly table: string;
  readonly item: Item;
  readonly condition?: Condition;
}

export type WriteAction =
  | PutAction
  | { readonly kind: 'delete'; readonly table: string; readonly key: Item; readonly condition?: Condition }
  | { readonly kind: 'check'; readonly table: string; readonly key: Item; readonly condition: Condition };

/** `found` is what stood in the way of a failed condition; absent when nothing was there. */
export type WriteOutcome = { readonly written: true } | { readonly written: false; readonly found?: Item };

export type TransactionOutcome =
  | { readonly written: true }
  /** One entry per action, in order; `conflict` means another transaction was under way on that item. */
  | { readonly written: false; readonly reasons: readonly TransactionReason[] };

export type TransactionReason =
  | { readonly kind: 'none' }
  | { readonly kind: 'condition'; readonly found?: Item }
  | { readonly kind: 'conflict' };

export interface ItemStore {
  get(table: string, key: Item): Promise<Item | undefined>;
  /** Items that exist, in no particular order. Any number of distinct keys. */
  getMany(table: string, keys: readonly Item[]): Promise<readonly Item[]>;
  /** All items of the partition whose sort key begins with the prefix, in the order of the sort key; at most `limit` when given. */
  query(table: string, pk: string, skPrefix: string, limit?: number): Promise<readonly Item[]>;
  /** Unconditional puts of any number of items with distinct keys. */
  putMany(table: string, items: readonly Item[]): Promise<void>;
  write(action: Exclude<WriteAction, { kind: 'check' }>): Promise<WriteOutcome>;
  /** At most 100 actions on distinct items, at most 4 MB. */
  transact(actions: readonly WriteAction[]): Promise<TransactionOutcome>;
}

/** Most actions in one TransactWriteItems. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
export const TRANSACTION_ACTIONS_MAX = 100;
