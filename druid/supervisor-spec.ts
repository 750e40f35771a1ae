/**
 * The Kinesis supervisor spec of the datasource of metric changes. Columns are explicit: with schema discovery a field that is null at first
 * gets another type later. Every member is named in the page given beside it; where a page's example and its table differ, the table is right.
 *
 * - https://druid.apache.org/docs/latest/ingestion/supervisor and .../ingestion/kinesis-ingestion: `ioConfig`, `tuningConfig`
 * - https://druid.apache.org/docs/latest/ingestion/data-formats#kinesis: `inputFormat`. The full example on that page is one for Kafka
 *   (`topic`, `consumerProperties`, `useEarliestOffset`): none of these members exists for Kinesis.
 * - https://druid.apache.org/docs/latest/ingestion/ingestion-spec: `timestampSpec`, `dimensionsSpec`, `granularitySpec`
 */
import { type ChangeColumn, changeColumns, TIME_COLUMN } from './change-columns.ts';
import type { Json, JsonObject } from './json.ts';

export interface SpecOptions {
  readonly datasource: string;
  readonly stream: string;
  /** Host name, or a URL where Kinesis is somewhere else than on AWS. */
  readonly endpoint: string;
  /** ISO 8601 period. */
  readonly taskDuration: string;
}

/** What a new supervisor is posted with. */
export function supervisorSpec(options: SpecOptions): JsonObject {
  return {
    type: 'kinesis',
    spec: {
      dataSchema: dataSchema(options.datasource),
      ioConfig: {
        type: 'kinesis',
        stream: options.stream,
        endpoint: options.endpoint,
        inputFormat: inputFormat(),
        // Only looked at when the supervisor has never run: then the whole retention of the stream is read.
        useEarliestSequenceNumber: true,
        taskCount: 1,
        replicas: 1,
        taskDuration: options.taskDuration,
      },
      // DescribeStream is limited to 10 calls a second for the whole account, ListShards to 1,000 for each stream.
      tuningConfig: { type: 'kinesis', useListShards: true },
    },
  };
}

/**
 * What a supervisor that exists must have: that which the contract decides, and the options that were really given. Tasks, durations and
 * tuning belong to whoever runs Druid and are left alone.
 */
export function requiredSpec(datasource: string, given: Partial<SpecOptions>): JsonObject {
  const { stream, endpoint, taskDuration } = given;
  const { granularitySpec, ...ofContract } = dataSchema(datasource);
  return {
    type: 'kinesis',
    spec: {
      dataSchema: { ...ofContract, granularitySpec: { queryGranularity: 'NONE', rollup: false } },
      ioConfig: {
        ...(stream !== undefined && { stream }),
        ...(endpoint !== undefined && { endpoint }),
        inputFormat: inputFormat(),
        ...(taskDuration !== undefined && { taskDuration }),
      },
    },
  };
}

/** China has a domain of its own: https://docs.aws.amazon.com/general/latest/gr/ak.html */
export const kinesisEndpoint = (region: string): string =>
  `kinesis.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;

function dataSchema(datasource: string): JsonObject {
  return {
    dataSource: datasource,
    timestampSpec: { column: TIME_COLUMN.name, format: 'iso' },
    dimensionsSpec: { dimensions: changeColumns().map(dimension), useSchemaDiscovery: false },
    metricsSpec: [],
    // A few events a second at most: months keep segments from being tiny. Rollup would merge rows, and each row is an event.
    granularitySpec: { segmentGranularity: 'MONTH', queryGranularity: 'NONE', rollup: false },
  };
}

/** A plain string dimension would turn an array into a multi-value column, which explodes in GROUP BY. */
function dimension({ name, kind }: ChangeColumn): Json {
  if (kind === 'strings') return { type: 'auto', name, castToType: 'ARRAY<STRING>' };
  return { type: kind, name };
}

/** A rule puts the whole EventBridge envelope on the stream, so the columns are taken out of it by path. */
function inputFormat(): JsonObject {
  const fields = [TIME_COLUMN, ...changeColumns()].map(({ name, path }) => ({ type: 'path', name, expr: path }));
  return { type: 'kinesis', valueFormat: { type: 'json', flattenSpec: { useFieldDiscovery: false, fields } } };
}
