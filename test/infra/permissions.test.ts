import { describe, expect, test } from 'vitest';
import { synthesisedApp, type TemplateResource } from './synthesised-app.ts';

const { state, relay } = synthesisedApp();
const all = [...state.resources, ...relay.resources];

interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const list = <Item>(value: Item | readonly Item[]): readonly Item[] => (Array.isArray(value) ? value : [value as Item]);
const statementsOf = (document: unknown): readonly Statement[] =>
  (document as { Statement: readonly Statement[] }).Statement;

/** Every statement that allows something, with the resource it stands in. */
const allowed = all
  .flatMap(({ logicalId, properties }) =>
    [
      properties.PolicyDocument,
      ...(properties.Policies
        ? list(properties.Policies).map((one) => (one as { PolicyDocument: unknown }).PolicyDocument)
        : []),
    ]
      .filter((document) => document !== undefined)
      .flatMap((document) => statementsOf(document).map((statement) => ({ logicalId, statement }))),
  )
  .filter(({ statement }) => statement.Effect === 'Allow');

const roles = relay.resources.filter(({ type }) => type === 'AWS::IAM::Role');

/** Sid → actions of the policies attached to the role whose logical id begins so. */
function grants(rolePrefix: string): Record<string, readonly string[]> {
  const policies = relay.resources.filter(
    ({ type, properties }) =>
      type === 'AWS::IAM::Policy' &&
      list(properties.Roles as { Ref: string }[]).some(({ Ref }) => Ref.startsWith(rolePrefix)),
  );
  return Object.fromEntries(
    policies.flatMap(({ properties }) =>
      statementsOf(properties.PolicyDocument).map(
        (statement) => [statement.Sid ?? '', list(statement.Action)] as const,
      ),
    ),
  );
}

describe('least privilege', () => {
  test('there are statements to look at', () => {
    expect(allowed.length).toBeGreaterThanOrEqual(15);
  });

  test('no statement allows an action with a wildcard', () => {
    const wild = allowed.filter(({ statement }) => list(statement.Action).some((action) => action.includes('*')));
    expect(wild).toEqual([]);
  });

  test('every statement names its resources, and the only wildcards are inside one bucket', () => {
    const wild = allowed.flatMap(({ logicalId, statement }) =>
      list(statement.Resource)
        .filter((resource) => JSON.stringify(resource).includes('*'))
        .map((resource) => [logicalId, resource]),
    );
    const inBucket = (path: string): RegExp => new RegExp(`QuarantineBucketArn[^/]*"\\},"/${path}\\*"\\]\\]\\}$`);
    const of = (role: string) => wild.filter(([logicalId]) => String(logicalId).startsWith(role));
    expect(wild).toHaveLength(3);
    expect(JSON.stringify(of('ReplaySliceRole')[0]?.[1])).toMatch(inBucket(''));
    expect(JSON.stringify(of('ReplicatorFunctionRole')[0]?.[1])).toMatch(inBucket(''));
    expect(JSON.stringify(of('EnrichmentRole')[0]?.[1])).toMatch(inBucket('quarantine/metrics-stream/'));
  });

  test('no role has a managed policy', () => {
    for (const role of roles) expect(role.properties, role.logicalId).not.toHaveProperty('ManagedPolicyArns');
  });

  test('every function, pipe and endpoint has a role of its own', () => {
    const users = relay.resources.flatMap(({ properties }) => [
      ...list(properties.Role ?? []),
      ...list(properties.RoleArn ?? []),
      ...['KinesisSettings', 'MySqlSettings'].flatMap((settings) => {
        const { ServiceAccessRoleArn, SecretsManagerAccessRoleArn } = (properties[settings] ?? {}) as Record<
          string,
          unknown
        >;
        return [ServiceAccessRoleArn, SecretsManagerAccessRoleArn].filter((role) => role !== undefined);
      }),
    ]);
    const used = users.map((user) => JSON.stringify(user));
    expect(new Set(used).size).toBe(used.length);
    expect(used.length).toBe(roles.length);
  });
});

const ITEMS = ['BatchGetItem', 'BatchWriteItem', 'ConditionCheckItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query'];
const recompute = ITEMS.map((action) => `dynamodb:${action}`);
const logs = ['logs:CreateLogStream', 'logs:PutLogEvents'];

