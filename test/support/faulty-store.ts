/** An item store that fails as infrastructure does, where a test says so; everything else reaches the real one. */
import { RowMirror } from '#core/mirror/row-mirror.ts';
import type { ItemStore, WriteAction } from '#core/platform/item-store.ts';
import type { ReplicationContext } from '#core/replication/replicate-batch.ts';

export class Throttled extends Error {
  override name = 'ProvisionedThroughputExceededException';
}

/** Fails every single write and every transaction with an action for which `fails` is true. */
export function failingWrites(store: ItemStore, fails: (action: WriteAction) => boolean): ItemStore {
  const refuse = (actions: readonly WriteAction[]): void => {
    if (actions.some(fails)) throw new Throttled('too much for now');
  };
  return {
    get: (table, key) => store.get(table, key),
    getMany: (table, keys) => store.getMany(table, keys),
    query: (table, pk, prefix, limit) => store.query(table, pk, prefix, limit),
    putMany: (table, items) => store.putMany(table, items),
    write: async (action) => {
      refuse([action]);
      return store.write(action);
    },
    transact: async (actions) => {
      refuse(actions);
      return store.transact(actions);
    },
  };
}

/** The context of a world whose writes fail where a test says so. */
export function contextWithFailingWrites(
  context: ReplicationContext,
  fails: (action: WriteAction) => boolean,
): ReplicationContext {
  const store = failingWrites(context.store, fails);
  return { ...context, store, mirror: new RowMirror(store, context.tables.sourceRows, 7, context.nowMs) };
}

export const touches =
  (pk: string, sk: string) =>
  (action: WriteAction): boolean => {
    const place = action.kind === 'put' ? action.item : action.key;
    return place.pk?.S === pk && place.sk?.S === sk;
  };
