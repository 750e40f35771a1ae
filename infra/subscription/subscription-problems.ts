/**
 * Everything that would keep a subscription from working, found at synthesis and told at once: each line says what was given, what
 * EventBridge allows, and what to do. It only looks; it makes no resource.
 */
import { Duration, Resource, Stack } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { filterProblems, metricChangedPattern } from './metric-changed-filter.ts';
import type { MetricChangedSubscriptionProps } from './subscription-props.ts';
import { differs, isOwn } from './subscription-target.ts';

/** Quota "Event pattern size": https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const LONGEST_PATTERN = 2048;
/** What PutRule takes at all. */
const LONGEST_PATTERN_EVER = 4096;
/** Limits, and defaults, of a target's RetryPolicy. */
export const MOST_RETRIES = 185;
export const MOST_AGE = Duration.hours(24);
const LEAST_AGE = Duration.minutes(1);

export function subscriptionProblems(
  scope: Construct,
  bus: IEventBus,
  props: MetricChangedSubscriptionProps,
): readonly string[] {
  return [
    ...filterProblems(props.filter ?? {}).map((problem) => `filter.${problem}`),
    ...patternProblems(props),
    ...busProblems(scope, bus),
    ...props.target.problems(scope),
    ...retryProblems(props),
    ...deadLetterProblems(scope, props.deadLetters),
  ];
}

function patternProblems({
  filter,
  longestPattern = LONGEST_PATTERN,
}: MetricChangedSubscriptionProps): readonly string[] {
  const length = JSON.stringify(metricChangedPattern(filter)).length;
  if (longestPattern > LONGEST_PATTERN_EVER)
    return [`longestPattern: ${longestPattern} is more than EventBridge ever takes (${LONGEST_PATTERN_EVER}).`];
  if (length <= longestPattern) return [];
  return [
    `filter: its pattern has ${length} characters, allowed are ${longestPattern}. Ask for fewer or shorter prefixes, make two subscriptions ` +
      `to one target, or, if AWS has raised the quota "Event pattern size" of the account, set longestPattern.`,
  ];
}

function busProblems(scope: Construct, bus: IEventBus): readonly string[] {
  const { account, region } = Stack.of(scope);
  if (!differs(account, bus.env.account) && !differs(region, bus.env.region)) return [];
  return [
    `bus: ${bus.eventBusArn} is of account ${bus.env.account} in ${bus.env.region}, this stack of ${account} in ${region}. A rule ` +
      'stands where its bus is: make the subscription in a stack there, with the target here (toQueue, toBus …).',
  ];
}

function retryProblems({
  retryAttempts = 0,
  maxEventAge = MOST_AGE,
}: MetricChangedSubscriptionProps): readonly string[] {
  const problems: string[] = [];
  if (!Number.isInteger(retryAttempts) || retryAttempts < 0 || retryAttempts > MOST_RETRIES)
    problems.push(`retryAttempts: ${retryAttempts} is not a whole number from 0 to ${MOST_RETRIES}.`);
  const seconds = maxEventAge.toSeconds();
  if (seconds < LEAST_AGE.toSeconds() || seconds > MOST_AGE.toSeconds())
    problems.push(`maxEventAge: ${seconds} s; allowed are ${LEAST_AGE.toSeconds()} s to ${MOST_AGE.toSeconds()} s.`);
  return problems;
}

function deadLetterProblems(scope: Construct, queue: IQueue | undefined): readonly string[] {
  if (queue === undefined) return [];
  const problems: string[] = [];
  if (queue.fifo)
    problems.push(`deadLetters: ${queue.node.path} is a FIFO queue; EventBridge takes standard queues only.`);
  if (Resource.isOwnedResource(queue) && !isOwn(scope, queue))
    problems.push(
      `deadLetters: ${queue.node.path} is of the stack ${Stack.of(queue).stackName}: its policy would have to name the rule, and the rule the queue, so ` +
        'neither stack could be the first. Leave deadLetters out, or make the queue in this stack.',
    );
  else if (!isOwn(scope, queue))
    problems.push(
      `deadLetters: ${queue.node.path} is not made by this app in this account, so the rule cannot be let in. Leave deadLetters out, ` +
        'or make the queue here.',
    );
  return problems;
}
