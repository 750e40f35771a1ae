/**
 * A temporary subscription to the bus, made exactly as on AWS: an SQS queue, a rule with that queue as target, a queue policy that
 * allows the rule and nothing else. Rule and queue are removed when it closes; what a killed run left is removed a day later.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { failed, messageOf } from '../command-failure.ts';
import { eventBridge, sqs } from '../connection/clients.ts';
import type { Connection } from '../connection/connection.ts';
import { removeLeftovers, removeRule } from './leftovers.ts';
import { routeToQueue } from './route-to-queue.ts';
import { subscriptionName } from './subscription-name.ts';

/** Every event of this pipeline. */
export const DEFAULT_PATTERN = '{"source":["metric-relay"]}';

/**
 * A new rule on AWS takes effect "shortly", a queue policy too; neither says when. Locally both hold at once.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html
 */
const EFFECTIVE_ON_AWS_AFTER_MS = 10_000;

export interface Delivery {
  /** The EventBridge envelope as it came. */
  readonly envelope: string;
  readonly receivedAtMs: number;
}

export interface Subscription {
  /** Deliveries until the signal is aborted. A message is deleted when the next one is asked for. */
  deliveries(signal: AbortSignal): AsyncGenerator<Delivery, void, void>;
  close(): Promise<void>;
}

export async function subscribe(connection: Connection, busName: string, pattern: string): Promise<Subscription> {
  const events = eventBridge(connection.clientConfig);
  const queues = sqs(connection.clientConfig);
  const name = subscriptionName(Date.now(), randomBytes(4).toString('hex'));
  let queueUrl: string | undefined;
  const close = async (): Promise<void> => {
    await removeRule(events, busName, name);
    if (queueUrl !== undefined) await queues.send(new DeleteQueueCommand({ QueueUrl: queueUrl })).catch(() => {});
    events.destroy();
    queues.destroy();
  };
  try {
    await removeLeftovers(events, queues, busName, Date.now());
    queueUrl = await createQueue(queues, name);
    const description = 'Temporary, made by `relay events tail`; may be deleted when it is older than a day.';
    await routeToQueue(events, queues, queueUrl, { name, busName, pattern, description });
    if (connection.clientConfig.endpoint === undefined) await delay(EFFECTIVE_ON_AWS_AFTER_MS);
  } catch (error) {
    await close();
    throw failed(
      `The bus "${busName}" could not be subscribed to: ${messageOf(error)}`,
      'Check the pattern, and that these credentials may create SQS queues and EventBridge rules.',
      error,
    );
  }
  const url = queueUrl;
  return { close, deliveries: (signal) => receive(queues, url, signal) };
}

async function* receive(
  queues: SQSClient,
  queueUrl: string,
  signal: AbortSignal,
): AsyncGenerator<Delivery, void, void> {
  while (!signal.aborted) {
    const request = new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 20 });
    let messages: readonly Message[];
    try {
      ({ Messages: messages = [] } = await queues.send(request, { abortSignal: signal }));
    } catch (error) {
      if (signal.aborted) return;
      throw failed(
        `The temporary queue could not be read: ${messageOf(error)}`,
        'Is the pipeline still running? See `npx relay status`.',
        error,
      );
    }
    const receivedAtMs = Date.now();
    for (const { Body } of messages) {
      if (Body !== undefined) yield { envelope: Body, receivedAtMs };
    }
    const entries = messages.flatMap(({ ReceiptHandle }, index) =>
      ReceiptHandle === undefined ? [] : [{ Id: String(index), ReceiptHandle }],
    );
    if (entries.length > 0) await queues.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
  }
}

async function createQueue(queues: SQSClient, name: string): Promise<string> {
  const { QueueUrl } = await queues.send(
    new CreateQueueCommand({
      QueueName: name,
      Attributes: { MessageRetentionPeriod: '3600', VisibilityTimeout: '60' },
      tags: { 'metric-relay:temporary': 'events-tail' },
    }),
  );
  if (QueueUrl === undefined) throw new Error(`SQS created the queue ${name} and answered no URL.`);
  return QueueUrl;
}
