/**
 * Resource types that the template may contain although nothing of them exists on this machine, each with the reason why nothing is lost.
 * Anything that moves, keeps or guards data must have a provider instead.
 */

import { physicalName } from './physical-name.ts';
import type { CreatedResource, ResolvedResource, ResourceProvider } from './resource-provider.ts';

interface Naming {
  readonly region: string;
  readonly accountId: string;
  readonly name: string;
}

interface AcceptedResource {
  readonly type: string;
  readonly reason: string;
  /** Property that may give the name. */
  readonly nameProperty?: string;
  /** Most types answer GetAtt with an ARN, if anything. */
  readonly arn?: (naming: Naming) => string;
  /** `Ref` gives the ARN for some types, the name for the others. */
  readonly refIsArn?: boolean;
}

export const ACCEPTED_WITHOUT_EFFECT: readonly AcceptedResource[] = [
  { type: 'AWS::CDK::Metadata', reason: 'describes the library that wrote the template' },
  {
    type: 'AWS::Logs::LogGroup',
    reason: 'logs of functions go to the log of this process',
    nameProperty: 'LogGroupName',
    arn: ({ region, accountId, name }) => `arn:aws:logs:${region}:${accountId}:log-group:${name}:*`,
  },
  { type: 'AWS::Logs::LogStream', reason: 'logs of functions go to the log of this process' },
  { type: 'AWS::Logs::ResourcePolicy', reason: 'logs of functions go to the log of this process' },
  { type: 'AWS::Logs::MetricFilter', reason: 'there is no CloudWatch on this machine; relay status shows the figures' },
  { type: 'AWS::S3::BucketPolicy', reason: 'only identity policies are enforced here; all callers are of one account' },
  { type: 'AWS::SQS::QueuePolicy', reason: 'only identity policies are enforced here; all callers are of one account' },
  {
    type: 'AWS::Kinesis::ResourcePolicy',
    reason: 'only identity policies are enforced here; all callers are of one account',
  },
  {
    type: 'AWS::SecretsManager::ResourcePolicy',
    reason: 'only identity policies are enforced here; all callers are of one account',
  },
  {
    type: 'AWS::Lambda::Permission',
    reason: 'only identity policies are enforced here; all callers are of one account',
  },
  {
    type: 'AWS::KMS::Key',
    reason: 'data on this machine is not encrypted',
    arn: ({ region, accountId, name }) => `arn:aws:kms:${region}:${accountId}:key/${name}`,
  },
  { type: 'AWS::KMS::Alias', reason: 'data on this machine is not encrypted', nameProperty: 'AliasName' },
  {
    type: 'AWS::CloudWatch::Alarm',
    reason: 'there is no CloudWatch on this machine; relay status shows the figures',
    nameProperty: 'AlarmName',
    arn: ({ region, accountId, name }) => `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}`,
  },
  {
    type: 'AWS::CloudWatch::CompositeAlarm',
    reason: 'there is no CloudWatch on this machine; relay status shows the figures',
    nameProperty: 'AlarmName',
    arn: ({ region, accountId, name }) => `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}`,
  },
  {
    type: 'AWS::CloudWatch::Dashboard',
    reason: 'there is no CloudWatch on this machine; relay status shows the figures',
    nameProperty: 'DashboardName',
  },
  {
    type: 'AWS::SNS::Topic',
    reason: 'topics carry alarms only, and there is no CloudWatch on this machine',
    nameProperty: 'TopicName',
    arn: ({ region, accountId, name }) => `arn:aws:sns:${region}:${accountId}:${name}`,
    refIsArn: true,
  },
  { type: 'AWS::SNS::TopicPolicy', reason: 'topics carry alarms only, and there is no CloudWatch on this machine' },
  {
    type: 'AWS::DMS::ReplicationSubnetGroup',
    reason: 'the DMS twin reaches the database over the network of this machine',
    nameProperty: 'ReplicationSubnetGroupIdentifier',
  },
  {
    type: 'AWS::DMS::Certificate',
    reason: 'whether the connection to the database is encrypted is said by its URL',
    nameProperty: 'CertificateIdentifier',
    arn: ({ region, accountId, name }) => `arn:aws:dms:${region}:${accountId}:cert:${name}`,
    refIsArn: true,
  },
  {
    type: 'AWS::EC2::SecurityGroup',
    reason: 'everything listens on the loopback interface only',
    nameProperty: 'GroupName',
    arn: ({ name }) => name,
  },
  { type: 'AWS::EC2::SecurityGroupIngress', reason: 'everything listens on the loopback interface only' },
  { type: 'AWS::EC2::SecurityGroupEgress', reason: 'everything listens on the loopback interface only' },
  {
    type: 'AWS::EventSchemas::Registry',
    reason: 'consumers read schemas from the repository',
    nameProperty: 'RegistryName',
    arn: ({ region, accountId, name }) => `arn:aws:schemas:${region}:${accountId}:registry/${name}`,
  },
  {
    type: 'AWS::EventSchemas::Schema',
    reason: 'consumers read schemas from the repository',
    nameProperty: 'SchemaName',
    arn: ({ region, accountId, name }) => `arn:aws:schemas:${region}:${accountId}:schema/${name}`,
  },
];

/** Answers `Ref` and `Fn::GetAtt` as if the resource existed. */
export function acceptedProvider(type: string): ResourceProvider | undefined {
  const accepted = ACCEPTED_WITHOUT_EFFECT.find((one) => one.type === type);
  if (accepted === undefined) return undefined;
  return {
    type,
    properties: [],
    create: async (resource, aws) => standIn(accepted, resource, aws),
  };
}

function standIn(
  accepted: AcceptedResource,
  resource: ResolvedResource,
  aws: { readonly region: string; readonly accountId: string },
): CreatedResource {
  const name = physicalName(resource, { property: accepted.nameProperty ?? '', longest: 255 });
  const arn = accepted.arn?.({ region: aws.region, accountId: aws.accountId, name });
  return {
    ref: accepted.refIsArn && arn !== undefined ? arn : name,
    attributes: {
      ...(arn === undefined ? {} : { Arn: arn }),
      ...(resource.type === 'AWS::EC2::SecurityGroup' ? { GroupId: name } : {}),
      ...(resource.type === 'AWS::SNS::Topic' ? { TopicArn: arn ?? name, TopicName: name } : {}),
      ...(resource.type === 'AWS::EventSchemas::Registry' ? { RegistryArn: arn ?? name, RegistryName: name } : {}),
      ...(resource.type === 'AWS::EventSchemas::Schema'
        ? { SchemaArn: arn ?? name, SchemaName: name, SchemaVersion: '1' }
        : {}),
    },
    status: () => ({ state: 'without effect', reason: accepted.reason }),
  };
}
