/**
 * What another team does to get the events: a queue of its own, a rule on the bus with the queue as its target, and a policy by which that rule
 * and nobody else may send to it. They stay; reading the queue is the caller's.
 */
import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, GetQueueAttributesCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { ClientConfig } from '#cli/connection/client-config.ts';
import { eventBridge, sqs } from '#cli/connection/clients.ts';

/** `name` of the queue and of the rule, which matches every event of this pipeline. */
export async function putQueueOnBus(client: ClientConfig, bus: string, name: string): Promise<void> {
  const queues = sqs(client);
  const events = eventBridge(client);
  const { QueueUrl = '' } = await queues.send(new CreateQueueCommand({ QueueName: name }));
  const { Attributes } = await queues.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  const Arn = Attributes?.QueueArn ?? '';
  const rule = { Name: name, EventBusName: bus };
  const { RuleArn } = await events.send(new PutRuleCommand({ ...rule, EventPattern: '{"source":["metric-relay"]}' }));
  const Statement = {
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: Arn,
    Condition: { ArnEquals: { 'aws:SourceArn': RuleArn } },
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [Statement] });
  await queues.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  await events.send(new PutTargetsCommand({ Rule: name, EventBusName: bus, Targets: [{ Id: 'queue', Arn }] }));
  queues.destroy();
  events.destroy();
}
