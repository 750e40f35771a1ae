import { describe, expect, test } from 'vitest';
import { stageConfig } from '#infra/stage-config.ts';
import { synthesisedApp } from './synthesised-app.ts';

const { state, relay } = synthesisedApp({ changeArchive: true, changeArchiveDays: 100 });
const isArchive = ({ logicalId }: { readonly logicalId: string }): boolean => logicalId.startsWith('ChangeArchive');

describe('the change archive', () => {
  test('is not there unless it is asked for', () => {
    const usual = synthesisedApp();
    expect([...usual.state.resources, ...usual.relay.resources].filter(isArchive)).toEqual([]);
  });

  test('is a private, encrypted, versioned bucket that is kept, and forgets after the days of the setting', () => {
    const bucket = state.one('AWS::S3::Bucket', 'ChangeArchiveBucket');
    expect(bucket).toMatchObject({ logicalId: 'ChangeArchiveBucket', deletionPolicy: 'Retain' });
    expect(bucket.properties).toMatchObject({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      LifecycleConfiguration: {
        Rules: [{ ExpirationInDays: 100, NoncurrentVersionExpiration: { NoncurrentDays: 30 }, Status: 'Enabled' }],
      },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true },
      VersioningConfiguration: { Status: 'Enabled' },
    });
  });

  test('is written by a reader of its own that loses nothing before the stream does', () => {
    const mapping = relay.one('AWS::Lambda::EventSourceMapping', 'ChangeArchiver').properties;
    expect(mapping).toMatchObject({
      BatchSize: 10_000,
      MaximumBatchingWindowInSeconds: 300,
      ParallelizationFactor: 1,
      StartingPosition: 'TRIM_HORIZON',
    });
    // Each of these, if given, would end the retries.
    for (const limit of ['MaximumRetryAttempts', 'MaximumRecordAgeInSeconds', 'BisectBatchOnFunctionError']) {
      expect(mapping).not.toHaveProperty(limit);
    }
    expect(relay.one('AWS::CloudWatch::Alarm', 'AlarmsFindOutWhyTheArchiverIsBehind').properties).toMatchObject({
      MetricName: 'IteratorAge',
      Threshold: 3_600_000,
    });
  });

  test('gives the archiver nothing but logs, reading the stream and writing below changes/', () => {
    const { PolicyDocument } = relay.one('AWS::IAM::Policy', 'ChangeArchiverFunctionRole').properties as {
      PolicyDocument: { Statement: { Sid: string; Action: string | string[]; Resource: unknown }[] };
    };
    expect(PolicyDocument.Statement.map(({ Sid }) => Sid).sort()).toEqual(['ReadChanges', 'WriteArchive', 'WriteLogs']);
    const write = PolicyDocument.Statement.find(({ Sid }) => Sid === 'WriteArchive');
    expect(write?.Action).toBe('s3:PutObject');
    expect(JSON.stringify(write?.Resource)).toMatch(/ChangeArchiveBucketArn[^/]*"\},"\/changes\/\*"/);
  });

  test('may not outlive the tombstones: a replay of what is older is refused', () => {
    const given = (days: number) => ({ 'relay:changeArchive': 'true', 'relay:changeArchiveDays': days });
    expect(() => stageConfig(given(420))).toThrow(/changeArchiveDays: 420 must be at least 1 less than tombstoneDays/);
    expect(stageConfig(given(419)).changeArchiveDays).toBe(419);
    expect(stageConfig({ 'relay:changeArchiveDays': 420 }).changeArchive).toBe(false);
  });
});
