import { Match, type Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { synthesisedStacks } from './synthesised-app.ts';

// The rule pack runs with the synthesis: a finding that nobody acknowledged would fail it.
const without = synthesisedStacks({});
const stacks = synthesisedStacks({ subscribers: true });
const template = stacks.get('MetricRelaySubscribers')?.template as Template;

describe('the stack of the worked subscribers', () => {
  test('is made only when it is asked for, and changes nothing in the other two', () => {
    expect([...without.keys()].sort()).toEqual(['MetricRelay', 'MetricRelayState']);
    for (const [name, alone] of without) expect(stacks.get(name)?.template.toJSON()).toEqual(alone.template.toJSON());
  });

  test('has two rules on the bus, each for every event, with dead letters of its own', () => {
    template.resourceCountIs('AWS::Events::Rule', 2);
    template.allResourcesProperties('AWS::Events::Rule', {
      EventBusName: 'metric-events',
      EventPattern: { source: ['metric-relay'], 'detail-type': ['MetricChanged'] },
      Targets: [Match.objectLike({ DeadLetterConfig: Match.anyValue(), RetryPolicy: Match.anyValue() })],
    });
  });

  test('has the stream metric-changed, partitioned by the metric', () => {
    template.hasResourceProperties('AWS::Kinesis::Stream', {
      Name: 'metric-changed',
      StreamEncryption: { EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' },
    });
    template.hasResourceProperties('AWS::Events::Rule', {
      Targets: [Match.objectLike({ KinesisParameters: { PartitionKeyPath: '$.detail.data.metricId' } })],
    });
  });

  test('keeps the password of the copy out of the environment and out of the template', () => {
    const [worker] = Object.values(template.findResources('AWS::Lambda::Function'));
    expect(worker?.Properties.Environment.Variables).toEqual({
      COPY_SECRET_ARN: { Ref: 'CopySecretArn' },
      NODE_OPTIONS: '--enable-source-maps',
    });
    expect(JSON.stringify(template.toJSON())).not.toContain('{{resolve:');
  });

  test('lets the worker read that secret, take from its queue, and read large metrics, and write to nothing on AWS but its log', () => {
    const statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
      ({ Properties }) => Properties.PolicyDocument.Statement as { Sid?: string; Action: string | string[] }[],
    );
    const actions = statements.filter(({ Sid }) => Sid !== undefined).flatMap(({ Action }) => Action);
    expect(actions.filter((action) => !action.startsWith('ec2:')).sort()).toEqual([
      'dynamodb:GetItem',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'secretsmanager:GetSecretValue',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:ReceiveMessage',
    ]);
  });

  test('hands the worker single failures back, and sets aside what fails again and again', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
    template.hasResourceProperties('AWS::SQS::Queue', {
      VisibilityTimeout: 180,
      RedrivePolicy: { maxReceiveCount: 10, deadLetterTargetArn: Match.anyValue() },
    });
  });
});
