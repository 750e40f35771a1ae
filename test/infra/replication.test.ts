import { describe, expect, test } from 'vitest';
import { tableMappings } from '#infra/dms/table-mappings.ts';
import { LINEAGE_COLUMN, SOURCE_SCHEMA, SOURCE_TABLES } from '#schemas/source/lph.ts';
import { synthesisedApp } from './synthesised-app.ts';

const { relay } = synthesisedApp();
const { relay: restored } = synthesisedApp({ binlogLineage: 'lph-2', sourceSslMode: 'none', dmsMaxCapacityUnits: 8 });

describe('the target endpoint', () => {
  // Each line is a promise to the decoder. See the comment at the setting before changing one.
  test.each([
    ['MessageFormat', 'json-unformatted'],
    ['IncludeTransactionDetails', true],
    ['IncludePartitionValue', true],
    ['PartitionIncludeSchemaTable', true],
    ['IncludeNullAndEmpty', true],
    ['IncludeControlDetails', true],
    ['IncludeTableAlterOperations', true],
  ])('%s is %s', (setting, value) => {
    expect(relay.one('AWS::DMS::Endpoint', 'Target').properties.KinesisSettings).toMatchObject({ [setting]: value });
  });

  test('writes to the change stream of the state stack', () => {
    const { EngineName, KinesisSettings } = relay.one('AWS::DMS::Endpoint', 'Target').properties;
    expect(EngineName).toBe('kinesis');
    expect(JSON.stringify(KinesisSettings)).toContain('MetricRelayState:ExportsOutputFnGetAttChangeStreamArn');
  });
});

describe('the source endpoint', () => {
  const source = relay.one('AWS::DMS::Endpoint', 'Source').properties;

  test('takes its credentials from the secret and has none itself', () => {
    expect(source.MySqlSettings).toMatchObject({ SecretsManagerSecretId: { Ref: 'SourceSecretArn' } });
    for (const credential of ['Username', 'Password', 'ServerName', 'Port'])
      expect(source).not.toHaveProperty(credential);
  });

  test('checks who it talks to', () => {
    expect(source).toMatchObject({ SslMode: 'verify-full', CertificateArn: { Ref: 'SourceCertificateArn' } });
    expect(relay.template.toJSON().Rules.EncryptedSourceNeedsCertificate).toMatchObject({
      Assertions: [{ Assert: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'SourceCertificateArn' }, ''] }] } }],
    });
  });

  test('needs no certificate where somebody has chosen plain text', () => {
    const plain = restored.one('AWS::DMS::Endpoint', 'Source').properties;
    expect(plain).toMatchObject({ SslMode: 'none' });
    expect(plain).not.toHaveProperty('CertificateArn');
    expect(restored.template.toJSON()).not.toHaveProperty('Rules');
    expect(restored.template.toJSON().Parameters).not.toHaveProperty('SourceCertificateArn');
  });
});

describe('the replication', () => {
  const replication = relay.one('AWS::DMS::ReplicationConfig').properties;
  const settings = replication.ReplicationSettings as Record<string, Record<string, unknown>>;

  test('loads and then follows, inside the given network', () => {
    expect(replication).toMatchObject({
      ReplicationType: 'full-load-and-cdc',
      ComputeConfig: { MinCapacityUnits: 1, MaxCapacityUnits: 4, VpcSecurityGroupIds: { Ref: 'SecurityGroupIds' } },
    });
    expect(relay.one('AWS::DMS::ReplicationSubnetGroup').properties.SubnetIds).toEqual({ Ref: 'SubnetIds' });
    expect(restored.one('AWS::DMS::ReplicationConfig').properties.ComputeConfig).toMatchObject({ MaxCapacityUnits: 8 });
  });

  test('copies exactly the declared tables', () => {
    const expected = (lineage: string) =>
      tableMappings({ schema: SOURCE_SCHEMA, tables: SOURCE_TABLES, lineageColumn: LINEAGE_COLUMN, lineage });
    expect(replication.TableMappings).toEqual(expected('lph-1'));
    expect(restored.one('AWS::DMS::ReplicationConfig').properties.TableMappings).toEqual(expected('lph-2'));
  });

  test('an update carries its old key', () => {
    expect(settings.BeforeImageSettings).toEqual({
      EnableBeforeImage: true,
      FieldName: 'before-image',
      ColumnFilter: 'pk-only',
    });
  });

  test('one writer keeps the order of records, and no batch apply loses any', () => {
    expect(settings.TargetMetadata).toMatchObject({ ParallelApplyThreads: 0, BatchApplyEnabled: false });
  });

  test('the longest TEXT is not cut', () => {
    const { FullLobMode, LimitedSizeLobMode, LobMaxSize } = settings.TargetMetadata ?? {};
    expect({ FullLobMode, LimitedSizeLobMode }).toEqual({ FullLobMode: false, LimitedSizeLobMode: true });
    expect(Number(LobMaxSize) * 1024).toBeGreaterThanOrEqual(65_535);
  });

  test('a row that cannot be sent stops the task instead of leaving a hole', () => {
    const policies = Object.entries(settings.ErrorBehavior ?? {}).filter(([name]) => name.endsWith('Policy'));
    expect(policies.length).toBeGreaterThanOrEqual(4);
    expect(new Set(policies.map(([, policy]) => policy))).toEqual(new Set(['STOP_TASK']));
  });

  test('a load puts nothing but rows into the stream', () => {
    expect(settings.FullLoadSettings).toMatchObject({ TargetTablePrepMode: 'DO_NOTHING', MaxFullLoadSubTasks: 1 });
    expect(new Set(Object.values(settings.ControlTablesSettings ?? {}))).toEqual(new Set([false]));
  });
});
