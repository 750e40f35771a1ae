/** Random commands of every operation of the item store's port, on few keys so that they meet; to compare two stores with each other. */
import { unchangedSince } from '#core/mirror/register-item.ts';
import type { Condition, Item, ItemStore, WriteAction } from '#core/platform/item-store.ts';
import { fenceUnmoved } from '#core/publication/metric-head.ts';
import { freeOrMine, mine, redirectItem, stillTheirs } from '#core/publication/metric-item.ts';
import { TABLE_KEYS } from './real-dynamodb.ts';
import type { SeededRandom } from './seeded-random.ts';

export type StoreCommand = (store: ItemStore) => Promise<unknown>;

const number = (random: SeededRandom): string => String(random.below(3));

function randomKey(random: SeededRandom, table: string): Item {
  const names = TABLE_KEYS[table as keyof typeof TABLE_KEYS];
  return table === 'Metrics'
    ? { [names[0]]: { S: random.pick(['cpu', 'Ätna', 'a#b']) }, [names[1]]: { S: random.pick(['0', '1']) } }
    : {
        [names[0]]: { S: random.pick(['metric#1', 'group#2']) },
        [names[1]]: { S: random.pick(['row', 'row#Z', 'row#a', 'head']) },
      };
}

function randomItem(random: SeededRandom, table: string): Item {
  const key = randomKey(random, table);
  if (table === 'Metrics' && random.chance(0.2)) return { ...redirectItem(key.name?.S ?? '', 'other', 5), ...key };
  return {
    ...key,
    metricId: { N: number(random) },
    revision: { N: number(random) },
    writes: { N: number(random) },
    fence: { N: number(random) },
    set: { SS: ['a', 'b'] },
    nested: { M: { text: { S: '' }, flag: { BOOL: random.chance(0.5) } } },
  };
}

function randomCondition(random: SeededRandom, table: string): Condition | undefined {
  if (random.chance(0.3)) return undefined;
  if (table === 'Metrics') {
    return random.pick([
      freeOrMine,
      mine,
      (id: string) => stillTheirs({ metricId: { N: id }, revision: { N: number(random) } }),
    ])(number(random));
  }
  return random.pick([fenceUnmoved(random.below(3)), unchangedSince(random.below(3)), unchangedSince(undefined)]);
}

function randomAction(random: SeededRandom): WriteAction {
  const table = random.pick(Object.keys(TABLE_KEYS));
  const condition = randomCondition(random, table);
  const kind = random.pick(['put', 'put', 'delete', 'check'] as const);
  if (kind === 'put') return { kind, table, item: randomItem(random, table), ...(condition && { condition }) };
  const key = randomKey(random, table);
  if (kind === 'check')
    return { kind, table, key, condition: condition ?? (table === 'Metrics' ? mine('1') : fenceUnmoved(1)) };
  return { kind, table, key, ...(condition && { condition }) };
}

const placeOf = (action: WriteAction): string => {
  const from = action.kind === 'put' ? action.item : action.key;
  return [action.table, ...TABLE_KEYS[action.table as keyof typeof TABLE_KEYS].map((name) => from[name]?.S)].join(
    '\u0001',
  );
};

export function randomStoreCommand(random: SeededRandom): StoreCommand {
  const table = random.pick(Object.keys(TABLE_KEYS));
  const dice = random.next();
  if (dice < 0.35) {
    const action = randomAction(random);
    if (action.kind !== 'check') return (store) => store.write(action);
  }
  if (dice < 0.6) {
    const actions = Array.from({ length: 1 + random.below(4) }, () => randomAction(random));
    const distinct = [...new Map(actions.map((action) => [placeOf(action), action])).values()];
    return (store) => store.transact(distinct);
  }
  if (dice < 0.7) {
    const items = [randomItem(random, table), randomItem(random, table)];
    const distinct = items.filter(
      (item, index) => index === 0 || JSON.stringify(keyOf(table, item)) !== JSON.stringify(keyOf(table, items[0])),
    );
    return (store) => store.putMany(table, distinct);
  }
  if (dice < 0.8) {
    const key = randomKey(random, table);
    return (store) => store.get(table, key);
  }
  if (dice < 0.9) {
    const keys = Array.from({ length: 1 + random.below(4) }, () => randomKey(random, table));
    const distinct = [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
    return async (store) => inOrder(await store.getMany(table, distinct));
  }
  const prefix = random.pick(['row', 'row#', 'row#a', 'head']);
  const limit = random.chance(0.5) ? undefined : 1 + random.below(3);
  return (store) => store.query('SourceRows', random.pick(['metric#1']), prefix, limit);
}

const keyOf = (table: string, item: Item | undefined): Item =>
  Object.fromEntries(TABLE_KEYS[table as keyof typeof TABLE_KEYS].map((name) => [name, item?.[name] ?? { S: '' }]));

const inOrder = (items: readonly Item[]): readonly Item[] =>
  [...items].sort((a, b) => (JSON.stringify(keyOfAny(a)) < JSON.stringify(keyOfAny(b)) ? -1 : 1));
const keyOfAny = (item: Item): Item => keyOf(item.name ? 'Metrics' : 'SourceRows', item);
