/** Ids of the metrics that the user names. A name is looked up in the Metrics table and, if that is lost, among the back-links of the mirror. */
import { entityOf, namePartition, usedByPrefix, userOf } from '#core/mirror/mirror-key.ts';
import type { ItemStore } from '#core/platform/item-store.ts';
import { failed } from '../command-failure.ts';
import { followRenames } from './follow-renames.ts';

export interface MetricTables {
  readonly store: ItemStore;
  readonly tables: { readonly metrics: string; readonly sourceRows: string };
}

export async function metricIds(
  { store, tables }: MetricTables,
  names: readonly string[],
  say: (line: string) => void,
): Promise<readonly string[]> {
  const ids = new Set<string>();
  for (const wanted of names) {
    const { name, item } = await followRenames(store, tables.metrics, wanted, say);
    const published = item?.metricId?.N;
    const found = published === undefined ? await claimants(name) : [published];
    if (found.length === 0)
      throw failed(
        `There is no metric "${wanted}".`,
        'Names are exact, upper and lower case included. A metric that has never been replicated is brought by npx relay reload.',
      );
    for (const id of found) ids.add(id);
  }
  return [...ids];

  async function claimants(name: string): Promise<readonly string[]> {
    const links = await store.query(tables.sourceRows, namePartition(name), usedByPrefix);
    return links.map((link) => entityOf(userOf(link.sk?.S ?? ''))[1]);
  }
}
