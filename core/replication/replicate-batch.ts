/**
 * Applies one batch of the change stream, as section "How a row change is applied" of ARCHITECTURE.md tells: decode, set aside what cannot
 * be decoded, one lane per row, store the lanes, recompute each affected metric once, and report the lowest sequence number to retry.
 * It never lets a record pass an earlier one of its row and never reports a record that only its own content stops.
 */
import type { SourceTable } from '#schemas/source/source-table.ts';
import { affectedMetrics, eachLinkOnce } from '../affected/affected-metrics.ts';
import { decodeDmsRecord } from '../change/decode-dms-record.ts';
import type { RowChange } from '../change/row-change.ts';
import { compareMoments } from '../change/source-position.ts';
import { dispositionOf } from '../error/disposition.ts';
import { decided } from '../error/pure-decision.ts';
import { RelayError } from '../error/relay-error.ts';
import { rowMirrorKey } from '../mirror/mirror-key.ts';
import type { LaneOutcome, RowLane, RowMirror } from '../mirror/row-mirror.ts';
import { settleConcurrently } from '../platform/concurrently.ts';
import { isCoverable } from '../publication/covered-rows.ts';
import type { Quarantine } from '../quarantine/quarantine.ts';
import { type BatchCounts, countOutcomes, type RecordOutcome, retryFrom, weightiest } from './batch-outcome.ts';
import type { ChangeRecord } from './change-record.ts';
import { type SettleContext, settleMetrics } from './settle-affected.ts';

/** What the operator's log is told; never a row value. */
export interface ReplicationLog {
  quarantined(record: ChangeRecord, error: RelayError): void;
  control(record: ChangeRecord, operation: string, table: string): void;
  failed(subject: string, error: unknown): void;
}

export interface ReplicationContext extends SettleContext {
  readonly tablesDeclared: readonly SourceTable[];
  readonly mirror: RowMirror;
  readonly quarantine: Quarantine;
  readonly log: ReplicationLog;
}

export interface BatchResult {
  readonly counts: BatchCounts;
  readonly retryFrom: string | undefined;
  /** One for each record, in order. */
  readonly outcomes: readonly RecordOutcome[];
}

/** A row lane that remembers which record each of its changes came from. */
interface Lane extends RowLane {
  readonly changes: RowChange[];
  readonly records: number[];
  /** See LaneOutcome. */
  foundAs?: string;
}

const LOOKUPS_CONCURRENT = 16;

export async function replicateBatch(
  context: ReplicationContext,
  records: readonly ChangeRecord[],
): Promise<BatchResult> {
  const outcomes: RecordOutcome[][] = records.map(() => []);
  const lanes = await decodeIntoLanes(context, records, outcomes);
  const stored = await context.mirror.apply(lanes);
  const recompute: Lane[] = [];
  for (const [index, lane] of lanes.entries()) {
    const result = stored[index];
    if (result?.status === 'fulfilled') {
      noteStored(lane, result.value, outcomes);
      if (result.value.foundAs !== undefined) lane.foundAs = result.value.foundAs;
      if (result.value.recompute) recompute.push(lane);
    } else {
      await noteUnapplied(context, [lane], records, outcomes, result?.reason);
    }
  }
  await recomputeAffected(context, recompute, records, outcomes);
  const final = outcomes.map(weightiest);
  return { counts: countOutcomes(final), retryFrom: retryFrom(records, final), outcomes: final };
}

async function decodeIntoLanes(
  context: ReplicationContext,
  records: readonly ChangeRecord[],
  outcomes: RecordOutcome[][],
): Promise<Lane[]> {
  const lanes = new Map<string, Lane>();
  for (const [index, record] of records.entries()) {
    try {
      const decoded = decided('decoding', () => decodeDmsRecord(record.bytes, context.tablesDeclared));
      if (decoded.kind === 'control') {
        context.log.control(record, decoded.operation, decoded.table);
        outcomes[index]?.push('control');
        continue;
      }
      for (const change of decoded.changes) addToLane(lanes, change, index);
    } catch (error) {
      outcomes[index]?.push(await setAside(context, record, error));
    }
  }
  return [...lanes.values()];
}

function addToLane(lanes: Map<string, Lane>, change: RowChange, record: number): void {
  const key = rowMirrorKey(change.table, change.key);
  const name = `${key.pk}\u0000${key.sk}`;
  const lane = lanes.get(name) ?? { key, table: change.table, changes: [], records: [] };
  lanes.set(name, lane);
  lane.changes.push(change);
  lane.records.push(record);
}

