/** Makes an AWS::Lambda::EventSourceMapping real: the shared shard poller or the queue poller, with the function as its target. */
import type { FunctionHost } from '../lambda/function-host.ts';
import { functionTarget } from '../lambda/function-target.ts';
import { stableUuid } from '../lambda/lambda-registry.ts';
import { MAPPING_PROPERTIES, type QueueMapping, readMapping, type StreamMapping } from '../lambda/mapping-settings.ts';
import { lambdaRegistry } from '../lambda/pipeline-functions.ts';
import type { LocalAws } from '../local-aws.ts';
import { openFailureDestination } from '../stream/aws-failure-destination.ts';
import { PAYLOAD_BYTES_MAX } from '../stream/batch-window.ts';
import { systemClock } from '../stream/clock.ts';
import { openDynamoDbStreamSource } from '../stream/dynamodb-stream-source.ts';
import { openKinesisSource } from '../stream/kinesis-source.ts';
import { DEFAULT_QUEUE_CONCURRENCY, QueuePoller } from '../stream/queue-poller.ts';
import { openQueueSource } from '../stream/queue-source.ts';
import { compileRecordFilter } from '../stream/record-filter.ts';
import { ShardCheckpoints } from '../stream/shard-checkpoint.ts';
import { ShardCoordinator, type StartingPosition } from '../stream/shard-coordinator.ts';
import type { ResourceProvider } from './resource-provider.ts';

interface Poller {
  start(): void;
  stop(): Promise<void>;
  close(): void;
  status(): { state: string; lagMs: number; batches: number; lastError?: string | undefined };
}

export const eventSourceMappingProvider: ResourceProvider = {
  type: 'AWS::Lambda::EventSourceMapping',
  properties: MAPPING_PROPERTIES,
  async create({ stackName, logicalId, properties }, aws) {
    const where = `${stackName}/${logicalId} (AWS::Lambda::EventSourceMapping)`;
    const settings = readMapping(properties, where);
    const { mapping } = settings;
    const registry = lambdaRegistry(aws);
    const host = registry.function(mapping.FunctionName);
    if (host === undefined) {
      throw new Error(`${where}: FunctionName is ${mapping.FunctionName}, which is no function of the template`);
    }
    const uuid = stableUuid(stackName, logicalId);
    const name = `event source mapping ${stackName}/${logicalId}`;
    const poller =
      settings.source === 'sqs'
        ? queuePoller(settings.mapping, host, name, aws)
        : streamPoller(settings.source, settings.mapping, host, uuid, name, aws);
    let enabled = mapping.Enabled;
    let started = false;
    const arn = `arn:aws:lambda:${aws.region}:${aws.accountId}:event-source-mapping:${uuid}`;
    registry.mappings.set(uuid, {
      uuid,
      arn,
      functionArn: host.arn,
      eventSourceArn: mapping.EventSourceArn,
      batchSize: mapping.BatchSize,
      windowSeconds: mapping.MaximumBatchingWindowInSeconds,
      enabled: () => enabled,
      async setEnabled(wanted) {
        enabled = wanted;
        if (!wanted) await poller.stop();
        else if (started) poller.start();
      },
      status: () => poller.status(),
    });
    return {
      ref: uuid,
      attributes: { Id: uuid, EventSourceMappingArn: arn },
      async start() {
        started = true;
        if (enabled) poller.start();
      },
      async stop() {
        started = false;
        await poller.stop();
        poller.close();
      },
      status: () => ({ ...poller.status(), ...(enabled ? {} : { state: 'disabled' }) }),
    };
  },
};

function streamPoller(
  source: 'kinesis' | 'dynamodb',
  mapping: StreamMapping,
  host: FunctionHost,
  uuid: string,
  name: string,
  aws: LocalAws,
): Poller {
  const { roleArn } = host.settings;
  const streamArn = mapping.EventSourceArn;
  const access = { endpoint: aws.endpoint, region: aws.region, credentials: host.settings.credentials };
  const stream =
    source === 'kinesis'
      ? openKinesisSource({ ...access, streamArn, roleArn, shape: 'lambda' })
      : openDynamoDbStreamSource({ ...access, streamArn });
  const onFailure = mapping.DestinationConfig?.OnFailure.Destination;
  const by = { kind: 'mapping', uuid, functionArn: host.arn } as const;
  const coordinator = new ShardCoordinator(
    {
      source: stream,
      target: functionTarget(host, mapping.FunctionResponseTypes.includes('ReportBatchItemFailures')),
      limits: {
        batchSize: mapping.BatchSize,
        windowMs: mapping.MaximumBatchingWindowInSeconds * 1000,
        payloadBytesMax: PAYLOAD_BYTES_MAX,
      },
      policy: {
        retryAttemptsMax: mapping.MaximumRetryAttempts,
        recordAgeSecondsMax: mapping.MaximumRecordAgeInSeconds,
        bisect: mapping.BisectBatchOnFunctionError,
        partial: 'checkpoint',
      },
      parallelizationFactor: mapping.ParallelizationFactor,
      filter: compileRecordFilter(mapping.FilterCriteria?.Filters.map((filter) => filter.Pattern) ?? []),
      checkpoints: new ShardCheckpoints(aws.checkpoints, `event-source-mapping/${uuid}/${streamArn}`),
      clock: systemClock,
      name,
      log: aws.log,
      ...(onFailure === undefined
        ? {}
        : { failureDestination: openFailureDestination(onFailure, { ...access, by, clock: systemClock }) }),
    },
    startingPosition(mapping),
  );
  return {
    start: () => coordinator.start(),
    stop: () => coordinator.stop(),
    status: () => coordinator.status(),
    close: () => stream.close(),
  };
}

function startingPosition(mapping: StreamMapping): StartingPosition {
  if (mapping.StartingPosition !== 'AT_TIMESTAMP') return { kind: mapping.StartingPosition };
  return { kind: 'AT_TIMESTAMP', timestampMs: (mapping.StartingPositionTimestamp ?? 0) * 1000 };
}

function queuePoller(mapping: QueueMapping, host: FunctionHost, name: string, aws: LocalAws): Poller {
  const { credentials } = host.settings;
  const { endpoint, region } = aws;
  const queue = openQueueSource({ queueArn: mapping.EventSourceArn, endpoint, region, credentials });
  const poller = new QueuePoller({
    queue,
    target: functionTarget(host, mapping.FunctionResponseTypes.includes('ReportBatchItemFailures')),
    limits: {
      batchSize: mapping.BatchSize,
      windowMs: mapping.MaximumBatchingWindowInSeconds * 1000,
      payloadBytesMax: PAYLOAD_BYTES_MAX,
    },
    concurrency: mapping.ScalingConfig?.MaximumConcurrency ?? DEFAULT_QUEUE_CONCURRENCY,
    filter: compileRecordFilter(mapping.FilterCriteria?.Filters.map((filter) => filter.Pattern) ?? []),
    clock: systemClock,
    name,
    log: aws.log,
  });
  return {
    start: () => poller.start(),
    stop: () => poller.stop(),
    status: () => poller.status(),
    close: () => queue.close(),
  };
}
