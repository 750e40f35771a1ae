/**
 * The function between the stream of the Metrics table and the bus, with what it may do. It reads no table: everything an event says is in the
 * stream record. It may only put aside, under a prefix of its own, what cannot become an event.
 */
import type { Construct } from 'constructs';
import type { EnrichmentEnvironment } from '#functions/metric-changed-enrichment/environment.ts';
import type { StageConfig } from '../stage-config.ts';
import { RelayFunction } from './relay-function.ts';
import type { RelayTable } from './relay-table.ts';
import { permitSetAside, type QuarantineParts, quarantineEnvironment } from './replication-core.ts';

/** Megabytes. It turns a handful of items into events; more memory would only shorten its cold start. */
const MEMORY_MB = 512;

/** Where `core/event` puts the bytes of a record that it sets aside. */
const SET_ASIDE_PATTERN = 'quarantine/metrics-stream/*';

export interface MetricChangedEnrichmentProps extends QuarantineParts {
  readonly config: StageConfig;
  readonly projectRoot: string;
  readonly metrics: RelayTable;
}

export function metricChangedEnrichment(
  scope: Construct,
  id: string,
  props: MetricChangedEnrichmentProps,
): RelayFunction {
  const environment: EnrichmentEnvironment = {
    METRICS_TABLE: props.metrics.tableName,
    ...quarantineEnvironment(props),
  };
  const enrichment = new RelayFunction(scope, id, {
    folder: 'metric-changed-enrichment',
    description: 'Turns changes of item "0" into MetricChanged events',
    projectRoot: props.projectRoot,
    environment,
    memoryMb: MEMORY_MB,
    timeoutSeconds: props.config.enrichmentTimeoutSeconds,
    logDays: props.config.logDays,
  });
  permitSetAside(
    enrichment.role,
    props,
    SET_ASIDE_PATTERN,
    'Objects under one prefix of the one quarantine bucket, written only; their names are sequence numbers.',
  );
  return enrichment;
}