describe('each role may do what its work needs and nothing else', () => {
  test('replicator', () => {
    expect(grants('ReplicatorFunctionRole')).toEqual({
      WriteLogs: logs,
      RecomputeMetrics: recompute,
      SetAside: ['dynamodb:PutItem'],
      KeepRawRecords: ['s3:PutObject'],
      DeliverFailedBatches: ['s3:ListBucket'],
      QueueProjections: ['sqs:SendMessage'],
      ReadChanges: [
        'kinesis:DescribeStream',
        'kinesis:DescribeStreamSummary',
        'kinesis:GetRecords',
        'kinesis:GetShardIterator',
        'kinesis:ListShards',
      ],
    });
  });

  test('a slice of a replay: what the replicator may, and its checkpoints; it takes no place in the live path', () => {
    expect(grants('ReplaySliceRole')).toEqual({
      WriteLogs: logs,
      RecomputeMetrics: recompute,
      SetAside: ['dynamodb:PutItem'],
      KeepRawRecords: ['s3:PutObject'],
      QueueProjections: ['sqs:SendMessage'],
      ReadWindow: [
        'kinesis:DescribeStreamSummary',
        'kinesis:GetRecords',
        'kinesis:GetShardIterator',
        'kinesis:ListShards',
      ],
      KeepCheckpoints: ['dynamodb:GetItem', 'dynamodb:PutItem'],
    });
  });

  test('the state machine of a replay invokes one function and does nothing else', () => {
    expect(grants('ReplayRole')).toEqual({ RunSlices: ['lambda:InvokeFunction'] });
    expect(relay.one('AWS::StepFunctions::StateMachine').properties.StateMachineName).toBe('MetricRelay-replay');
  });

  test('projector', () => {
    expect(grants('ProjectorFunctionRole')).toEqual({
      WriteLogs: logs,
      RecomputeMetrics: recompute,
      QueueProjections: ['sqs:SendMessage'],
      TakeProjections: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
    });
  });

  test('the enrichment reads nothing, and writes only what it sets aside', () => {
    expect(grants('EnrichmentRole')).toEqual({
      WriteLogs: logs,
      SetAside: ['dynamodb:PutItem'],
      KeepRawRecords: ['s3:PutObject'],
    });
  });

  test('the pipe cannot read a table, only its stream', () => {
    expect(grants('MetricChangedRole')).toEqual({
      ReadMetricChanges: [
        'dynamodb:DescribeStream',
        'dynamodb:GetRecords',
        'dynamodb:GetShardIterator',
        'dynamodb:ListStreams',
      ],
      Enrich: ['lambda:InvokeFunction'],
      Publish: ['events:PutEvents'],
      KeepPointers: ['sqs:SendMessage'],
    });
  });

  test('DMS', () => {
    expect(grants('TargetRole')).toEqual({
      WriteChanges: ['kinesis:DescribeStream', 'kinesis:PutRecord', 'kinesis:PutRecords'],
    });
    expect(grants('SourceRole')).toEqual({
      ReadCredentials: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
      DecryptCredentials: ['kms:Decrypt'],
      DescribeKey: ['kms:DescribeKey'],
    });
  });
});

describe('a service may use a role only for this account', () => {
  const trustOf = (role: TemplateResource): Statement => {
    const [statement, ...others] = statementsOf(role.properties.AssumeRolePolicyDocument);
    if (statement === undefined || others.length > 0)
      throw new Error(`${role.logicalId}: expected one trust statement`);
    return statement;
  };

  test.each(roles)('$logicalId', (role) => {
    const { Condition = {}, Principal } = trustOf(role);
    // Only Pipes and Step Functions are documented to send their source with every AssumeRole; where Lambda and DMS do, it must be this account.
    const suffix = /(pipes|states)\.amazonaws\.com/.test(JSON.stringify(Principal)) ? '' : 'IfExists';
    expect(Object.keys(Condition).sort()).toEqual([`ArnLike${suffix}`, `StringEquals${suffix}`]);
    expect(Condition[`StringEquals${suffix}`]).toEqual({ 'aws:SourceAccount': { Ref: 'AWS::AccountId' } });
    expect(JSON.stringify(Condition[`ArnLike${suffix}`]?.['aws:SourceArn'])).toContain('{"Ref":"AWS::AccountId"}');
  });

  test('the role of the pipe is bound to the pipe itself', () => {
    const role = relay.one('AWS::IAM::Role', 'MetricChangedRole');
    expect(JSON.stringify(trustOf(role).Condition)).toContain(':pipe/MetricRelay-metric-changed"');
    expect(relay.one('AWS::Pipes::Pipe').properties.Name).toBe('MetricRelay-metric-changed');
  });
});
