/**
 * Writes of any number under one name of a metric, in transactions that each check the metric's fence and that item "0" under the name is
 * its own. A chunk that fails its checks ends the whole: somebody else went on from here.
 */
import { RelayError } from '../error/relay-error.ts';
import { headKey, keyItem } from '../mirror/mirror-key.ts';
import { type ItemStore, TRANSACTION_ACTIONS_MAX, type WriteAction } from '../platform/item-store.ts';
import { LATEST } from '../projection/project-metric.ts';
import { fenceUnmoved } from './metric-head.ts';
import { ITEM_BYTES_MAX, itemBytes, itemKey, mine } from './metric-item.ts';
import type { Tables } from './publication-writes.ts';

/** Below the 4 MB of TransactWriteItems, with room for what our own counting misses. */
const TRANSACTION_BYTES_MAX = 3_000_000;
/** Checks that ride with every chunk: the fence and item "0". */
const CHECKS_PER_CHUNK = 2;

const actionBytes = (action: WriteAction): number => (action.kind === 'put' ? itemBytes(action.item) : 200);

export function fitsOneTransaction(actions: readonly WriteAction[]): boolean {
  return (
    actions.length <= TRANSACTION_ACTIONS_MAX &&
    actions.reduce((sum, action) => sum + actionBytes(action), 0) <= TRANSACTION_BYTES_MAX
  );
}

/** @throws RelayError `ITEM_TOO_LARGE` when DynamoDB would refuse one of the items. */
export function requireItemsFit(actions: readonly WriteAction[]): void {
  for (const action of actions) {
    if (action.kind !== 'put' || itemBytes(action.item) <= ITEM_BYTES_MAX) continue;
    throw new RelayError(
      'ITEM_TOO_LARGE',
      `an item of ${itemBytes(action.item)} bytes would pass the ${ITEM_BYTES_MAX} that DynamoDB allows`,
    );
  }
}

/** Writes actions under one name, each chunk with a check of the fence and of item "0" there. */
export async function writeGuarded(
  store: ItemStore,
  tables: Tables,
  metricId: string,
  fence: number,
  name: string,
  actions: readonly WriteAction[],
): Promise<boolean> {
  const checks: readonly WriteAction[] = [
    { kind: 'check', table: tables.sourceRows, key: keyItem(headKey(metricId)), condition: fenceUnmoved(fence) },
    { kind: 'check', table: tables.metrics, key: itemKey(name, LATEST), condition: mine(metricId) },
  ];
  for (const chunk of chunksOf(actions)) {
    if (!(await store.transact([...checks, ...chunk])).written) return false;
  }
  return true;
}

function chunksOf(actions: readonly WriteAction[]): readonly (readonly WriteAction[])[] {
  const chunks: WriteAction[][] = [];
  let bytes = 0;
  for (const action of actions) {
    const chunk = chunks.at(-1);
    const size = actionBytes(action);
    if (chunk && chunk.length < TRANSACTION_ACTIONS_MAX - CHECKS_PER_CHUNK && bytes + size <= TRANSACTION_BYTES_MAX) {
      chunk.push(action);
      bytes += size;
    } else {
      chunks.push([action]);
      bytes = size;
    }
  }
  return chunks;
}
