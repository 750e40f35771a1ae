/** A rule that brings the events of a pattern to a queue, as on AWS: the rule, a policy of the queue that allows this rule and nothing else, the target. */
import { type EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { GetQueueAttributesCommand, SetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';

export interface RuleOfQueue {
  /** Of the rule; one that is there under this name is changed. */
  readonly name: string;
  readonly busName: string;
  readonly pattern: string;
  readonly description?: string;
}

export const TARGET_ID = 'queue';

export async function routeToQueue(
  events: EventBridgeClient,
  queues: SQSClient,
  queueUrl: string,
  { name, busName, pattern, description }: RuleOfQueue,
): Promise<void> {
  const queueArn = await arnOf(queues, queueUrl);
  const rule = { Name: name, EventBusName: busName, EventPattern: pattern, State: 'ENABLED' as const };
  const { RuleArn } = await events.send(new PutRuleCommand({ ...rule, Description: description }));
  if (RuleArn === undefined) throw new Error(`EventBridge created the rule ${name} and answered no ARN.`);
  await allowRule(queues, queueUrl, queueArn, RuleArn);
  const { FailedEntries = [] } = await events.send(
    new PutTargetsCommand({ Rule: name, EventBusName: busName, Targets: [{ Id: TARGET_ID, Arn: queueArn }] }),
  );
  const failure = FailedEntries[0];
  if (failure !== undefined)
    throw new Error(`the queue was refused as target: ${failure.ErrorMessage ?? failure.ErrorCode}`);
}

async function arnOf(queues: SQSClient, queueUrl: string): Promise<string> {
  const { Attributes } = await queues.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
  );
  const arn = Attributes?.QueueArn;
  if (arn === undefined) throw new Error(`SQS answered no ARN for ${queueUrl}.`);
  return arn;
}

async function allowRule(queues: SQSClient, queueUrl: string, queueArn: string, ruleArn: string): Promise<void> {
  const statement = {
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: queueArn,
    Condition: { ArnEquals: { 'aws:SourceArn': ruleArn } },
  };
  const policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await queues.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { Policy: policy } }));
}