async function setAside(context: ReplicationContext, record: ChangeRecord, error: unknown): Promise<RecordOutcome> {
  if (!(error instanceof RelayError) || dispositionOf(error) !== 'quarantine') {
    context.log.failed(`record ${record.shardId} ${record.sequenceNumber}`, error);
    return 'failed';
  }
  try {
    await context.quarantine.setAside(record, error);
    context.log.quarantined(record, error);
    return 'quarantined';
  } catch (failure) {
    context.log.failed(`quarantine of ${record.shardId} ${record.sequenceNumber}`, failure);
    return 'failed';
  }
}

function noteStored(lane: Lane, outcome: LaneOutcome, outcomes: RecordOutcome[][]): void {
  for (const [index, placement] of outcome.placements.entries()) outcomes[lane.records[index] ?? -1]?.push(placement);
}

const newer = (a: RowChange, b: RowChange): RowChange => (compareMoments(b.moment, a.moment) > 0 ? b : a);

/** The newest change of a lane: its commit is what the metrics' `lastChange` will name. */
const newest = (lane: Lane): RowChange => lane.changes.reduce(newer);

/** Lanes of one partition concern the same metrics, so they are looked up together. */
function byPartition(lanes: readonly Lane[]): readonly Lane[][] {
  const partitions = new Map<string, Lane[]>();
  for (const lane of lanes) partitions.set(lane.key.pk, [...(partitions.get(lane.key.pk) ?? []), lane]);
  return [...partitions.values()];
}

async function recomputeAffected(
  context: ReplicationContext,
  lanes: readonly Lane[],
  records: readonly ChangeRecord[],
  outcomes: RecordOutcome[][],
): Promise<void> {
  const lanesOf = new Map<string, Lane[]>();
  const newestOf = new Map<string, RowChange>();
  const links = eachLinkOnce(context.store);
  const lookups = await settleConcurrently(byPartition(lanes), LOOKUPS_CONCURRENT, async (together) => {
    const affected = await affectedMetrics(links, context.tables.sourceRows, together, context.fanOutLimit);
    if (affected.kind === 'fanOut') {
      const commit = together.map(newest).reduce(newer).commit;
      const found = statesFound(together);
      const known = found && isCoverable(found) && { foundAs: [...found] };
      await context.send({ kind: 'fanOut', partitions: [...affected.partitions], commit, ...known }, 0);
    }
    return affected.metricIds;
  });
  for (const [index, together] of byPartition(lanes).entries()) {
    const lookup = lookups[index];
    if (lookup?.status !== 'fulfilled') {
      await noteUnapplied(context, together, records, outcomes, lookup?.reason);
      continue;
    }
    const change = together.map(newest).reduce(newer);
    for (const metricId of lookup.value) {
      lanesOf.set(metricId, [...(lanesOf.get(metricId) ?? []), ...together]);
      const known = newestOf.get(metricId);
      newestOf.set(metricId, known ? newer(known, change) : change);
    }
  }
  const causes = new Map([...newestOf].map(([metricId, change]) => [metricId, change.commit]));
  for (const [metricId, error] of await settleMetrics(context, causes, 'head', foundAs(lanesOf))) {
    await noteUnapplied(context, lanesOf.get(metricId) ?? [], records, outcomes, error);
  }
}

/** For the metrics of which every row was found as it lies there: the states of those rows. */
function foundAs(lanesOf: ReadonlyMap<string, readonly Lane[]>): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const [metricId, lanes] of lanesOf) {
    const states = statesFound(lanes);
    if (states) found.set(metricId, states);
  }
  return found;
}

/** Of the rows of the lanes, when every one was found as it lies there. */
function statesFound(lanes: readonly Lane[]): readonly string[] | undefined {
  const states = lanes.flatMap((lane) => lane.foundAs ?? []);
  return states.length === lanes.length ? states : undefined;
}

/** What can never be stored or published sets its records aside; what met a fault of the infrastructure is retried with them. */
async function noteUnapplied(
  context: ReplicationContext,
  lanes: readonly Lane[],
  records: readonly ChangeRecord[],
  outcomes: RecordOutcome[][],
  error: unknown,
): Promise<void> {
  for (const index of new Set(lanes.flatMap((lane) => lane.records))) {
    const record = records[index];
    if (record) outcomes[index]?.push(await setAside(context, record, error));
  }
}
