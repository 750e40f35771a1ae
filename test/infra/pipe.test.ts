import { describe, expect, test } from 'vitest';
import { synthesisedApp } from './synthesised-app.ts';

const { relay } = synthesisedApp();
const pipe = relay.one('AWS::Pipes::Pipe').properties;
const parameters = pipe.SourceParameters as {
  DynamoDBStreamParameters: Record<string, unknown>;
  FilterCriteria: { Filters: { Pattern: string }[] };
};
const stream = parameters.DynamoDBStreamParameters;

describe('the pipe', () => {
  test('reads the stream of the Metrics table from its oldest record', () => {
    expect(JSON.stringify(pipe.Source)).toContain('MetricRelayState:ExportsOutputFnGetAttMetricsStreamArn');
    expect(stream.StartingPosition).toBe('TRIM_HORIZON');
    expect(pipe.DesiredState).toBe('RUNNING');
  });

  test('sees only item "0", so that one change is one event', () => {
    const patterns = parameters.FilterCriteria.Filters.map(({ Pattern }) => JSON.parse(Pattern) as unknown);
    expect(patterns).toEqual([{ dynamodb: { Keys: { version: { S: ['0'] } } } }]);
  });

  test('never makes more events than the bus takes in one call, even when a record becomes two', () => {
    expect(Number(stream.BatchSize) * 2).toBeLessThanOrEqual(10);
  });

  test('gives up while the record its dead letter points to still exists', () => {
    const age = Number(stream.MaximumRecordAgeInSeconds);
    expect(age).toBeGreaterThan(0);
    expect(age).toBeLessThan(24 * 3600);
    expect(stream.MaximumRetryAttempts).toBeGreaterThanOrEqual(0);
    expect(stream.OnPartialBatchItemFailure).toBe('AUTOMATIC_BISECT');
    const deadLetters = relay.one('AWS::SQS::Queue', 'MetricChangedDeadLetters');
    expect(stream.DeadLetterConfig).toEqual({ Arn: { 'Fn::GetAtt': [deadLetters.logicalId, 'Arn'] } });
  });

  test('has the enrichment build the event and publishes it as MetricChanged of metric-relay', () => {
    const enrichment = relay.one('AWS::Lambda::Function', 'Enrichment');
    expect(pipe.Enrichment).toEqual({ 'Fn::GetAtt': [enrichment.logicalId, 'Arn'] });
    expect(JSON.stringify(pipe.Target)).toContain('MetricRelayState:ExportsOutputFnGetAttEventBusArn');
    expect(pipe.TargetParameters).toEqual({
      EventBridgeEventBusParameters: { Source: 'metric-relay', DetailType: 'MetricChanged' },
    });
  });

  test('logs failures without the items', () => {
    expect(pipe.LogConfiguration).toMatchObject({ Level: 'ERROR' });
    expect(pipe.LogConfiguration).not.toHaveProperty('IncludeExecutionData');
  });

  test('exists only after its role may do what it needs', () => {
    const [resource] = Object.values(relay.template.findResources('AWS::Pipes::Pipe'));
    expect(resource?.DependsOn).toContainEqual(expect.stringMatching(/^MetricChangedRoleDefaultPolicy/));
  });
});
