/**
 * Which redirects may lie at old names: from a name that a metric once had to one that it had later. A reader need not see every name, so neither is each
 * of them required; and a metric born again under the id of a dead one may look like a renamed one.
 */
import type { Commit } from './source-database.ts';

export const redirectText = (from: string, to: string): string => `${from}\u0000${to}`;

/** Every possible redirect, by `redirectText`. */
export function possibleRedirects(commits: readonly Commit[]): ReadonlySet<string> {
  const namesById = new Map<string, string[]>();
  const possible = new Set<string>();
  for (const { changes } of commits) {
    for (const { table, operation, row } of changes) {
      if (table !== 'metrics' || operation === 'delete') continue;
      const id = row.get('id') ?? '';
      const name = row.get('name') ?? '';
      const names = namesById.get(id) ?? [];
      if (names.at(-1) === name) continue;
      for (const earlier of names) if (earlier !== name) possible.add(redirectText(earlier, name));
      names.push(name);
      namesById.set(id, names);
    }
  }
  return possible;
}
