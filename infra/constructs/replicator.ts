/**
 * The replicator function and its event source mapping on the change stream. Owns how long a batch is retried and where it goes then:
 * records that can be judged are quarantined by the function itself, so only an outage or a crash of the function reaches the
 * retries here, and the failure destination keeps the records whole.
 */
import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { StageConfig } from '../stage-config.ts';
import type { ChangeStream } from './change-stream.ts';
import { RelayFunction } from './relay-function.ts';
import {
  permitReplication,
  type QuarantineParts,
  type RecomputeParts,
  replicationEnvironment,
} from './replication-core.ts';

export interface ReplicatorProps extends RecomputeParts, QuarantineParts {
  readonly config: StageConfig;
  readonly projectRoot: string;
  readonly changes: ChangeStream;
}

export class Replicator extends Construct {
  readonly function: RelayFunction;
  readonly mapping: EventSourceMapping;

  constructor(scope: Construct, id: string, props: ReplicatorProps) {
    super(scope, id);
    const { config } = props;
    this.function = new RelayFunction(this, 'Function', {
      folder: 'replicator',
      description: 'Applies row changes of the stream to the row mirror and recomputes the metrics they affect',
      projectRoot: props.projectRoot,
      environment: replicationEnvironment(config, props),
      memoryMb: config.replicatorMemoryMb,
      timeoutSeconds: config.replicatorTimeoutSeconds,
      logDays: config.logDays,
    });

    const { role } = this.function;
    permitReplication(role, props);
    props.changes.permitFollow(role);
    // Lambda checks the bucket with the function's role before it delivers a failed batch.
    role.permit('DeliverFailedBatches', ['s3:ListBucket'], [props.quarantineBucket.bucketArn]);

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
