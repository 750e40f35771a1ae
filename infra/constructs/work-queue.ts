/**
 * A queue of work for one function, with the dead-letter queue for messages that never succeed, and the mapping that hands the messages to
 * the function. What a message says, and what it may not say, is its sender's business.
 */
import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { RelayFunction } from './relay-function.ts';

/** AWS's rule for Lambda on SQS: room for retries of throttled invocations before a message shows up a second time. */
const VISIBILITY_PER_TIMEOUT = 6;
/** The longest that SQS keeps a message. */
const RETENTION = Duration.days(14);

export interface WorkQueueProps {
  readonly consumerTimeoutSeconds: number;
  readonly maxReceives: number;
}

export interface WorkQueue {
  readonly queue: Queue;
  readonly deadLetters: Queue;
}

/** Makes both queues in `scope`, which names them. */
export function workQueue(scope: Construct, props: WorkQueueProps): WorkQueue {
  const kept = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: RETENTION };
  const deadLetters = new Queue(scope, 'DeadLetters', kept);
  const queue = new Queue(scope, 'Queue', {
    ...kept,
    visibilityTimeout: Duration.seconds(props.consumerTimeoutSeconds * VISIBILITY_PER_TIMEOUT),
    deadLetterQueue: { queue: deadLetters, maxReceiveCount: props.maxReceives },
  });
  return { queue, deadLetters };
}

export interface QueueConsumerProps {
  readonly worker: RelayFunction;
  readonly queue: Queue;
  /** Name of the statement that lets the worker take messages. */
  readonly sid: string;
  /** Messages per invocation. */
  readonly batchSize: number;
  /** Invocations at a time. */
  readonly concurrency: number;
}

/** Hands the messages to the worker, which answers with those that it could not do. */
export function consumeQueue(scope: Construct, id: string, { worker, queue, ...props }: QueueConsumerProps): void {
  worker.role.permit(
    props.sid,
    ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
    [queue.queueArn],
  );
  const mapping = new EventSourceMapping(scope, id, {
    target: worker.function,
    eventSourceArn: queue.queueArn,
    batchSize: props.batchSize,
    reportBatchItemFailures: true,
    maxConcurrency: props.concurrency,
  });
  // The mapping takes messages with the function's role as soon as it exists.
  mapping.node.addDependency(worker.role);
}
