/**
 * The queue of metrics that must be recomputed outside a batch (too many at once, or a metric that waits for missing rows), with
 * the dead-letter queue for messages that never succeed. A message holds a metric id and no row values.
 */
import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** AWS's rule for Lambda on SQS: room for retries of throttled invocations before a message shows up a second time. */
const VISIBILITY_PER_TIMEOUT = 6;
/** The longest that SQS keeps a message. */
const RETENTION = Duration.days(14);

export interface ProjectionQueueProps {
  readonly consumerTimeoutSeconds: number;
  readonly maxReceives: number;
}

export class ProjectionQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: ProjectionQueueProps) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: RETENTION,
    });
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: RETENTION,
      visibilityTimeout: Duration.seconds(props.consumerTimeoutSeconds * VISIBILITY_PER_TIMEOUT),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: props.maxReceives },
    });
  }
}
