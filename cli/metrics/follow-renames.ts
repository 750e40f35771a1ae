/** The metric that is meant by a name, also by one that it has left: the redirects of renames are followed, and that is said. */
import type { Item, ItemStore } from '#core/platform/item-store.ts';
import { LATEST } from '#core/projection/project-metric.ts';
import { isRedirect, itemKey } from '#core/publication/metric-item.ts';

export interface NamedMetric {
  /** The name now. */
  readonly name: string;
  /** What lies under that name; undefined when nothing does. */
  readonly item: Item | undefined;
}

/** Longest chain of renames that is followed; redirects expire, and two swapped names must not send it round for ever. */
const RENAMES_MAX = 10;

export async function followRenames(
  store: ItemStore,
  table: string,
  wanted: string,
  say: (line: string) => void,
): Promise<NamedMetric> {
  let name = wanted;
  let item = await store.get(table, itemKey(name, LATEST));
  for (let hop = 0; item && isRedirect(item) && hop < RENAMES_MAX; hop++) {
    name = item.renamedTo?.S ?? '';
    item = await store.get(table, itemKey(name, LATEST));
  }
  if (name !== wanted) say(`"${wanted}" is now called "${name}": that metric is taken.`);
  return { name, item: item && isRedirect(item) ? undefined : item };
}
