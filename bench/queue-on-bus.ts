/** What another team does to get the events: a queue of its own and a rule on the bus. They stay; reading the queue is the caller's. */
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import type { ClientConfig } from '#cli/connection/client-config.ts';
import { eventBridge, sqs } from '#cli/connection/clients.ts';
import { routeToQueue } from '#cli/events/route-to-queue.ts';
import { DEFAULT_PATTERN } from '#cli/events/subscription.ts';

/** `name` of the queue and of the rule, which matches every event of this pipeline. */
export async function putQueueOnBus(client: ClientConfig, busName: string, name: string): Promise<void> {
  const queues = sqs(client);
  const events = eventBridge(client);
  try {
    const { QueueUrl = '' } = await queues.send(new CreateQueueCommand({ QueueName: name }));
    await routeToQueue(events, queues, QueueUrl, { name, busName, pattern: DEFAULT_PATTERN });
  } finally {
    queues.destroy();
    events.destroy();
  }
}
