/**
 * Which tables are reloaded together. ON DELETE CASCADE takes rows without a record; in the mirror they stay, and count as gone because what they point to
 * died after them. A reload that finds an entity gone knows no such moment, so the rows that went with it must be found gone themselves,
 * or they would be there again when the entity is born again under its id.
 */
import { isEntityTable } from '#core/mirror/mirror-key.ts';
import { SOURCE_TABLES } from '#schemas/source/lph.ts';

/** The named tables with those whose rows are parts of theirs, in the order of the full load. */
export function withParts(names: readonly string[]): readonly string[] {
  const isTaken = (name: string): boolean => names.includes(name);
  return SOURCE_TABLES.filter(
    (table) => isTaken(table.name) || (!isEntityTable(table) && table.references.some((to) => isTaken(to.table))),
  ).map(({ name }) => name);
}
