/**
 * KinesisSettings of an AWS::DMS::Endpoint, with DMS's defaults (everything off, pretty JSON). What the twin does not do is listed,
 * never ignored.
 * Source: docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-dms-endpoint-kinesissettings.html
 */
import type { Json } from '../resources/resource-provider.ts';

export interface KinesisEndpointSettings {
  readonly streamArn: string;
  readonly serviceAccessRoleArn: string;
  readonly pretty: boolean;
  readonly includeTransactionDetails: boolean;
  readonly includePartitionValue: boolean;
  readonly partitionIncludeSchemaTable: boolean;
  readonly includeTableAlterOperations: boolean;
  readonly includeControlDetails: boolean;
  readonly includeNullAndEmpty: boolean;
  readonly noHexPrefix: boolean;
}

const FLAGS = [
  'IncludeTransactionDetails',
  'IncludePartitionValue',
  'PartitionIncludeSchemaTable',
  'IncludeTableAlterOperations',
  'IncludeControlDetails',
  'IncludeNullAndEmpty',
  'NoHexPrefix',
] as const;

export type Members = { readonly [member: string]: Json };

export function isMembers(value: Json | undefined): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** CloudFormation lets true be written as text. */
function flag(value: Json | undefined): boolean {
  return value === true || value === 'true';
}

/** @param problems receives one line for each setting that is wrong or not implemented. */
export function readKinesisSettings(settings: Json | undefined, problems: string[]): KinesisEndpointSettings {
  const members = isMembers(settings) ? settings : {};
  const known = new Set<string>([...FLAGS, 'StreamArn', 'ServiceAccessRoleArn', 'MessageFormat']);
  for (const name of Object.keys(members)) {
    if (!known.has(name)) problems.push(`KinesisSettings.${name} is not implemented`);
  }
  const text = (name: string): string => {
    const value = members[name];
    if (typeof value === 'string' && value !== '') return value;
    problems.push(`KinesisSettings.${name} is ${JSON.stringify(value)}; expected an ARN`);
    return '';
  };
  const format = String(members.MessageFormat ?? 'json')
    .toLowerCase()
    .replace('_', '-');
  if (format !== 'json' && format !== 'json-unformatted') {
    problems.push(
      `KinesisSettings.MessageFormat is ${JSON.stringify(members.MessageFormat)}; expected json or json-unformatted`,
    );
  }
  return {
    streamArn: text('StreamArn'),
    serviceAccessRoleArn: text('ServiceAccessRoleArn'),
    pretty: format === 'json',
    includeTransactionDetails: flag(members.IncludeTransactionDetails),
    includePartitionValue: flag(members.IncludePartitionValue),
    partitionIncludeSchemaTable: flag(members.PartitionIncludeSchemaTable),
    includeTableAlterOperations: flag(members.IncludeTableAlterOperations),
    includeControlDetails: flag(members.IncludeControlDetails),
    includeNullAndEmpty: flag(members.IncludeNullAndEmpty),
    noHexPrefix: flag(members.NoHexPrefix),
  };
}
