import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { enrichmentEnvironment } from '#functions/metric-changed-enrichment/environment.ts';
import { projectorEnvironment } from '#functions/projector/environment.ts';
import { replicatorEnvironment } from '#functions/replicator/environment.ts';
import { synthesisedApp } from './synthesised-app.ts';

const { state, relay } = synthesisedApp();
const seconds = { hour: 3600, day: 86_400 };

describe('the replicator reads the change stream', () => {
  const mapping = relay.one('AWS::Lambda::EventSourceMapping', 'Replicator').properties;

  test('from its oldest record, so that nothing is missed while it is being deployed', () => {
    expect(mapping.StartingPosition).toBe('TRIM_HORIZON');
    expect(JSON.stringify(mapping.EventSourceArn)).toContain('ChangeStreamArn');
  });

  test('answers with the record that failed, and a batch that kills it is halved', () => {
    expect(mapping).toMatchObject({
      BatchSize: 500,
      ParallelizationFactor: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
    });
  });

  test('retries outlast an outage of hours, but end long before the stream forgets', () => {
    const age = Number(mapping.MaximumRecordAgeInSeconds);
    const retention = Number(state.one('AWS::Kinesis::Stream').properties.RetentionPeriodHours) * seconds.hour;
    expect(age).toBeGreaterThanOrEqual(12 * seconds.hour);
    expect(age * 2).toBeLessThanOrEqual(retention);
    expect(mapping.MaximumRetryAttempts).toBeGreaterThan(1000);
    expect(mapping.MaximumRetryAttempts).not.toBe(-1);
  });

  test('what is given up is kept whole in the quarantine bucket', () => {
    expect(JSON.stringify(mapping.DestinationConfig)).toContain(
      'MetricRelayState:ExportsOutputFnGetAttQuarantineBucketArn',
    );
  });
});

describe('the projector works off the projection queue', () => {
  const queue = relay.one('AWS::SQS::Queue', 'ProjectionsQueue').properties;
  const mapping = relay.one('AWS::Lambda::EventSourceMapping', 'Projector').properties;

  test('with partial answers and few at a time', () => {
    expect(mapping).toMatchObject({
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 5 },
    });
  });

  test('a message is invisible for six time-outs of the function', () => {
    const timeout = Number(relay.one('AWS::Lambda::Function', 'Projector').properties.Timeout);
    expect(queue.VisibilityTimeout).toBe(timeout * 6);
  });

  test('a message that never succeeds is kept for two weeks in a queue of its own', () => {
    const deadLetters = relay.one('AWS::SQS::Queue', 'ProjectionsDeadLetters');
    expect(queue.RedrivePolicy).toEqual({
      deadLetterTargetArn: { 'Fn::GetAtt': [deadLetters.logicalId, 'Arn'] },
      maxReceiveCount: 10,
    });
    expect(deadLetters.properties.MessageRetentionPeriod).toBe(14 * seconds.day);
  });
});

test('every queue is encrypted and refuses what comes without TLS', () => {
  const queues = relay.resources.filter(({ type }) => type === 'AWS::SQS::Queue');
  expect(queues.length).toBeGreaterThan(0);
  const policies = JSON.stringify(relay.resources.filter(({ type }) => type === 'AWS::SQS::QueuePolicy'));
  for (const queue of queues) {
    expect(queue.properties.SqsManagedSseEnabled, queue.logicalId).toBe(true);
    expect(policies).toContain(`"Queues":[{"Ref":"${queue.logicalId}"}]`);
  }
  for (const policy of relay.resources.filter(({ type }) => type === 'AWS::SQS::QueuePolicy')) {
    expect(JSON.stringify(policy.properties)).toContain('{"Bool":{"aws:SecureTransport":"false"}}');
  }
});

describe('the functions', () => {
  const functions = relay.resources.filter(({ type }) => type === 'AWS::Lambda::Function');

  test.each([
    ['Replicator', replicatorEnvironment],
    ['Projector', projectorEnvironment],
    ['Enrichment', enrichmentEnvironment],
  ] as const)('%s gets every setting that it parses, and no other', (id, schema) => {
    const environment = relay.one('AWS::Lambda::Function', id).properties.Environment as {
      Variables: Record<string, unknown>;
    };
    const { NODE_OPTIONS, ...variables } = environment.Variables;
    expect(NODE_OPTIONS).toBe('--enable-source-maps');
    expect(Object.keys(variables).sort()).toEqual(Object.keys(schema.shape).sort());
    const plain = Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : 'resolved at deployment',
      ]),
    );
    expect(schema.safeParse(plain).error).toBeUndefined();
  });

  test('run on Node 24 for ARM and log to a group that forgets', () => {
    const groups = relay.template.findResources('AWS::Logs::LogGroup');
    expect(functions.map(({ logicalId }) => logicalId).length).toBe(4);
    for (const { properties, logicalId } of functions) {
      expect(properties, logicalId).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
      const { LogGroup } = properties.LoggingConfig as { LogGroup: { Ref: string } };
      expect(groups[LogGroup.Ref]?.Properties.RetentionInDays, logicalId).toBe(30);
    }
  });
});

test('settings reach the resources they are about', () => {
  const { relay: changed } = synthesisedApp({
    replicatorBatchSize: '50',
    graceSeconds: '5',
    projectionMaxReceives: '3',
  });
  const template: Template = changed.template;
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    BatchSize: 50,
    StartingPosition: 'TRIM_HORIZON',
  });
  template.hasResourceProperties('AWS::Lambda::Function', { Environment: { Variables: { GRACE_SECONDS: '5' } } });
  template.hasResourceProperties('AWS::SQS::Queue', { RedrivePolicy: { maxReceiveCount: 3 } });
});
