/**
 * Where a subscription delivers: how EventBridge is let in there, and what it is told besides the event. What this stack makes gets a
 * resource policy bound to the one rule; what is imported, of another account or of another stack is reached with a role that may do
 * one thing to one resource. Nothing here grants `*`.
 */
import { Arn, ArnFormat, type IResource, Resource, Stack, Token, TokenComparison } from 'aws-cdk-lib';
import type { IEventBus, Rule, RuleTargetConfig } from 'aws-cdk-lib/aws-events';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnEventInvokeConfig, EventInvokeConfig, type IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { CfnQueue, type IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/** What a target may ask of the subscription that it is bound to. */
export interface TargetContext {
  readonly scope: Construct;
  readonly rule: Rule;
  readonly deadLetters: IQueue;
  /** The role with which EventBridge delivers, allowed these actions on the target and no more. */
  roleFor(actions: readonly string[], resourceArn: string): NonNullable<RuleTargetConfig['role']>;
}

export interface SubscriptionTarget {
  /** For messages: `the queue Stack/Id`. */
  readonly label: string;
  /** What is wrong with this target in this scope, a line each. */
  problems(scope: Construct): readonly string[];
  bind(context: TargetContext): Partial<RuleTargetConfig> & { readonly arn: string };
  /** What the other account has to allow to the role: actions on the target's ARN. */
  readonly access: { readonly actions: readonly string[]; readonly resourceArn: string };
}

/** Path of the metric's id in an event: partition key and message group, so that the changes of one metric stay together. */
export const METRIC_ID_PATH = '$.detail.data.metricId';

const EVENTS = 'events.amazonaws.com';

export interface FunctionTargetOptions {
  /**
   * Whether an event that the function failed on, after Lambda's own two retries, goes to the subscription's dead letters too. Default true
   * for a function of this stack; `false` when the function has an asynchronous configuration already, as of another subscription.
   */
  readonly keepFailedEvents?: boolean;
}

export function toFunction(
  target: IFunction,
  { keepFailedEvents = true }: FunctionTargetOptions = {},
): SubscriptionTarget {
  const access = { actions: ['lambda:InvokeFunction'], resourceArn: target.functionArn };
  return {
    label: `the function ${target.node.path}`,
    access,
    problems: (scope) => [
      ...placeProblems(scope, target, target.functionArn, 'the function', 'other-account'),
      ...(keepFailedEvents && isOwn(scope, target) ? destinationProblems(target) : []),
    ],
    bind({ scope, rule, deadLetters, roleFor }) {
      const config = { arn: target.functionArn };
      if (!isOwn(scope, target)) return { ...config, role: roleFor(access.actions, access.resourceArn) };
      target.addPermission(`AllowEventsOf${rule.node.addr}`, {
        principal: new ServicePrincipal(EVENTS),
        sourceArn: rule.ruleArn,
        scope,
      });
      // The rule's dead letters get what EventBridge could not hand over. It hands over at once; that the code then fails, only Lambda knows.
      if (keepFailedEvents)
        new EventInvokeConfig(scope, 'Failures', { function: target, onFailure: new SqsDestination(deadLetters) });
      return config;
    },
  };
}

/** Lambda takes one configuration per function; CloudFormation would refuse a second one when it is deployed. */
function destinationProblems(target: IFunction): readonly string[] {
  const taken = Stack.of(target)
    .node.findAll()
    .some((one) => one instanceof CfnEventInvokeConfig && one.functionName === target.functionName);
  if (!taken) return [];
  return [
    `the function ${target.node.path} has a failure destination already, of another subscription or its own. Give keepFailedEvents: false here: ` +
      'what the function fails on goes to the one it has, whichever rule it came by.',
  ];
}

export interface QueueTargetOptions {
  /** Message group of a FIFO queue: a path into the event, or text for one group of all. Default: the metric's id. */
  readonly messageGroupId?: string;
}

export function toQueue(target: IQueue, options: QueueTargetOptions = {}): SubscriptionTarget {
  const access = { actions: ['sqs:SendMessage'], resourceArn: target.queueArn };
  return {
    label: `the queue ${target.node.path}`,
    access,
    problems: (scope) => [
      ...placeProblems(scope, target, target.queueArn, 'the queue', 'other-account'),
      ...fifoProblems(target, options),
    ],
    bind({ scope, rule, roleFor }) {
      const config = {
        arn: target.queueArn,
        ...(target.fifo ? { sqsParameters: { messageGroupId: options.messageGroupId ?? METRIC_ID_PATH } } : {}),
      };
      if (isOwn(scope, target)) {
        letRuleSend(target, rule);
        return config;
      }
      const key = target.encryptionMasterKey;
      if (key !== undefined) roleFor(['kms:Decrypt', 'kms:GenerateDataKey'], key.keyArn);
      return { ...config, role: roleFor(access.actions, access.resourceArn) };
    },
  };
}

/** Lets one rule, and nobody else through EventBridge, send to a queue of this stack. Also used for dead letters. */
export function letRuleSend(queue: IQueue, rule: Rule): void {
  queue.addToResourcePolicy(
    new PolicyStatement({
      sid: `AllowRule${rule.node.addr.slice(-12)}`,
      effect: Effect.ALLOW,
      principals: [new ServicePrincipal(EVENTS)],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: { ArnEquals: { 'aws:SourceArn': rule.ruleArn } },
    }),
  );
  if (queue.encryptionMasterKey !== undefined) letEventsEncrypt(queue.encryptionMasterKey, rule);
}

/** The rule cannot be named: it is made after the queue, the queue after the key. The account can. */
function letEventsEncrypt(key: IKey, rule: Rule): void {
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'AllowEventsOfThisAccount',
      effect: Effect.ALLOW,
      principals: [new ServicePrincipal(EVENTS)],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(rule).account } },
    }),
  );
}

