/** What a subscription may be given. Only the target is required; every default is the careful one. */
import type { Duration } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { MetricChangedFilter } from './metric-changed-filter.ts';
import type { SubscriptionTarget } from './subscription-target.ts';

export interface MetricChangedSubscriptionProps {
  /** Where events go: `toQueue(…)`, `toFunction(…)`, `toStream(…)`, `toFirehose(…)`, `toBus(…)`. */
  readonly target: SubscriptionTarget;
  /** Default: every event. */
  readonly filter?: MetricChangedFilter;
  /** The bus, its name or its ARN; it must be of the account and Region of this stack. Default `metric-events`. */
  readonly bus?: IEventBus | string;
  /** Default: made from the stack's name. */
  readonly ruleName?: string;
  readonly description?: string;
  /** `false` keeps the rule but delivers nothing; what is published meanwhile is not delivered later. Default true. */
  readonly enabled?: boolean;
  /** A standard queue of this account for events that could not be delivered. Default: one is made, kept 14 days, encrypted. */
  readonly deadLetters?: IQueue;
  /** Attempts after the first, 0 to 185. Default 185. */
  readonly retryAttempts?: number;
  /** How long delivery is tried, one minute to one day. Default one day. */
  readonly maxEventAge?: Duration;
  /** An alarm as soon as a dead letter is there. Default true. */
  readonly alarm?: boolean;
  /** Characters that the account allows in a pattern: 2,048 unless AWS has raised the quota, at most 4,096. */
  readonly longestPattern?: number;
}
