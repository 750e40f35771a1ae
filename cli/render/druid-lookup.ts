/** A lookup that was brought to its content, or would be: one line, then the first entries that differ. `--json` has all of them. */
import { isSame } from '#druid/lookup-content.ts';
import type { SyncedLookup } from '#druid/sync-lookups.ts';
import { counted } from './counted.ts';

const SHOWN_MAX = 20;

export function renderLookup({ id, entries, difference, version, written }: SyncedLookup, dryRun: boolean): string {
  const { added, changed, removed } = difference;
  const counts = `${added.length} added, ${changed.length} changed, ${removed.length} removed`;
  const what = written
    ? `written: ${counts}, version ${version}`
    : isSame(difference) && version !== undefined
      ? `unchanged, version ${version}`
      : `${dryRun ? 'would be written' : 'not written'}: ${counts}${version === undefined ? ', does not exist yet' : ''}`;
  const lines = [
    ...changed.map(({ key, from, to }) => `  ~ ${key}: ${from} → ${to}`),
    ...removed.map(({ key, from }) => `  - ${key}: ${from}`),
    ...added.map(({ key, to }) => `  + ${key}: ${to}`),
  ];
  const more = lines.length > SHOWN_MAX ? [`  … and ${lines.length - SHOWN_MAX} more (--json has all)`] : [];
  return [`${id}: ${counted(entries, 'entry', 'entries')}, ${what}`, ...lines.slice(0, SHOWN_MAX), ...more].join('\n');
}

export function lookupJsonLine({ id, entries, difference, version, written }: SyncedLookup): string {
  return JSON.stringify({ lookup: id, entries, written, version: version ?? null, ...difference });
}
