/** Puts a pipe together: the shared shard poller or the queue poller as its source, enrichment and bus as its target. */
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { invokeThroughGateway } from '../lambda/lambda-invocation.ts';
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
import type { PipeProperties, PipeSource, StreamSourceParameters } from './pipe-settings.ts';
import { BUS_BATCH_MAX, pipeTarget } from './pipe-target.ts';

/** Enrichment and target together may not take longer. */
const EXECUTION_MAX_MS = 5 * 60 * 1000;

export interface PipeRunner {
  start(): void;
  stop(): Promise<void>;
  close(): void;
  status(): { state: string; lagMs: number; batches: number; records: number; lastError: string | undefined };
}

export function createPipeRunner(
  name: string,
  pipeArn: string,
  { pipe, source }: { readonly pipe: PipeProperties; readonly source: PipeSource },
  aws: LocalAws,
): PipeRunner {
  const credentials = aws.credentialsOf(pipe.RoleArn);
  const access = { endpoint: aws.endpoint, region: aws.region, credentials };
  const events = new EventBridgeClient({ ...access, maxAttempts: 1 });
  const { Enrichment: enrichmentArn } = pipe;
  const bus = pipe.TargetParameters.EventBridgeEventBusParameters;
  const common = {
    target: pipeTarget({
      ...(enrichmentArn === undefined
        ? {}
        : { enrich: (payload: string) => invokeThroughGateway(enrichmentArn, payload, access, EXECUTION_MAX_MS) }),
      events,
      busArn: pipe.Target,
      // As AWS names what a template leaves out.
      source: bus.Source ?? `Pipe ${name}`,
      detailType: bus.DetailType ?? `Event from aws:${source.kind}`,
      resources: bus.Resources ?? [],
    }),
    limits: {
      // The largest batch of a pipe is the smaller of what its source and its target allow.
      batchSize: Math.min(source.parameters.BatchSize, BUS_BATCH_MAX),
      windowMs: source.parameters.MaximumBatchingWindowInSeconds * 1000,
      payloadBytesMax: PAYLOAD_BYTES_MAX,
    },
    filter: compileRecordFilter(pipe.SourceParameters.FilterCriteria?.Filters.map((filter) => filter.Pattern) ?? []),
    clock: systemClock,
    name: `pipe ${name}`,
    log: aws.log,
  };
  if (source.kind === 'sqs') {
    const queue = openQueueSource({ ...access, queueArn: pipe.Source });
    const poller = new QueuePoller({ ...common, queue, concurrency: DEFAULT_QUEUE_CONCURRENCY });
    return withClose(poller, () => queue.close(), events);
  }
  const { parameters } = source;
  const stream =
    source.kind === 'kinesis'
      ? openKinesisSource({ ...access, streamArn: pipe.Source, roleArn: pipe.RoleArn, shape: 'pipe' })
      : openDynamoDbStreamSource({ ...access, streamArn: pipe.Source });
  const deadLetters = parameters.DeadLetterConfig?.Arn;
  const coordinator = new ShardCoordinator(
    {
      ...common,
      source: stream,
      policy: {
        retryAttemptsMax: parameters.MaximumRetryAttempts,
        recordAgeSecondsMax: parameters.MaximumRecordAgeInSeconds,
        bisect: parameters.OnPartialBatchItemFailure === 'AUTOMATIC_BISECT',
        partial: 'remainder',
      },
      parallelizationFactor: parameters.ParallelizationFactor,
      checkpoints: new ShardCheckpoints(aws.checkpoints, `pipe/${name}/${pipe.Source}`),
      ...(deadLetters === undefined
        ? {}
        : {
            failureDestination: openFailureDestination(deadLetters, {
              ...access,
              by: { kind: 'pipe', pipeArn },
              clock: systemClock,
            }),
          }),
    },
    startingPosition(parameters),
  );
  return withClose(coordinator, () => stream.close(), events);
}

function startingPosition(parameters: StreamSourceParameters): StartingPosition {
  if (parameters.StartingPosition !== 'AT_TIMESTAMP') return { kind: parameters.StartingPosition };
  return { kind: 'AT_TIMESTAMP', timestampMs: parameters.StartingPositionTimestamp?.getTime() ?? 0 };
}

function withClose(poller: Omit<PipeRunner, 'close'>, closeSource: () => void, events: EventBridgeClient): PipeRunner {
  return {
    start: () => poller.start(),
    stop: () => poller.stop(),
    status: () => poller.status(),
    close() {
      closeSource();
      events.destroy();
    },
  };
}
