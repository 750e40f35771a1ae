/**
 * Which metrics a row change concerns, found through the back-links after the row is stored. A metric's own rows concern the metric; the
 * metric's row also those that name it; a group its metrics; a dimension the metrics of its groups.
 */
import type { SourceTable } from '#schemas/source/source-table.ts';
import { entityOf, isEntityTable, type MirrorKey, usedByPrefix, userOf } from '../mirror/mirror-key.ts';
import type { ItemStore } from '../platform/item-store.ts';

export type Affected =
  | { readonly kind: 'metrics'; readonly metricIds: readonly string[] }
  /** More than the limit: whoever resolves `partitions` goes on from there. The metric itself, if any, is in `metricIds`. */
  | { readonly kind: 'fanOut'; readonly metricIds: readonly string[]; readonly partitions: readonly string[] };

/** What a lookup reads: back-links, by one Query a partition. */
export type LinkReader = Pick<ItemStore, 'query'>;

/**
 * Reads the links of each partition once, however many look them up: the dimensions of a batch lead to the same groups. Only for lookups that
 * all follow the writes of the rows that they are for; a link that is put later belongs to a row whose own recompute is still to come.
 */
export function eachLinkOnce(store: LinkReader): LinkReader {
  const known = new Map<string, ReturnType<ItemStore['query']>>();
  return {
    query: (table, pk, skPrefix, limit) => {
      const name = JSON.stringify([table, pk, skPrefix, limit]);
      const found = known.get(name) ?? store.query(table, pk, skPrefix, limit);
      known.set(name, found);
      return found;
    },
  };
}

/** `rows` lie in one partition. */
export async function affectedMetrics(
  store: LinkReader,
  sourceRowsTable: string,
  rows: readonly { readonly table: SourceTable; readonly key: MirrorKey }[],
  limit: number,
): Promise<Affected> {
  const partition = rows[0]?.key.pk ?? '';
  const [entity, id] = entityOf(partition);
  const own = entity === 'metric' ? [id] : [];
  // A part of a metric (a version, a relationship) shows in no other metric's items.
  if (entity === 'metric' && !rows.some(({ table }) => isEntityTable(table)))
    return { kind: 'metrics', metricIds: own };
  const users = await usersOf(store, sourceRowsTable, [partition], limit);
  if (users === 'tooMany') return { kind: 'fanOut', metricIds: own, partitions: [partition] };
  return { kind: 'metrics', metricIds: [...new Set([...own, ...users])] };
}

/** Metrics that use any of the entities, directly or through other entities; `tooMany` as soon as there may be more than the limit. */
async function usersOf(
  store: LinkReader,
  sourceRowsTable: string,
  partitions: readonly string[],
  limit: number,
): Promise<readonly string[] | 'tooMany'> {
  const metricIds = new Set<string>();
  const seen = new Set(partitions);
  for (let level: readonly string[] = partitions; level.length > 0; ) {
    if (level.length > limit) return 'tooMany';
    const links = await Promise.all(
      level.map((partition) => store.query(sourceRowsTable, partition, usedByPrefix, limit + 1)),
    );
    if (links.some((found) => found.length > limit)) return 'tooMany'; // the rest of them was not read
    const users = new Set(links.flat().map((link) => userOf(link.sk?.S ?? '')));
    for (const user of users) if (entityOf(user)[0] === 'metric') metricIds.add(entityOf(user)[1]);
    if (metricIds.size > limit) return 'tooMany';
    level = [...users].filter((user) => entityOf(user)[0] !== 'metric' && !seen.has(user));
    for (const user of level) seen.add(user);
  }
  return [...metricIds];
}

/** Partitions and metrics one step away from an entity: what the projector splits a large fan-out into. */
export async function directUsers(
  store: ItemStore,
  sourceRowsTable: string,
  partition: string,
): Promise<readonly string[]> {
  const links = await store.query(sourceRowsTable, partition, usedByPrefix);
  return links.map((link) => userOf(link.sk?.S ?? ''));
}
