/**
 * Roles and their policies. Permissions are handed to the gateway, which enforces them; trust policies are not checked, because here the
 * runtime itself decides who acts as which role.
 */
import type { PolicyStatement } from '../gateway/iam-statement.ts';
import { physicalName } from './physical-name.ts';
import { readList, readObject, readText } from './property-reader.ts';
import type { Json, ResourceProvider } from './resource-provider.ts';
import { roleRegistry } from './role-registry.ts';

/** What AWS's own managed policies allow, as far as a local service looks at it. Nobody here writes to CloudWatch Logs or X-Ray. */
const MANAGED_POLICIES = new Map<string, readonly PolicyStatement[]>([
  [
    'service-role/AWSLambdaBasicExecutionRole',
    [allow(['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'])],
  ],
  ['AWSXRayDaemonWriteAccess', [allow(['xray:PutTraceSegments', 'xray:PutTelemetryRecords'])]],
  [
    'service-role/AWSLambdaKinesisExecutionRole',
    [
      allow([
        'kinesis:DescribeStream',
        'kinesis:DescribeStreamSummary',
        'kinesis:GetRecords',
        'kinesis:GetShardIterator',
        'kinesis:ListShards',
        'kinesis:ListStreams',
        'kinesis:SubscribeToShard',
      ]),
    ],
  ],
  [
    'service-role/AWSLambdaSQSQueueExecutionRole',
    [allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'])],
  ],
]);

export const iamRoleProvider: ResourceProvider = {
  type: 'AWS::IAM::Role',
  properties: [
    'RoleName',
    'AssumeRolePolicyDocument',
    'Policies',
    'ManagedPolicyArns',
    'Description',
    'MaxSessionDuration',
    'Path',
    'Tags',
  ],
  async create(resource, aws) {
    const { properties } = resource;
    const name = physicalName(resource, { property: 'RoleName', longest: 64 });
    const path = typeof properties.Path === 'string' ? properties.Path : '/';
    const roleArn = `arn:aws:iam::${aws.accountId}:role${path}${name}`;
    const inline = readList(properties.Policies, 'Policies').flatMap((policy) =>
      statementsOf(readObject(policy, 'Policies').PolicyDocument),
    );
    const managed = readList(properties.ManagedPolicyArns, 'ManagedPolicyArns').flatMap(managedStatements);
    roleRegistry(aws).add(name, roleArn, [...inline, ...managed]);
    return { ref: name, attributes: { Arn: roleArn, RoleId: name } };
  },
};

export const iamPolicyProvider: ResourceProvider = {
  type: 'AWS::IAM::Policy',
  properties: ['PolicyName', 'PolicyDocument', 'Roles'],
  async create(resource, aws) {
    const name = readText(resource.properties.PolicyName, 'PolicyName');
    const statements = statementsOf(resource.properties.PolicyDocument);
    for (const role of readList(resource.properties.Roles, 'Roles')) {
      roleRegistry(aws).attach(readText(role, 'Roles'), statements);
    }
    return { ref: name, attributes: { Id: name } };
  },
};

function statementsOf(document: Json | undefined): PolicyStatement[] {
  const { Statement } = readObject(document, 'PolicyDocument');
  const statements = Array.isArray(Statement) ? Statement : [Statement ?? []];
  // The gateway checks every part of a statement when it compiles it.
  return statements.map((statement) => readObject(statement, 'Statement') as unknown as PolicyStatement);
}

function managedStatements(arn: Json): readonly PolicyStatement[] {
  const name = String(arn).replace(/^arn:aws:iam::aws:policy\//, '');
  const statements = MANAGED_POLICIES.get(name);
  if (statements !== undefined) return statements;
  throw new Error(
    `the managed policy ${String(arn)} is not known here; known are ${[...MANAGED_POLICIES.keys()].join(', ')}. ` +
      'Write the permissions into the role instead',
  );
}

function allow(actions: readonly string[]): PolicyStatement {
  return { Effect: 'Allow', Action: actions, Resource: '*' };
}
