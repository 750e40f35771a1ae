/** A row as the JSON text in which the mirror stores it, columns in the order of their names, so that equal rows are equal text. */
import { membersOf } from './exact-json.ts';
import type { Row } from './row-change.ts';

export function rowToText(row: Row): string {
  const columns = [...row].sort(([a], [b]) => (a < b ? -1 : 1));
  // Object.fromEntries creates own members, so a column called __proto__ stays a column.
  return JSON.stringify(Object.fromEntries(columns));
}

export function rowFromText(text: string): Row {
  const row = new Map<string, string | null>();
  for (const [name, value] of membersOf(JSON.parse(text)) ?? []) row.set(name, value === null ? null : String(value));
  return row;
}
