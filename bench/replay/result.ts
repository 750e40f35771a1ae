/** What the measurement of a replay found: whether it was silent, and the tables that a person reads. It judges counts, never times. */
import { renderTable } from '#cli/render/table.ts';
import type { SinglesPhase } from '../fan-out/phases.ts';
import { singlesFigures } from '../fan-out/result.ts';
import type { ReadReport } from './bare-loop.ts';
import type { ReplayReport } from './relay-replay.ts';

export interface ReplayResult {
  readonly rows: number;
  readonly batchRecords: number;
  readonly defaultShare: number;
  readonly loadAverage: { readonly before: number; readonly after: number };
  /** One after the other, in turns. */
  readonly rounds: readonly { readonly bare: ReadReport; readonly paced: ReadReport; readonly replay: ReplayReport }[];
  readonly live: readonly SinglesPhase[];
  /** Those that ran beside the live updates. */
  readonly besides: readonly ReplayReport[];
  /** After everything that the window wrote was deleted. */
  readonly applying: ReplayReport;
  /** Events of metrics of the window while caught-up replays ran. */
  readonly events: number;
  /** Items of the Metrics table that are others after the caught-up replays. */
  readonly changedItems: number;
  /** Items that differ from the source at the end. */
  readonly differences: number;
}

const caughtUp = ({ rounds, besides }: ReplayResult): ReplayReport[] => [
  ...rounds.map(({ replay }) => replay),
  ...besides,
];

/** A caught-up replay wrote to no table but its own, changed no item and told nobody; and the lost window came back whole. */
export function isSilent(result: ReplayResult): boolean {
  return (
    caughtUp(result).every(({ otherWrites, counts }) => otherWrites === 0 && counts.applied === 0) &&
    result.events === 0 &&
    result.changedItems === 0 &&
    result.differences === 0
  );
}

const perSecond = (count: number, ms: number): number => Math.round((count * 1000) / Math.max(1, ms));
const mebibytes = (bytes: number, ms: number): number => Math.round(perSecond(bytes, ms) / 10_486) / 100;

function median<T>(list: readonly T[], of: (element: T) => number): T {
  const [middle] = list.toSorted((a, b) => of(a) - of(b)).slice(Math.floor((list.length - 1) / 2));
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}

/** Records of the window; a replay looks at some behind it, too, and leaves them. */
const received = ({ counts }: ReplayReport): number => counts.received ?? 0;
const bytesReceived = (replay: ReplayReport): number => (replay.bytes * received(replay)) / Math.max(1, replay.looked);

/** The middle round of each reader, by its time. */
function throughput({ rounds, applying }: ReplayResult) {
  const bare = median(rounds, (round) => round.bare.ms).bare;
  const paced = median(rounds, (round) => round.paced.ms).paced;
  const replay = median(rounds, (round) => round.replay.ms).replay;
  const figures = (reader: string, records: number, bytes: number, ms: number) => ({
    reader,
    records,
    seconds: Math.round(ms) / 1000,
    recordsPerSecond: perSecond(records, ms),
    mebibytesPerSecond: mebibytes(bytes, ms),
    percentOfBare: Math.round((100 * (records / ms)) / (bare.records / bare.ms)),
    percentOfPaced: Math.round((100 * (records / ms)) / (paced.records / paced.ms)),
  });
  return [
    figures('bare loop, unpaced', bare.records, bare.bytes, bare.ms),
    figures('bare loop at the limits of a shard', paced.records, paced.bytes, paced.ms),
    figures('replay, caught up, share 1', replay.looked, replay.bytes, replay.ms),
    figures('the same, inside its slices', replay.looked, replay.bytes, replay.workedMs),
    figures('replay that applies everything, share 1', received(applying), bytesReceived(applying), applying.ms),
  ];
}

function costs(replay: ReplayReport) {
  const per = (value: number): number => Math.round((value * 1000) / Math.max(1, received(replay)));
  return replay.operations.map(({ operation, requests, readRequestUnits, writeRequestUnits }) => ({
    operation,
    requests: per(requests),
    rru: per(readRequestUnits),
    wru: per(writeRequestUnits),
  }));
}

function latencies({ live }: ReplayResult) {
  return live.map((phase) => {
    const {
      phase: name,
      updates,
      itemP50Ms,
      itemP99Ms,
      eventP50Ms,
      eventP99Ms,
      cpuBusyPercent,
      readP50Ms,
      readP99Ms,
    } = singlesFigures(phase);
    return { phase: name, updates, itemP50Ms, itemP99Ms, eventP50Ms, eventP99Ms, readP50Ms, readP99Ms, cpuBusyPercent };
  });
}

/** For `--json`. */
export function summary(result: ReplayResult) {
  const { rows, batchRecords, defaultShare, loadAverage, applying, events, changedItems, differences, besides } =
    result;
  const silent = caughtUp(result);
  return {
    date: new Date().toISOString(),
    rows,
    batchRecords,
    defaultShare,
    loadAverage,
    throughput: throughput(result),
    rounds: result.rounds.map(({ bare, paced, replay }) => ({
      bareMs: Math.round(bare.ms),
      pacedMs: Math.round(paced.ms),
      replayMs: replay.ms,
    })),
    applied: { counts: applying.counts, perSecond: perSecond(applying.counts.applied ?? 0, applying.ms) },
    live: latencies(result),
    replaysBesideLive: besides.length,
    perThousandCaughtUp: costs(median(result.rounds, (round) => round.replay.ms).replay),
    perThousandApplying: costs(applying),
    caughtUp: {
      replays: silent.length,
      metricsWrites: silent.reduce((sum, { otherWrites }) => sum + otherWrites, 0),
      outcomes: silent.at(0)?.counts,
      events,
      changedItems,
    },
    differences,
    silent: isSilent(result),
  };
}

export function printTables(result: ReplayResult, out: (line: string) => void): void {
  const { throughput: readers, live, perThousandCaughtUp, perThousandApplying, ...rest } = summary(result);
  for (const lines of [readers, live, perThousandCaughtUp, perThousandApplying]) {
    out(
      renderTable(
        Object.keys(lines[0] ?? {}),
        lines.map((line) => Object.values(line).map((value) => String(value ?? '–'))),
      ),
    );
    out('');
  }
  out(JSON.stringify(rest));
  out(isSilent(result) ? 'Caught-up replays wrote nothing and told nobody.' : 'A caught-up replay was NOT silent.');
}
