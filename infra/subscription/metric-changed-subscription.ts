/**
 * A subscription to `MetricChanged`, for the stack of any team: a rule on the bus, its target, and what must not be forgotten: dead
 * letters that are kept, retries that are said, an alarm, and permissions for this one delivery only. What cannot work fails at synthesis.
 */
import { Annotations, Duration, Stack, Validations } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { EventBus, type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { Effect, PolicyStatement, PrincipalWithConditions, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type MetricChangedFilter, metricChangedPattern } from './metric-changed-filter.ts';
import { MOST_AGE, MOST_RETRIES, subscriptionProblems } from './subscription-problems.ts';
import type { MetricChangedSubscriptionProps } from './subscription-props.ts';
import { letRuleSend, type SubscriptionTarget } from './subscription-target.ts';

export type { MetricChangedFilter, MetricChangeName } from './metric-changed-filter.ts';
export type { MetricChangedSubscriptionProps } from './subscription-props.ts';
export {
  type SubscriptionTarget,
  toBus,
  toFirehose,
  toFunction,
  toQueue,
  toStream,
} from './subscription-target.ts';

const DEFAULT_BUS = 'metric-events';

export class MetricChangedSubscription extends Construct {
  readonly rule: Rule;
  readonly deadLetters: IQueue;
  readonly alarm: Alarm | undefined;
  /** The role EventBridge delivers with; undefined where a resource policy lets it in. */
  role: Role | undefined;
  readonly #target: SubscriptionTarget;
  readonly #bus: IEventBus;

  constructor(scope: Construct, id: string, props: MetricChangedSubscriptionProps) {
    super(scope, id);
    const { filter = {}, target } = props;
    this.#target = target;
    this.#bus = this.busOf(props.bus ?? DEFAULT_BUS);
    this.refuseWrongInput(props);
    this.warnOfLostSight(filter);

    const { 'detail-type': detailType, source, detail } = metricChangedPattern(filter);
    this.rule = new Rule(this, 'Rule', {
      eventBus: this.#bus,
      description: props.description ?? `MetricChanged for ${Stack.of(this).stackName}`,
      enabled: props.enabled ?? true,
      eventPattern: { source: [...source], detailType: [...detailType], ...(detail === undefined ? {} : { detail }) },
      ...(props.ruleName === undefined ? {} : { ruleName: props.ruleName }),
    });
    this.deadLetters = props.deadLetters ?? this.makeDeadLetters();
    letRuleSend(this.deadLetters, this.rule);
    const delivery = target.bind({
      scope: this,
      rule: this.rule,
      deadLetters: this.deadLetters,
      roleFor: (actions, resourceArn) => this.permit(actions, resourceArn),
    });
    this.rule.addTarget({
      bind: () => ({
        ...delivery,
        deadLetterConfig: { arn: this.deadLetters.queueArn },
        retryPolicy: {
          maximumRetryAttempts: props.retryAttempts ?? MOST_RETRIES,
          maximumEventAgeInSeconds: (props.maxEventAge ?? MOST_AGE).toSeconds(),
        },
      }),
    });
    if (this.role !== undefined) this.rule.node.addDependency(this.role);
    this.alarm = props.alarm === false ? undefined : this.alarmOnDeadLetters();
  }

  /**
   * For a target of another account: the statement that its owner adds to the resource policy there (queue, function, stream or bus).
   * Undefined when the target needs nothing from anybody else.
   */
  get statementForTheOtherAccount(): Readonly<Record<string, unknown>> | undefined {
    if (this.role === undefined) return undefined;
    const { actions, resourceArn } = this.#target.access;
    return {
      Sid: 'AllowMetricChanged',
      Effect: 'Allow',
      Principal: { AWS: this.role.roleArn },
      Action: actions.length === 1 ? actions[0] : actions,
      Resource: resourceArn,
    };
  }

  private busOf(bus: IEventBus | string): IEventBus {
    if (typeof bus !== 'string') return bus;
    return bus.startsWith('arn:')
      ? EventBus.fromEventBusArn(this, 'Bus', bus)
      : EventBus.fromEventBusName(this, 'Bus', bus);
  }

  private refuseWrongInput(props: MetricChangedSubscriptionProps): void {
    const problems = subscriptionProblems(this, this.#bus, props);
    if (problems.length === 0) return;
    throw new Error(
      `The subscription ${this.node.path} cannot work:\n  ${problems.join('\n  ')}\nSee docs/subscribing.md of Metric Relay.`,
    );
  }

  /** A copy that keeps only some names, and is not told of renames, keeps metrics that have left. */
  private warnOfLostSight({ namePrefixes, changes }: MetricChangedFilter): void {
    if (namePrefixes === undefined || changes === undefined || changes.includes('RENAMED')) return;
    Annotations.of(this).addWarningV2(
      'metric-relay:rename-not-told',
      'This filter has name prefixes and leaves out RENAMED: metrics that leave or join the prefixes by a rename are not told of.',
    );
  }

  private makeDeadLetters(): Queue {
    const queue = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // The longest that SQS keeps a message: time to mend the target and to send them again.
      retentionPeriod: Duration.days(14),
    });
    Validations.of(queue).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'This is the dead-letter queue of a rule; the check sees only those that another queue names.',
    });
    return queue;
  }

  private permit(actions: readonly string[], resourceArn: string): Role {
    this.role ??= new Role(this, 'Role', {
      description: 'Delivers MetricChanged events',
      assumedBy: new PrincipalWithConditions(new ServicePrincipal('events.amazonaws.com'), {
        StringEquals: { 'aws:SourceAccount': Stack.of(this).account },
        // The rule needs the role first, so it cannot be named itself; the rules of its bus can.
        ArnLike: {
          'aws:SourceArn': Stack.of(this).formatArn({
            service: 'events',
            resource: 'rule',
            resourceName: `${this.#bus.eventBusName}/*`,
          }),
        },
      }),
    });
    this.role.addToPolicy(
      new PolicyStatement({ effect: Effect.ALLOW, actions: [...actions], resources: [resourceArn] }),
    );
    return this.role;
  }

  private alarmOnDeadLetters(): Alarm {
    return new Alarm(this, 'EventsNotDelivered', {
      alarmDescription: 'Events could not be delivered: mend the target, then send the dead letters to it again.',
      metric: this.deadLetters.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(1),
        statistic: 'Maximum',
      }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