function fifoProblems(target: IQueue, { messageGroupId }: QueueTargetOptions): readonly string[] {
  const label = `the queue ${target.node.path}`;
  if (!target.fifo) return messageGroupId === undefined ? [] : [`${label} is no FIFO queue: leave messageGroupId out.`];
  const resource = target.node.defaultChild;
  if (!(resource instanceof CfnQueue) || resource.contentBasedDeduplication === true) return [];
  return [`${label} is a FIFO queue without contentBasedDeduplication, which EventBridge needs: set it to true.`];
}

export function toStream(target: IStream): SubscriptionTarget {
  const access = { actions: ['kinesis:PutRecord'], resourceArn: target.streamArn };
  return {
    label: `the stream ${target.node.path}`,
    access,
    problems: (scope) => placeProblems(scope, target, target.streamArn, 'the stream', 'other-account'),
    bind({ roleFor }) {
      const role = roleFor(access.actions, access.resourceArn);
      if (target.encryptionKey !== undefined) roleFor(['kms:GenerateDataKey'], target.encryptionKey.keyArn);
      return { arn: target.streamArn, role, kinesisParameters: { partitionKeyPath: METRIC_ID_PATH } };
    },
  };
}

/** A Firehose stream of this account. It joins events without a line break: have it append one (processor AppendDelimiterToRecord). */
export function toFirehose(target: IResource & { readonly deliveryStreamArn: string }): SubscriptionTarget {
  const access = { actions: ['firehose:PutRecord'], resourceArn: target.deliveryStreamArn };
  return {
    label: `the delivery stream ${target.node.path}`,
    access,
    problems: (scope) => placeProblems(scope, target, target.deliveryStreamArn, 'the delivery stream', 'own-account'),
    bind: ({ roleFor }) => ({ arn: target.deliveryStreamArn, role: roleFor(access.actions, access.resourceArn) }),
  };
}

/** A bus of this or another account, in this or another Region: the way to everything that a rule cannot reach directly. */
export function toBus(target: IEventBus): SubscriptionTarget {
  const access = { actions: ['events:PutEvents'], resourceArn: target.eventBusArn };
  return {
    label: `the bus ${target.node.path}`,
    access,
    problems: () => [],
    bind: ({ roleFor }) => ({ arn: target.eventBusArn, role: roleFor(access.actions, access.resourceArn) }),
  };
}

/**
 * Whether the stack of the subscription makes the resource: then its policy is ours to write. The policy names the rule, and the rule the
 * resource, so in two stacks each would have to be deployed before the other.
 */
export const isOwn = (scope: Construct, resource: IResource): boolean =>
  Resource.isOwnedResource(resource) && Stack.of(resource) === Stack.of(scope);

/** Whether both are known and are not the same. */
export function differs(one: string, other: string): boolean {
  return Token.compareStrings(one, other) === TokenComparison.DIFFERENT;
}

function placeProblems(
  scope: Construct,
  { node, env }: IResource,
  arn: string,
  kind: string,
  reach: 'own-account' | 'other-account',
): readonly string[] {
  const { account, region } = Stack.of(scope);
  // An imported resource does not always say where it is, but its ARN does.
  const place = Token.isUnresolved(arn) ? env : Arn.split(arn, ArnFormat.NO_RESOURCE_NAME);
  const problems: string[] = [];
  const throughBus = 'Send to a bus there with toBus(), and subscribe to that bus.';
  if (differs(region, place.region ?? region))
    problems.push(
      `${kind} ${node.path} is in ${place.region}; a rule in ${region} reaches other Regions only through a bus. ${throughBus}`,
    );
  if (reach === 'own-account' && differs(account, place.account ?? account))
    problems.push(
      `${kind} ${node.path} is of account ${place.account}; EventBridge delivers to Firehose only in its own account (${account}). ` +
        throughBus,
    );
  return problems;
}
