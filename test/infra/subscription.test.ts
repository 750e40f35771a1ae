import { App, Duration, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { DeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
// By the name that another team's stack uses.
import {
  MetricChangedSubscription,
  type MetricChangedSubscriptionProps,
  toBus,
  toFirehose,
  toFunction,
  toQueue,
  toStream,
} from 'metric-relay/subscription';
import { describe, expect, test } from 'vitest';

const OWN = { account: '111111111111', region: 'eu-central-1' };
const stackOf = (): Stack =>
  new Stack(new App({ context: { '@aws-cdk/core:newStyleStackSynthesis': true } }), 'Theirs', { env: OWN });
const queueIn = (stack: Stack) =>
  new Queue(stack, 'Inbox', { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true });
const functionIn = (stack: Stack) =>
  new LambdaFunction(stack, 'Worker', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromInline('export const handler = () => {};'),
  });

function subscribed(
  make: (stack: Stack) => MetricChangedSubscriptionProps,
  stack = stackOf(),
): { readonly stack: Stack; readonly template: Template; readonly subscription: MetricChangedSubscription } {
  const subscription = new MetricChangedSubscription(stack, 'Changes', make(stack));
  return { stack, subscription, template: Template.fromStack(stack) };
}

const refusal = (make: (stack: Stack) => MetricChangedSubscriptionProps): string => {
  try {
    subscribed(make);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};

const onlyTarget = (template: Template): Record<string, unknown> => {
  const [rule] = Object.values(template.findResources('AWS::Events::Rule'));
  return rule?.Properties.Targets[0];
};

describe('a subscription', () => {
  test('is a rule on the bus for MetricChanged of metric-relay, with the filter as its pattern', () => {
    const { template } = subscribed((stack) => ({
      target: toQueue(queueIn(stack)),
      filter: { namePrefixes: ['packages_'], changes: ['RENAMED', 'DELETED'], changedAttributes: ['name'] },
    }));
    template.hasResourceProperties('AWS::Events::Rule', {
      EventBusName: 'metric-events',
      State: 'ENABLED',
      EventPattern: {
        source: ['metric-relay'],
        'detail-type': ['MetricChanged'],
        detail: {
          data: {
            change: ['RENAMED', 'DELETED'],
            changedAttributes: ['name'],
            $or: [{ name: [{ prefix: 'packages_' }] }, { previousName: [{ prefix: 'packages_' }] }],
          },
        },
      },
    });
  });

  test('without a filter asks for every event', () => {
    const { template } = subscribed((stack) => ({ target: toQueue(queueIn(stack)) }));
    const [rule] = Object.values(template.findResources('AWS::Events::Rule'));
    expect(rule?.Properties.EventPattern).toEqual({ source: ['metric-relay'], 'detail-type': ['MetricChanged'] });
  });

  test('retries for a day and keeps what could not be delivered for two weeks, encrypted, with an alarm', () => {
    const { template } = subscribed((stack) => ({ target: toQueue(queueIn(stack)) }));
    const [[deadLetters, queue] = ['', undefined]] = Object.entries(template.findResources('AWS::SQS::Queue')).filter(
      ([id]) => id.startsWith('ChangesDeadLetters'),
    );
    expect(queue?.Properties).toEqual({ MessageRetentionPeriod: 14 * 86_400, SqsManagedSseEnabled: true });
    expect(onlyTarget(template)).toMatchObject({
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': [deadLetters, 'Arn'] } },
      RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
    });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Threshold: 0,
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [deadLetters, 'QueueName'] } }],
    });
  });

  test('lets only its own rule send to the queue and to the dead letters', () => {
    const { template } = subscribed((stack) => ({ target: toQueue(queueIn(stack)) }));
    const [ruleId = ''] = Object.keys(template.findResources('AWS::Events::Rule'));
    const allowed = Object.values(template.findResources('AWS::SQS::QueuePolicy')).flatMap(({ Properties }) =>
      Properties.PolicyDocument.Statement.filter(({ Effect }: { Effect: string }) => Effect === 'Allow'),
    );
    expect(allowed).toHaveLength(2);
    for (const statement of allowed)
      expect(statement).toMatchObject({
        Action: 'sqs:SendMessage',
        Principal: { Service: 'events.amazonaws.com' },
        Condition: { ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [ruleId, 'Arn'] } } },
      });
    template.resourceCountIs('AWS::IAM::Role', 0);
  });

  test('keeps its retry policy, dead letters and alarm to what is asked for', () => {
    const { template } = subscribed((stack) => ({
      target: toQueue(queueIn(stack)),
      deadLetters: new Queue(stack, 'Ours', { enforceSSL: true }),
      retryAttempts: 3,
      maxEventAge: Duration.hours(2),
      alarm: false,
    }));
    expect(onlyTarget(template)).toMatchObject({
      RetryPolicy: { MaximumEventAgeInSeconds: 7200, MaximumRetryAttempts: 3 },
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': [expect.stringMatching(/^Ours/), 'Arn'] } },
    });
    template.resourceCountIs('AWS::CloudWatch::Alarm', 0);
    template.resourceCountIs('AWS::SQS::Queue', 2);
  });
});

