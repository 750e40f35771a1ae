/** Who reads in a world: the replicator's mapping, the pipe and the projectors, set up as the template sets them up. */
import { PAYLOAD_BYTES_MAX } from '#local/stream/batch-window.ts';
import { QueuePoller } from '#local/stream/queue-poller.ts';
import { compileRecordFilter } from '#local/stream/record-filter.ts';
import type { VirtualTime } from '../engine/virtual-time.ts';
import type { WorldSettings } from '../plan.ts';
import type { SimulatedAws } from './aws.ts';
import { batchTarget, PROJECTOR_TIMEOUT_MS, publishTarget, REPLICATOR_TIMEOUT_MS } from './deliveries.ts';
import { type Functions, TABLES } from './functions.ts';
import { SimulatedReader } from './reader.ts';

const PROJECTOR_BATCH = 1;
/** Retried until the record's age ends it. */
const MAPPING_POLICY = {
  retryAttemptsMax: 10_000,
  recordAgeSecondsMax: 72 * 3600,
  bisect: true,
  partial: 'checkpoint',
} as const;
const PIPE_POLICY = {
  retryAttemptsMax: 10_000,
  recordAgeSecondsMax: 12 * 3600,
  bisect: false,
  partial: 'remainder',
} as const;
const PIPE_FILTER = JSON.stringify({ dynamodb: { Keys: { version: { S: ['0'] } } } });

export interface Readers {
  readonly mapping: SimulatedReader;
  readonly pipe: SimulatedReader;
  readonly projectors: QueuePoller;
}

/** `discard` hears of every batch that a poller gives up. */
export function createReaders(
  time: VirtualTime,
  services: SimulatedAws,
  functions: Functions,
  settings: WorldSettings,
  discard: () => void,
): Readers {
  const { kinesis, dynamodb, queue, bus, lambda } = services;
  const common = { clock: time, log: () => {}, failureDestination: { take: async () => discard() } };
  const limits = (batchSize: number, windowMs = 0) => ({ batchSize, windowMs, payloadBytesMax: PAYLOAD_BYTES_MAX });
  const mapping = new SimulatedReader({
    ...common,
    name: 'mapping',
    source: kinesis.source(),
    target: batchTarget(lambda, 'replicator', functions.replicator, REPLICATOR_TIMEOUT_MS),
    limits: limits(settings.batchSize, settings.batchWindowMs),
    policy: MAPPING_POLICY,
    parallelizationFactor: settings.parallelization,
    filter: () => true,
  });
  const pipe = new SimulatedReader({
    ...common,
    name: 'pipe',
    source: dynamodb.stream(TABLES.metrics).source(),
    target: publishTarget(lambda, functions.enrichment, bus),
    limits: limits(settings.pipeBatchSize),
    policy: PIPE_POLICY,
    parallelizationFactor: 1,
    filter: compileRecordFilter([PIPE_FILTER]),
  });
  const projectors = new QueuePoller({
    queue: queue.source(),
    target: batchTarget(lambda, 'projector', functions.projector, PROJECTOR_TIMEOUT_MS),
    limits: limits(PROJECTOR_BATCH),
    concurrency: settings.projectorConcurrency,
    filter: () => true,
    clock: time,
    name: 'projectors',
    log: () => {},
  });
  return { mapping, pipe, projectors };
}
