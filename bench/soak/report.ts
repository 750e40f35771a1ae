/** The result of a soak as one JSON line or as a table. */
import { renderTable } from '#cli/render/table.ts';
import type { SoakReport } from './run-soak.ts';

const SHOWN = 10;

export function soakSummary(report: SoakReport): Record<string, unknown> {
  const { writes, kills, reshards, findings, directory, ...figures } = report;
  const { revisions: _, ...found } = findings;
  return {
    ...figures,
    transactions: Object.fromEntries(writes.transactions),
    savepointsTakenBack: writes.savepointsTakenBack,
    writes: [...writes.kinds.values()].reduce((sum, one) => sum + one, 0),
    kinds: Object.fromEntries(writes.kinds),
    kills: Object.fromEntries(kills),
    reshards: Object.fromEntries(reshards),
    ...found,
    ...(directory === undefined ? {} : { directory }),
  };
}

export function soakTable(report: SoakReport): string {
  const { writes, kills, reshards, findings } = report;
  const line = (counts: ReadonlyMap<string, number>): string =>
    [...counts].map(([name, count]) => `${count} ${name}`).join(', ') || 'none';
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ['differences', findings.differences],
    ['revisions without an event', findings.missingEvents],
    ['events without a revision', findings.inventedEvents],
    ['event ids with two contents', findings.twoContents],
    ['events that break the schema', findings.unreadableEvents],
    ['quarantined', findings.quarantined],
  ];
  const rows: [string, string][] = [
    ['seed', String(report.seed)],
    ['seconds', `${report.seconds}, of these ${report.secondsToRest} from the last write to rest`],
    ['writes', String([...writes.kinds.values()].reduce((sum, one) => sum + one, 0))],
    ['transactions', line(writes.transactions)],
    ['savepoints taken back', String(writes.savepointsTakenBack)],
    ['kill -9', line(kills)],
    ['starts of relay', `${report.relayStarts}, ended by itself ${report.relayEndedByItself} times`],
    ['reshards', line(reshards)],
    ['events', `${report.events}, delivered again ${report.redelivered}`],
    ['items', String(findings.items)],
    ...lists.map(([name, found]): [string, string] => [name, String(found.length)]),
    ['projection messages given up', String(findings.deadLetters)],
  ];
  const details = lists.flatMap(([name, found]) => found.slice(0, SHOWN).map((one) => `${name}: ${one}`));
  const kept = report.directory === undefined ? [] : [`The data is kept in ${report.directory}.`];
  return [renderTable(['what', 'how much'], rows), ...details, ...kept].join('\n');
}