describe('a target', () => {
  test('that is a FIFO queue groups by the metric', () => {
    const { template } = subscribed((stack) => ({
      target: toQueue(new Queue(stack, 'Inbox', { fifo: true, contentBasedDeduplication: true, enforceSSL: true })),
    }));
    expect(onlyTarget(template)).toMatchObject({ SqsParameters: { MessageGroupId: '$.detail.data.metricId' } });
  });

  test('that is a queue under a customer key lets EventBridge use the key for this account only', () => {
    const { template } = subscribed((stack) => ({
      target: toQueue(new Queue(stack, 'Inbox', { encryptionMasterKey: new Key(stack, 'Key'), enforceSSL: true })),
    }));
    template.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
            Principal: { Service: 'events.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': OWN.account } },
          }),
        ]),
      },
    });
  });

  test('that is a function may be invoked by this rule only, and its failures are kept with the dead letters', () => {
    const { template } = subscribed((stack) => ({ target: toFunction(functionIn(stack)) }));
    const [ruleId = ''] = Object.keys(template.findResources('AWS::Events::Rule'));
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
      SourceArn: { 'Fn::GetAtt': [ruleId, 'Arn'] },
    });
    const [deadLetters] = Object.keys(template.findResources('AWS::SQS::Queue'));
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [deadLetters, 'Arn'] } } },
    });
  });

  test('that is a stream is written to with PutRecord alone, partitioned by the metric', () => {
    const { template } = subscribed((stack) => ({ target: toStream(new Stream(stack, 'Stream')) }));
    expect(onlyTarget(template)).toMatchObject({ KinesisParameters: { PartitionKeyPath: '$.detail.data.metricId' } });
    const [policy] = Object.values(template.findResources('AWS::IAM::Policy'));
    expect(policy?.Properties.PolicyDocument.Statement).toEqual(
      [
        {
          Action: 'kinesis:PutRecord',
          Effect: 'Allow',
          Resource: { 'Fn::GetAtt': [expect.stringMatching(/^Stream/), 'Arn'] },
        },
        { Action: 'kms:GenerateDataKey', Effect: 'Allow', Resource: expect.anything() },
      ].slice(0, policy?.Properties.PolicyDocument.Statement.length),
    );
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Action: 'sts:AssumeRole',
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Condition: {
              StringEquals: { 'aws:SourceAccount': OWN.account },
              ArnLike: { 'aws:SourceArn': Match.objectLike({ 'Fn::Join': Match.anyValue() }) },
            },
          },
        ],
      },
    });
  });

  test('that is Firehose or another bus gets a role with one action', () => {
    for (const [action, make] of [
      [
        'firehose:PutRecord',
        (stack: Stack) =>
          toFirehose(
            DeliveryStream.fromDeliveryStreamArn(
              stack,
              'Lake',
              `arn:aws:firehose:eu-central-1:${OWN.account}:deliverystream/lake`,
            ),
          ),
      ],
      [
        'events:PutEvents',
        (stack: Stack) =>
          toBus(EventBus.fromEventBusArn(stack, 'Other', 'arn:aws:events:us-east-1:222222222222:event-bus/theirs')),
      ],
    ] as const) {
      const { template } = subscribed((stack) => ({ target: make(stack) }));
      const [policy] = Object.values(template.findResources('AWS::IAM::Policy'));
      expect(policy?.Properties.PolicyDocument.Statement).toEqual([
        { Action: action, Effect: 'Allow', Resource: expect.stringMatching(/^arn:aws:/) },
      ]);
    }
  });

  test('of another stack of the app is reached with a role, so that neither stack waits for the other', () => {
    const theirs = stackOf();
    const ours = new Stack(theirs.node.root, 'Ours', { env: OWN });
    const key = new Key(theirs, 'Key', { enableKeyRotation: true });
    const queue = new Queue(theirs, 'Inbox', { encryptionMasterKey: key, enforceSSL: true });
    new MetricChangedSubscription(ours, 'ToQueue', { target: toQueue(queue) });
    new MetricChangedSubscription(ours, 'ToFunction', { target: toFunction(functionIn(theirs)) });
    const template = Template.fromStack(ours);
    const actions = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(({ Properties }) =>
      Properties.PolicyDocument.Statement.flatMap(({ Action }: { Action: string | string[] }) => Action),
    );
    expect(actions.sort()).toEqual(['kms:Decrypt', 'kms:GenerateDataKey', 'lambda:InvokeFunction', 'sqs:SendMessage']);
    expect(Template.fromStack(theirs).findResources('AWS::Lambda::EventInvokeConfig')).toEqual({});
  });

  test('of another account is reached with a role, and says what its owner has to allow', () => {
    const arn = 'arn:aws:sqs:eu-central-1:222222222222:their-inbox';
    const { stack, subscription, template } = subscribed((one) => ({
      target: toQueue(Queue.fromQueueArn(one, 'Theirs', arn)),
    }));
    expect(onlyTarget(template)).toMatchObject({
      Arn: arn,
      RoleArn: { 'Fn::GetAtt': [expect.stringMatching(/^ChangesRole/), 'Arn'] },
    });
    expect(stack.resolve(subscription.statementForTheOtherAccount)).toEqual({
      Sid: 'AllowMetricChanged',
      Effect: 'Allow',
      Principal: { AWS: { 'Fn::GetAtt': [expect.stringMatching(/^ChangesRole/), 'Arn'] } },
      Action: 'sqs:SendMessage',
      Resource: arn,
    });
    expect(
      subscribed((one) => ({ target: toQueue(queueIn(one)) })).subscription.statementForTheOtherAccount,
    ).toBeUndefined();
  });
});

