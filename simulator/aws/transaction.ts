/**
 * TransactWriteItems of the simulated DynamoDB in two phases, as its designers describe them: first every item is checked and held, then, a
 * little later, each is written and let go at an instant of its own. While an item is held no other write of it gets through, and reads see
 * its old state. A token that was used in the last ten minutes answers success again without any effect.
 * https://www.usenix.org/conference/atc23/presentation/idziorek
 */
import { isDeepStrictEqual } from 'node:util';
import type {
  AttributeValue,
  CancellationReason,
  TransactWriteItem,
  TransactWriteItemsInput,
} from '@aws-sdk/client-dynamodb';
import type { Weather } from '../engine/faults.ts';
import type { Random } from '../engine/random.ts';
import type { VirtualTime } from '../engine/virtual-time.ts';
import type { AdmittedItem } from './attribute-value.ts';
import { type ConditionRequest, conditionOf, type Holds } from './condition.ts';
import { cancelled, isItemRefusal, tokenInUse, tokenOfOtherRequest, validation } from './dynamodb-error.ts';
import { type ItemKey, type ItemTable, keyName } from './item-table.ts';

const ACTIONS_MAX = 100;
const BYTES_MAX = 4 * 1024 * 1024;
const TOKEN_LIVES_MS = 10 * 60_000;
const PREPARE_MAX_MS = 3;
/** How many transactions are not written at one instant, about. */
const COMMIT_STEP_CHANCE = 0.5;

interface Action {
  readonly table: ItemTable;
  readonly key: ItemKey;
  readonly holds: Holds;
  readonly answersFound: boolean;
  /** Absent: the item is only checked. `undefined` as `next`: it is deleted. */
  readonly write?: { readonly next: AdmittedItem | undefined };
}

type Prepared = Action | { readonly refused: string };

interface KnownToken {
  readonly input: TransactWriteItemsInput;
  readonly sinceMs: number;
  done: boolean;
}

const NONE: CancellationReason = { Code: 'None' };
const CONFLICT: CancellationReason = {
  Code: 'TransactionConflict',
  Message: 'Transaction is ongoing for the item',
};

export class Transactions {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #tableNamed: (name: string | undefined) => ItemTable;
  readonly #tokens = new Map<string, KnownToken>();
  #begun = 0;

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

  async write(input: TransactWriteItemsInput): Promise<void> {
    const actions = this.#actionsOf(input);
    const token = input.ClientRequestToken;
    if (token === undefined) return this.#run(actions);
    const nowMs = this.#time.nowMs();
    const known = this.#tokens.get(token);
    if (known !== undefined && (!known.done || nowMs - known.sinceMs < TOKEN_LIVES_MS)) {
      if (!isSameInput(known.input, input)) throw tokenOfOtherRequest();
      if (!known.done) throw tokenInUse();
      return;
    }
    const entry: KnownToken = { input, sinceMs: nowMs, done: false };
    this.#tokens.set(token, entry);
    try {
      await this.#run(actions);
      entry.done = true;
    } catch (error) {
      // Nothing was done in its name, so the same request may be made again.
      this.#tokens.delete(token);
      throw error;
    }
  }

  async #run(actions: readonly Prepared[]): Promise<void> {
    this.#begun += 1;
    const transaction = this.#begun;
    const held: Action[] = [];
    const reasons = actions.map((action) => this.#prepare(action, transaction, held));
    this.#addConflict(reasons);
    const isCancelled = reasons.some((reason) => reason !== NONE);
    await this.#time.sleep(this.#random.next() * PREPARE_MAX_MS);
    if (isCancelled) {
      for (const { table, key } of held) table.release(key, transaction);
      throw cancelled(reasons);
    }
    for (const { table, key, write } of this.#random.shuffle(held)) {
      if (this.#random.chance(COMMIT_STEP_CHANCE / held.length)) await this.#time.sleep(this.#random.next());
      if (write !== undefined) table.replace(key, write.next);
      table.release(key, transaction);
    }
  }

  #prepare(action: Prepared, transaction: number, held: Action[]): CancellationReason {
    if ('refused' in action) return { Code: 'ValidationError', Message: action.refused };
    const { table, key, holds, answersFound } = action;
    if (table.isHeld(key)) return CONFLICT;
    const found = table.get(key)?.item;
    if (!holds(found)) {
      return {
        Code: 'ConditionalCheckFailed',
        Message: 'The conditional request failed',
        ...(answersFound && found && { Item: found as Record<string, AttributeValue> }),
      };
    }
    table.hold(key, transaction);
    held.push(action);
    return NONE;
  }

  /** Somebody whom nobody sees was on one of the items. */
  #addConflict(reasons: CancellationReason[]): void {
    if (!this.#random.chance(this.#weather.faults.conflict)) return;
    const place = this.#random.below(reasons.length);
    if (reasons[place] === NONE) reasons[place] = CONFLICT;
  }

  #actionsOf(input: TransactWriteItemsInput): readonly Prepared[] {
    const requested = input.TransactItems ?? [];
    if (requested.length < 1 || requested.length > ACTIONS_MAX) {
      const bound = requested.length < 1 ? 'greater than or equal to 1' : `less than or equal to ${ACTIONS_MAX}`;
      throw validation(
        `1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length ${bound}`,
      );
    }
    const actions = requested.map((action) => this.#actionOf(action));
    const seen = new Set<string>();
    let bytes = 0;
    for (const action of actions) {
      if ('refused' in action) continue;
      const { table, key, write } = action;
      const place = `${table.name}/${keyName(key)}`;
      if (seen.has(place)) throw validation('Transaction request cannot include multiple operations on one item');
      seen.add(place);
      bytes += write?.next?.bytes ?? 0;
    }
    if (bytes > BYTES_MAX) throw validation('Transaction request cannot exceed 4 MB');
    return actions;
  }

  #actionOf(request: TransactWriteItem): Prepared {
    const { Put, Delete, ConditionCheck } = request;
    const body = Put ?? Delete ?? ConditionCheck;
    if (body === undefined)
      throw new Error('the simulated DynamoDB knows Put, Delete and ConditionCheck in a transaction');
    const table = this.#tableNamed(body.TableName);
    const holds = conditionOf(body as ConditionRequest);
    const answersFound = body.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
    try {
      if (Put === undefined) {
        const key = table.keyOf((Delete ?? ConditionCheck)?.Key);
        return { table, key, holds, answersFound, ...(Delete && { write: { next: undefined } }) };
      }
      const { key, ...next } = table.admit(Put.Item ?? {});
      return { table, key, holds, answersFound, write: { next } };
    } catch (error) {
      if (isItemRefusal(error)) return { refused: error.message };
      throw error;
    }
  }
}

const isSameInput = (a: TransactWriteItemsInput, b: TransactWriteItemsInput): boolean =>
  a === b || a.TransactItems === b.TransactItems || isDeepStrictEqual(a.TransactItems, b.TransactItems);
