/**
 * The projector function and its mapping on the projection queue: it recomputes metrics that a batch of the replicator left over. It
 * may do to the tables what the replicator may, reads no stream, and sets nothing aside; the queue has its own dead letters.
 */
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ProjectorEnvironment } from '#functions/projector/environment.ts';
import type { StageConfig } from '../stage-config.ts';
import { RelayFunction } from './relay-function.ts';
import type { RelayTable } from './relay-table.ts';
import { permitRecompute } from './table-access.ts';

/** Messages per invocation. One may hold a hundred metrics, and those of one invocation are done one after the other within one time-out. */
const BATCH_SIZE = 1;

export interface ProjectorProps {
  readonly config: StageConfig;
  readonly projectRoot: string;
  readonly metrics: RelayTable;
  readonly sourceRows: RelayTable;
  readonly projectionQueue: Queue;
}

export class Projector extends Construct {
  readonly function: RelayFunction;

  constructor(scope: Construct, id: string, props: ProjectorProps) {
    super(scope, id);
    const { config } = props;
    const environment: ProjectorEnvironment = {
      METRICS_TABLE: props.metrics.tableName,
      SOURCE_ROWS_TABLE: props.sourceRows.tableName,
      PROJECTION_QUEUE_URL: props.projectionQueue.queueUrl,
      GRACE_SECONDS: String(config.graceSeconds),
      FAN_OUT_LIMIT: String(config.fanOutLimit),
      TOMBSTONE_DAYS: String(config.tombstoneDays),
      REDIRECT_DAYS: String(config.redirectDays),
    };
    this.function = new RelayFunction(this, 'Function', {
      folder: 'projector',
      description: 'Recomputes metrics that a batch left to the projection queue',
      projectRoot: props.projectRoot,
      environment,
      memoryMb: config.replicatorMemoryMb,
      timeoutSeconds: config.projectorTimeoutSeconds,
      logDays: config.logDays,
    });

    const { role } = this.function;
    permitRecompute(role, props);
    // A metric that is still incomplete is looked at again later.
    role.permit('QueueProjections', ['sqs:SendMessage'], [props.projectionQueue.queueArn]);
    role.permit(
      'TakeProjections',
      ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
      [props.projectionQueue.queueArn],
    );

    const mapping = new EventSourceMapping(this, 'Messages', {
      target: this.function.function,
      eventSourceArn: props.projectionQueue.queueArn,
      batchSize: BATCH_SIZE,
      reportBatchItemFailures: true,
      maxConcurrency: config.projectorConcurrency,
    });
    mapping.node.addDependency(role);
  }
}