describe('wrong input is refused at synthesis', () => {
  const filtered = (filter: object) => refusal((stack) => ({ target: toQueue(queueIn(stack)), filter }));

  test.each([
    ['an empty list', { changes: [] }, 'filter.changes: the list is empty and would match no event'],
    [
      'an unknown change',
      { changes: ['CHANGED'] },
      'filter.changes: "CHANGED" is not known; allowed: CREATED, UPDATED',
    ],
    [
      'an unknown attribute',
      { changedAttributes: ['aggregation_style'] },
      '"aggregation_style" is not known; allowed: name,',
    ],
    ['an unknown value type', { valueTypes: ['scalar'] }, 'allowed: SCALAR, WEIGHTED_AVERAGE'],
    ['a wildcard in a prefix', { namePrefixes: ['packages_*'] }, 'Write "packages_".'],
    ['an empty prefix', { namePrefixes: [''] }, '"" begins every name'],
    ['a list with a repetition', { namePrefixes: ['a', 'b', 'a'] }, '"a" stands there twice'],
    ['a filter that nothing can match', { changes: ['CREATED'], changedAttributes: ['name'] }, 'none would match'],
    [
      'too long a pattern',
      { namePrefixes: Array.from({ length: 60 }, (_, index) => `a_rather_long_prefix_${index}`) },
      'allowed are 2048',
    ],
  ])('%s', (_, filter, message) => {
    expect(filtered(filter)).toContain(message);
    expect(filtered(filter)).toContain('The subscription Theirs/Changes cannot work');
  });

  test('all of it at once', () => {
    const message = filtered({ changes: ['CHANGED'], valueTypes: [] });
    expect(message).toContain('filter.changes');
    expect(message).toContain('filter.valueTypes');
  });

  test('a longer pattern is taken where the account has a higher quota, up to what EventBridge ever takes', () => {
    const filter = { namePrefixes: Array.from({ length: 40 }, (_, index) => `a_rather_long_prefix_${index}`) };
    const withQuota = (longestPattern: number) =>
      refusal((stack) => ({ target: toQueue(queueIn(stack)), filter, longestPattern }));
    expect(withQuota(2048)).toContain('longestPattern');
    expect(withQuota(4096)).toBe('accepted');
    expect(withQuota(5000)).toContain('more than EventBridge ever takes (4096)');
  });

  test('retries and ages that EventBridge does not take', () => {
    const asked = (more: object) => refusal((stack) => ({ target: toQueue(queueIn(stack)), ...more }));
    expect(asked({ retryAttempts: 186 })).toContain('retryAttempts: 186');
    expect(asked({ maxEventAge: Duration.days(2) })).toContain('maxEventAge: 172800 s; allowed are 60 s to 86400 s');
  });

  test('dead letters that no rule can be let into', () => {
    const withDeadLetters = (make: (stack: Stack) => Queue | ReturnType<typeof Queue.fromQueueArn>) =>
      refusal((stack) => ({ target: toQueue(queueIn(stack)), deadLetters: make(stack) }));
    expect(withDeadLetters((stack) => new Queue(stack, 'Fifo', { fifo: true }))).toContain('standard queues only');
    expect(
      withDeadLetters((stack) => Queue.fromQueueArn(stack, 'Far', 'arn:aws:sqs:eu-central-1:222222222222:far')),
    ).toContain('not made by this app');
  });

  test('a second failure destination of one function, of which Lambda takes only one', () => {
    const stack = stackOf();
    const worker = functionIn(stack);
    const subscribe = (id: string, options = {}) =>
      new MetricChangedSubscription(stack, id, { target: toFunction(worker, options) });
    subscribe('First');
    expect(() => subscribe('Second')).toThrow('Theirs/Worker has a failure destination already');
    subscribe('Third', { keepFailedEvents: false });
    Template.fromStack(stack).resourceCountIs('AWS::Lambda::EventInvokeConfig', 1);
  });

  test('dead letters of another stack, whose policy would have to name the rule before it is made', () => {
    expect(
      refusal((stack) => {
        const elsewhere = new Stack(stack.node.root, 'Elsewhere', { env: OWN });
        return { target: toQueue(queueIn(stack)), deadLetters: queueIn(elsewhere) };
      }),
    ).toContain('deadLetters: Elsewhere/Inbox is of the stack Elsewhere');
  });

  test('a target or a bus that EventBridge cannot reach from here', () => {
    const to = (target: (stack: Stack) => MetricChangedSubscriptionProps['target']) =>
      refusal((stack) => ({ target: target(stack) }));
    expect(
      to((stack) => toQueue(Queue.fromQueueArn(stack, 'Far', `arn:aws:sqs:us-east-1:${OWN.account}:far`))),
    ).toContain('reaches other Regions only through a bus');
    const lake = 'arn:aws:firehose:eu-central-1:222222222222:deliverystream/lake';
    expect(to((stack) => toFirehose(DeliveryStream.fromDeliveryStreamArn(stack, 'Lake', lake)))).toContain(
      'only in its own account',
    );
    expect(to((stack) => toQueue(new Queue(stack, 'Inbox', { fifo: true })))).toContain('contentBasedDeduplication');
    expect(
      refusal((stack) => ({
        target: toQueue(queueIn(stack)),
        bus: 'arn:aws:events:eu-central-1:999999999999:event-bus/metric-events',
      })),
    ).toContain('A rule stands where its bus is');
  });

  test('a filter that loses sight of renamed metrics is warned of, not refused', () => {
    const { stack } = subscribed((one) => ({
      target: toQueue(queueIn(one)),
      filter: { namePrefixes: ['a'], changes: ['UPDATED'] },
    }));
    Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('leave or join the prefixes by a rename'));
  });
});
