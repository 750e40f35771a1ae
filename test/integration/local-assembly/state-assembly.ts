/** A small hand-written cloud assembly of two stacks, for tests of the runtime that need no bundled functions. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const POLICY = {
  Statement: [
    {
      Effect: 'Allow',
      Action: ['dynamodb:GetItem', 'dynamodb:PutItem'],
      Resource: { 'Fn::ImportValue': 'State:ItemsArn' },
    },
  ],
};

const STATE = {
  Resources: {
    Items: {
      Type: 'AWS::DynamoDB::GlobalTable',
      Properties: {
        AttributeDefinitions: [
          { AttributeName: 'name', AttributeType: 'S' },
          { AttributeName: 'version', AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: 'name', KeyType: 'HASH' },
          { AttributeName: 'version', KeyType: 'RANGE' },
        ],
        BillingMode: 'PAY_PER_REQUEST',
        StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        Replicas: [{ Region: { Ref: 'AWS::Region' }, DeletionProtectionEnabled: true }],
      },
      DeletionPolicy: 'Retain',
    },
    Changes: {
      Type: 'AWS::Kinesis::Stream',
      Properties: { ShardCount: 2, RetentionPeriodHours: 48, StreamModeDetails: { StreamMode: 'PROVISIONED' } },
    },
    Aside: { Type: 'AWS::S3::Bucket', Properties: { VersioningConfiguration: { Status: 'Enabled' } } },
  },
  Outputs: {
    ItemsArn: { Value: { 'Fn::GetAtt': ['Items', 'Arn'] }, Export: { Name: 'State:ItemsArn' } },
    Items: { Value: { Ref: 'Items' } },
    ItemsStream: { Value: { 'Fn::GetAtt': ['Items', 'StreamArn'] } },
    Changes: { Value: { Ref: 'Changes' } },
    Aside: { Value: { Ref: 'Aside' } },
  },
};

const WORK = {
  Parameters: { Receives: { Type: 'Number' } },
  Resources: {
    DeadLetters: { Type: 'AWS::SQS::Queue' },
    Work: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        VisibilityTimeout: 30,
        RedrivePolicy: {
          deadLetterTargetArn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] },
          maxReceiveCount: { Ref: 'Receives' },
        },
      },
    },
    Worker: {
      Type: 'AWS::IAM::Role',
      Properties: { AssumeRolePolicyDocument: {}, Policies: [{ PolicyName: 'items', PolicyDocument: POLICY }] },
    },
    Log: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 30 } },
  },
  Outputs: {
    WorkUrl: { Value: { Ref: 'Work' } },
    DeadLettersUrl: { Value: { Ref: 'DeadLetters' } },
    WorkerArn: { Value: { 'Fn::GetAtt': ['Worker', 'Arn'] } },
  },
};

/** Writes the assembly into `directory` and gives the parameters it needs. */
export function writeStateAssembly(directory: string): Record<string, string> {
  mkdirSync(directory, { recursive: true });
  const stack = (stackName: string, dependencies: readonly string[]): object => ({
    type: 'aws:cloudformation:stack',
    properties: { templateFile: `${stackName}.template.json`, stackName },
    dependencies,
  });
  const artifacts = { Work: stack('Work', ['State']), State: stack('State', []) };
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify({ version: '48.0.0', artifacts }));
  writeFileSync(join(directory, 'State.template.json'), JSON.stringify(STATE));
  writeFileSync(join(directory, 'Work.template.json'), JSON.stringify(WORK));
  return { Receives: '5' };
}
