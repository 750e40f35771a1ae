/**
 * Who must be recomputed when an entity changes. Derived from the references in the table declarations. Back-links are written before the
 * row that needs them and never removed: a stale one costs a recompute that changes nothing, a missing one would lose an update.
 */
import { sourceTable } from '#schemas/source/lph.ts';
import type { SourceTable } from '#schemas/source/source-table.ts';
import type { Row } from '../change/row-change.ts';
import { backLinkKey, entityPartition, type MirrorKey, namePartition } from './mirror-key.ts';

/** Back-links that must exist before `row` is stored in the partition `owner`. */
export function backLinksOf(table: SourceTable, owner: string, row: Row | null): readonly MirrorKey[] {
  if (!row) return [];
  const links: MirrorKey[] = [];
  for (const { column, table: target } of table.references) {
    const id = row.get(column);
    const entity = sourceTable(target)?.aggregate.entity;
    if (id === null || id === undefined || !entity) continue;
    const partition = entityPartition(entity, id);
    if (partition !== owner) links.push(backLinkKey(partition, owner));
  }
  const name = table.publishedName && row.get(table.publishedName);
  if (name) links.push(backLinkKey(namePartition(name), owner));
  return links;
}
