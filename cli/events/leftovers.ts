/** Removes rules and queues of subscriptions that were killed before they could clean up. Never touches one that is younger than a day. */
import {
  DeleteRuleCommand,
  type EventBridgeClient,
  ListRulesCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { DeleteQueueCommand, ListQueuesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { TARGET_ID } from './route-to-queue.ts';
import { isLeftover, SUBSCRIPTION_PREFIX } from './subscription-name.ts';

/** Best effort: a caller that may not list or delete can still subscribe. */
export async function removeLeftovers(
  events: EventBridgeClient,
  queues: SQSClient,
  busName: string,
  nowMs: number,
): Promise<void> {
  await Promise.all([
    removeOldRules(events, busName, nowMs).catch(() => {}),
    removeOldQueues(queues, nowMs).catch(() => {}),
  ]);
}

async function removeOldRules(events: EventBridgeClient, busName: string, nowMs: number): Promise<void> {
  const { Rules = [] } = await events.send(
    new ListRulesCommand({ EventBusName: busName, NamePrefix: SUBSCRIPTION_PREFIX }),
  );
  for (const { Name } of Rules) {
    if (Name !== undefined && isLeftover(Name, nowMs)) await removeRule(events, busName, Name);
  }
}

async function removeOldQueues(queues: SQSClient, nowMs: number): Promise<void> {
  const { QueueUrls = [] } = await queues.send(new ListQueuesCommand({ QueueNamePrefix: SUBSCRIPTION_PREFIX }));
  for (const url of QueueUrls) {
    if (isLeftover(url.slice(url.lastIndexOf('/') + 1), nowMs))
      await queues.send(new DeleteQueueCommand({ QueueUrl: url }));
  }
}

/** Best effort: what cannot be removed now is recognised as a leftover tomorrow. */
export async function removeRule(events: EventBridgeClient, busName: string, name: string): Promise<void> {
  await events.send(new RemoveTargetsCommand({ Rule: name, EventBusName: busName, Ids: [TARGET_ID] })).catch(() => {});
  await events.send(new DeleteRuleCommand({ Name: name, EventBusName: busName })).catch(() => {});
}
