import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { registrySchema } from '#schemas/contract/json-schemas.ts';
import { synthesisedApp } from './synthesised-app.ts';

const { state } = synthesisedApp();

describe('what holds data', () => {
  // CloudFormation takes a new logical id for a new, empty resource. When this list must change, the old resource has to be
  // imported under its new id first (`cdk import`), or its data stays behind in a resource that no stack knows.
  test('keeps its logical ids, whatever happens to the code', () => {
    const pinned = state.resources
      .filter(({ type }) => !type.endsWith('Policy'))
      .map(({ logicalId, type }) => `${logicalId} ${type}`)
      .sort();
    expect(pinned).toEqual([
      'ChangeStream AWS::Kinesis::Stream',
      'EventBus AWS::Events::EventBus',
      'EventBusArchive AWS::Events::Archive',
      'EventSchemas AWS::EventSchemas::Registry',
      'EventSchemasMetricChanged AWS::EventSchemas::Schema',
      'Metrics AWS::DynamoDB::GlobalTable',
      'Quarantine AWS::DynamoDB::GlobalTable',
      'QuarantineBucket AWS::S3::Bucket',
      'Replays AWS::DynamoDB::GlobalTable',
      'SourceRows AWS::DynamoDB::GlobalTable',
    ]);
  });

  test('survives the deletion of its stack and of its resource', () => {
    for (const resource of state.resources.filter(({ type }) => !type.endsWith('Policy'))) {
      expect(resource, resource.logicalId).toMatchObject({ deletionPolicy: 'Retain', updateReplacePolicy: 'Retain' });
    }
    expect(state.terminationProtection).toBe(true);
  });
});

describe('the tables', () => {
  test.each(['Metrics', 'SourceRows', 'Quarantine', 'Replays'])(
    '%s can be restored to any second and cannot be deleted by mistake',
    (id) => {
      expect(state.one('AWS::DynamoDB::GlobalTable', id).properties.Replicas).toEqual([
        {
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          Region: { Ref: 'AWS::Region' },
        },
      ]);
    },
  );

  test('Metrics is keyed by name and version and publishes items before and after a change', () => {
    expect(state.one('AWS::DynamoDB::GlobalTable', 'Metrics').properties).toMatchObject({
      KeySchema: [
        { AttributeName: 'name', KeyType: 'HASH' },
        { AttributeName: 'version', KeyType: 'RANGE' },
      ],
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    });
  });

  test('redirects, tombstones and ended replays expire, records set aside never do', () => {
    const expiry = (id: string) => state.one('AWS::DynamoDB::GlobalTable', id).properties.TimeToLiveSpecification;
    expect(expiry('Metrics')).toEqual({ AttributeName: 'expiresAt', Enabled: true });
    expect(expiry('SourceRows')).toEqual({ AttributeName: 'expiresAt', Enabled: true });
    expect(expiry('Replays')).toEqual({ AttributeName: 'expiresAt', Enabled: true });
    expect(expiry('Quarantine')).toBeUndefined();
  });
});

describe('the change stream', () => {
  test('is encrypted and keeps a week of changes', () => {
    expect(state.one('AWS::Kinesis::Stream').properties).toEqual({
      RetentionPeriodHours: 168,
      ShardCount: 2,
      StreamModeDetails: { StreamMode: 'PROVISIONED' },
      StreamEncryption: { EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' },
    });
  });

  test('has no shards to count when it is on demand', () => {
    const onDemand = synthesisedApp({ changeStreamShards: 'on-demand' }).state.one('AWS::Kinesis::Stream').properties;
    expect(onDemand).toMatchObject({ StreamModeDetails: { StreamMode: 'ON_DEMAND' } });
    expect(onDemand).not.toHaveProperty('ShardCount');
  });
});

describe('the quarantine bucket', () => {
  test('is private, encrypted and versioned', () => {
    expect(state.one('AWS::S3::Bucket').properties).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      VersioningConfiguration: { Status: 'Enabled' },
      LifecycleConfiguration: { Rules: [{ Status: 'Enabled', ExpirationInDays: 365 }] },
    });
  });

  test('refuses what comes without TLS', () => {
    state.template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Principal: { AWS: '*' },
            Action: 's3:*',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
        ]),
      },
    });
  });
});

test('the bus has its public name and keeps what this project published', () => {
  expect(state.one('AWS::Events::EventBus').properties).toMatchObject({ Name: 'metric-events' });
  expect(state.one('AWS::Events::Archive').properties).toMatchObject({
    SourceArn: { 'Fn::GetAtt': ['EventBus', 'Arn'] },
    EventPattern: { source: ['metric-relay'] },
    RetentionDays: 90,
  });
});

test('the registry holds the contract of the events, in the draft that it takes and within its size', () => {
  const registry = state.one('AWS::EventSchemas::Registry');
  expect(registry.properties.RegistryName).toBe('metric-events');
  const { Content, ...entry } = state.one('AWS::EventSchemas::Schema').properties;
  expect(entry).toMatchObject({
    RegistryName: { 'Fn::GetAtt': [registry.logicalId, 'RegistryName'] },
    SchemaName: 'metric-relay@MetricChanged',
    Type: 'JSONSchemaDraft4',
  });
  expect(JSON.parse(String(Content))).toEqual(registrySchema());
  expect(JSON.parse(String(Content)).$schema).toBe('http://json-schema.org/draft-04/schema#');
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-eventschemas-schema.html
  expect(String(Content).length).toBeLessThan(100_000);
});
