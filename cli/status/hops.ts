/** From what was seen to a verdict on each hop. Pure. */
import { isArchiver, type ReaderReport, type StateMachineReport } from '../pipeline/resource-status.ts';
import type { Observation, QueueDepth } from './observation.ts';

export interface Hop {
  readonly hop: string;
  readonly state: 'ok' | 'attention' | 'unknown';
  /** Name, one of this file's, and value; null when it could not be seen. */
  readonly facts: readonly (readonly [string, string | number | null])[];
}

/** A healthy pipeline is never this far behind; half of the alarm that the template sets on the iterator age would be 150 s. */
const LAG_LIMIT_MS = 10_000;
/** The longest that a batch of the archive may wait, and then be written. */
const ARCHIVE_LAG_LIMIT_MS = 330_000;

export function hops(seen: Observation): Hop[] {
  return [
    source(seen),
    ...replicator(seen),
    queue('projection queue', seen.projectionQueue, () => false),
    queue('dead letters', seen.deadLetters, ({ waiting, inFlight, delayed }) => waiting + inFlight + delayed > 0),
    count('quarantine', 'records', seen.quarantined, (records) => records > 0),
    count('metrics table', 'metrics', seen.metrics, () => false),
    reader('pipe', seen.report?.pipe),
    bus(seen),
    ...(seen.report?.stateMachines ?? []).map(stateMachine),
  ];
}

function source({ report }: Observation): Hop {
  const replication = report?.replication;
  if (replication === undefined) return unknown('source', ['state']);
  const { state, position, lagMs, tables, setAside, lastError, producerError } = replication;
  const error = lastError ?? producerError;
  const loaded = tables.reduce((sum, { rowsLoaded }) => sum + rowsLoaded, 0);
  const changed = tables.reduce((sum, { inserts, updates, deletes }) => sum + inserts + updates + deletes, 0);
  const trouble = state !== 'replicating' || error !== undefined || setAside > 0 || (lagMs ?? 0) > LAG_LIMIT_MS;
  return {
    hop: 'source',
    state: trouble ? 'attention' : 'ok',
    facts: [
      ['state', state],
      ['lagMs', lagMs ?? null],
      ['position', position ?? null],
      ['tables', tables.length],
      ['rowsLoaded', loaded],
      ['rowsChanged', changed],
      ...(setAside > 0 ? ([['setAside', setAside]] as const) : []),
      ...(error === undefined ? [] : ([['error', error]] as const)),
    ],
  };
}

function replicator({ report }: Observation): Hop[] {
  if (report === undefined || report.mappings.length === 0) return [unknown('replicator', ['state', 'lagMs'])];
  return report.mappings.map((mapping) => {
    const lagLimitMs = isArchiver(mapping.logicalId) ? ARCHIVE_LAG_LIMIT_MS : LAG_LIMIT_MS;
    return reader(hopName(mapping.logicalId), mapping, lagLimitMs);
  });
}

function hopName(logicalId: string): string {
  if (/replicator/i.test(logicalId)) return 'replicator';
  if (isArchiver(logicalId)) return 'change archive';
  return /project/i.test(logicalId) ? 'projector' : logicalId;
}

function reader(hop: string, report: ReaderReport | undefined, lagLimitMs = LAG_LIMIT_MS): Hop {
  if (report === undefined) return unknown(hop, ['state', 'lagMs']);
  const trouble = report.state !== 'running' || (report.lagMs ?? 0) > lagLimitMs;
  return {
    hop,
    state: trouble ? 'attention' : 'ok',
    facts: [
      ['state', report.state],
      ['lagMs', report.lagMs ?? null],
      // An error that the retry has overcome is history; it is worth a look only while the hop lags.
      ...(trouble && report.lastError !== undefined ? ([['error', report.lastError]] as const) : []),
    ],
  };
}

function queue(hop: string, depth: QueueDepth | undefined, isTrouble: (depth: QueueDepth) => boolean): Hop {
  if (depth === undefined) return unknown(hop, ['messages']);
  return {
    hop,
    state: isTrouble(depth) ? 'attention' : 'ok',
    facts: [
      ['waiting', depth.waiting],
      ['inFlight', depth.inFlight],
      ['delayed', depth.delayed],
    ],
  };
}

function count(hop: string, name: string, value: number | undefined, isTrouble: (value: number) => boolean): Hop {
  if (value === undefined) return unknown(hop, [name]);
  return { hop, state: isTrouble(value) ? 'attention' : 'ok', facts: [[name, value]] };
}

function bus({ report }: Observation): Hop {
  if (report?.bus === undefined) return unknown('bus', ['state']);
  const { state, rules, accepted } = report.bus;
  return {
    hop: 'bus',
    state: 'ok',
    facts: [
      ['state', state],
      ['rules', rules ?? null],
      ['eventsAccepted', accepted ?? null],
    ],
  };
}

/** How an execution ended is for whoever started it; that executions can run is this hop's business. */
function stateMachine({ logicalId, ...report }: StateMachineReport & { readonly logicalId: string }): Hop {
  return {
    hop: /replay/i.test(logicalId) ? 'replay' : logicalId,
    state: report.state === 'running' ? 'ok' : 'attention',
    facts: [
      ['state', report.state],
      ['executions', report.executions],
      ['succeeded', report.succeeded],
      ['failed', report.failed],
      ...(report.lastError === undefined ? [] : ([['lastFailure', report.lastError]] as const)),
    ],
  };
}

const unknown = (hop: string, names: readonly string[]): Hop => ({
  hop,
  state: 'unknown',
  facts: names.map((name) => [name, null]),
});
