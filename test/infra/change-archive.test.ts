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

  test('lets a slice of a replay find and read what is below changes/, and nothing more', () => {
    const { PolicyDocument } = relay.one('AWS::IAM::Policy', 'ReplaySliceRole').properties as {
      PolicyDocument: {
        Statement: { Sid: string; Action: string | string[]; Resource: unknown; Condition?: unknown }[];
      };
    };
    const of = (sid: string) => PolicyDocument.Statement.find(({ Sid }) => Sid === sid);
    expect(of('FindArchived')).toMatchObject({
      Action: 's3:ListBucket',
      Condition: { StringLike: { 's3:prefix': 'changes/*' } },
    });
    expect(JSON.stringify(of('FindArchived')?.Resource)).toMatch(/ChangeArchiveBucketArn[^/]*"\}$/);
    expect(of('ReadArchived')?.Action).toBe('s3:GetObject');
    expect(JSON.stringify(of('ReadArchived')?.Resource)).toMatch(/ChangeArchiveBucketArn[^/]*"\},"\/changes\/\*"/);
    const s3 = PolicyDocument.Statement.filter(({ Action }) => JSON.stringify(Action).includes('s3:'));
    expect(s3.map(({ Sid }) => Sid).sort()).toEqual(['FindArchived', 'KeepRawRecords', 'ReadArchived']);
  });

  test('is known to slices and to the commands only where it is on', () => {
    const variables = (app: typeof relay) => {
      const { Environment } = app.one('AWS::Lambda::Function', 'ReplaySlice').properties;
      return (Environment as { Variables: Record<string, unknown> }).Variables;
    };
    const settings = (app: typeof relay) =>
      JSON.parse(String(app.template.findOutputs('ReplaySettings').ReplaySettings?.Value));
    expect(variables(relay)).toMatchObject({ CHANGE_ARCHIVE_BUCKET: expect.anything(), CHANGE_ARCHIVE_DAYS: '100' });
    expect(settings(relay)).toMatchObject({ archive: { days: 100, windowSeconds: 300 } });
    const usual = synthesisedApp();
    expect(Object.keys(variables(usual.relay)).filter((name) => name.includes('ARCHIVE'))).toEqual([]);
    expect(settings(usual.relay)).not.toHaveProperty('archive');
  });

  test('may not outlive the tombstones: a replay of what is older is refused', () => {
    const given = (days: number) => ({ 'relay:changeArchive': 'true', 'relay:changeArchiveDays': days });
    expect(() => stageConfig(given(420))).toThrow(/changeArchiveDays: 420 must be at least 1 less than tombstoneDays/);
    expect(stageConfig(given(419)).changeArchiveDays).toBe(419);
    expect(stageConfig({ 'relay:changeArchiveDays': 420 }).changeArchive).toBe(false);
  });
});
