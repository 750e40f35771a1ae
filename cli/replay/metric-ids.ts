/** Ids of the metrics that the user names. A name is looked up in the Metrics table and, if that is lost, among the back-links of the mirror. */
import { entityOf, namePartition, usedByPrefix, userOf } from '#core/mirror/mirror-key.ts';
import { failed } from '../command-failure.ts';
import type { ReplayConnection } from './replay-connection.ts';

export async function metricIds(
  { store, tables }: Pick<ReplayConnection, 'store' | 'tables'>,
  names: readonly string[],
): Promise<readonly string[]> {
  const ids = new Set<string>();
  for (const name of names) {
    const item = await store.get(tables.metrics, { name: { S: name }, version: { S: '0' } });
    const renamedTo = item?.renamedTo?.S;
    if (renamedTo !== undefined)
      throw failed(`"${name}" is now called "${renamedTo}".`, 'Name the metric as it is called now.');
    const published = item?.metricId?.N;
    const found = published === undefined ? await claimants() : [published];
    if (found.length === 0)
      throw failed(
        `There is no metric "${name}".`,
        'Names are exact, upper and lower case included. A metric that has never been replicated is brought by npx relay reload.',
      );
    for (const id of found) ids.add(id);

    async function claimants(): Promise<readonly string[]> {
      const links = await store.query(tables.sourceRows, namePartition(name), usedByPrefix);
      return links.map((link) => entityOf(userOf(link.sk?.S ?? ''))[1]);
    }
  }
  return [...ids];
}
