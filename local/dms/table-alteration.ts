/** The control operations that describe how a table's columns changed, in DMS's words. Pure. */
import type { TableShape } from './source-catalog.ts';

/**
 * @returns `add-column`, `drop-column`, `rename-column`, `column-type-change`; empty when nothing that DMS captures has changed
 * (defaults, comments and indexes are not captured).
 */
export function tableAlterations(before: TableShape, after: TableShape): string[] {
  const types = (shape: TableShape) =>
    new Map(shape.columns.map(({ name, dmsType, bits }) => [name, `${dmsType}/${bits}`]));
  const [old, fresh] = [types(before), types(after)];
  const dropped = [...old.keys()].filter((name) => !fresh.has(name));
  const added = [...fresh.keys()].filter((name) => !old.has(name));
  const operations: string[] = [];
  for (const name of dropped) {
    // One that went and one of the same type that came in its place: a rename.
    const place = before.columns.findIndex((column) => column.name === name);
    const successor = after.columns[place]?.name ?? '';
    const index = added.indexOf(successor);
    const renamed = index >= 0 && old.get(name) === fresh.get(successor);
    if (renamed) added.splice(index, 1);
    operations.push(renamed ? 'rename-column' : 'drop-column');
  }
  operations.push(...added.map(() => 'add-column'));
  for (const [name, type] of fresh) {
    const was = old.get(name);
    if (was !== undefined && was !== type) operations.push('column-type-change');
  }
  return operations;
}
