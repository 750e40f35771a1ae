/**
 * The replicator function and its event source mapping on the change stream. Owns how long a batch is retried and where it goes then:
 * records that can be judged are quarantined by the function itself, so only an outage or a crash of the function reaches the
 * retries here, and the failure destination keeps the records whole.
 */
import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ReplicatorEnvironment } from '#functions/replicator/environment.ts';
import type { StageConfig } from '../stage-config.ts';
import type { ChangeStream } from './change-stream.ts';
import type { QuarantineBucket } from './quarantine-bucket.ts';
import { RelayFunction } from './relay-function.ts';
import type { RelayTable } from './relay-table.ts';
import { permitRecompute } from './table-access.ts';

export interface ReplicatorProps {
  readonly config: StageConfig;
  readonly projectRoot: string;
  readonly changes: ChangeStream;
  readonly metrics: RelayTable;
  readonly sourceRows: RelayTable;
  readonly quarantine: RelayTable;
  readonly quarantineBucket: QuarantineBucket;
  readonly projectionQueue: Queue;
}

export class Replicator extends Construct {
  readonly function: RelayFunction;
  readonly mapping: EventSourceMapping;

  constructor(scope: Construct, id: string, props: ReplicatorProps) {
    super(scope, id);
    const { config } = props;
    const environment: ReplicatorEnvironment = {
      METRICS_TABLE: props.metrics.tableName,
      SOURCE_ROWS_TABLE: props.sourceRows.tableName,
      QUARANTINE_TABLE: props.quarantine.tableName,
      QUARANTINE_BUCKET: props.quarantineBucket.bucketName,
      PROJECTION_QUEUE_URL: props.projectionQueue.queueUrl,
      GRACE_SECONDS: String(config.graceSeconds),
      FAN_OUT_LIMIT: String(config.fanOutLimit),
      TOMBSTONE_DAYS: String(config.tombstoneDays),
      REDIRECT_DAYS: String(config.redirectDays),
    };
    this.function = new RelayFunction(this, 'Function', {
      folder: 'replicator',
      description: 'Applies row changes of the stream to the row mirror and recomputes the metrics they affect',
      projectRoot: props.projectRoot,
      environment,
      memoryMb: config.replicatorMemoryMb,
      timeoutSeconds: config.replicatorTimeoutSeconds,
      logDays: config.logDays,
    });

    const { role } = this.function;
    permitRecompute(role, props);
    role.permit('SetAside', ['dynamodb:PutItem'], [props.quarantine.tableArn]);
    role.permit('KeepRawRecords', ['s3:PutObject'], [props.quarantineBucket.arnForObjects('*')]);
    Validations.of(role).acknowledge({
      // The rule names the export by which the bucket's ARN reaches this stack; the hash follows from the pinned logical id.
      id: `AwsSolutions-IAM5[Resource::${Stack.of(props.quarantineBucket).stackName}:ExportsOutputFnGetAttQuarantineBucketArnCCFE4120/*]`,
      reason:
        'Objects of the one quarantine bucket, written only: the function names its keys by shard and sequence number, and Lambda names those of failed batches itself.',
    });
    // Lambda checks the bucket with the function's role before it delivers a failed batch.
    role.permit('DeliverFailedBatches', ['s3:ListBucket'], [props.quarantineBucket.bucketArn]);
    role.permit('QueueProjections', ['sqs:SendMessage'], [props.projectionQueue.queueArn]);
    role.permit(
      'ReadChanges',
      [
        'kinesis:DescribeStream',
        'kinesis:DescribeStreamSummary',
        'kinesis:GetRecords',
        'kinesis:GetShardIterator',
        'kinesis:ListShards',
      ],
      [props.changes.streamArn],
    );

    this.mapping = new EventSourceMapping(this, 'Changes', {
      target: this.function.function,
      eventSourceArn: props.changes.streamArn,
      // A new mapping begins with the oldest record: the initial copy may already be in the stream.
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: config.replicatorBatchSize,
      maxBatchingWindow: Duration.seconds(config.replicatorBatchWindowSeconds),
      parallelizationFactor: config.replicatorParallelization,
      reportBatchItemFailures: true,
      // A batch that kills the function (memory, time) is halved until the record alone is left.
      bisectBatchOnError: true,
      retryAttempts: config.replicatorRetryAttempts,
      maxRecordAge: Duration.hours(config.replicatorRecordAgeHours),
      // S3 keeps the records themselves; a queue would only get a pointer into the stream.
      onFailure: { bind: () => ({ destination: props.quarantineBucket.bucketArn }) },
    });
    // The mapping reads the stream with the function's role as soon as it exists.
    this.mapping.node.addDependency(role);
  }
}
