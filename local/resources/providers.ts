/** Every resource type that exists on this machine. A type that is neither here nor in accepted-without-effect.ts is an error. */
import { dynamodbGlobalTableProvider, dynamodbTableProvider } from './dynamodb-table.ts';
import { iamPolicyProvider, iamRoleProvider } from './iam-role.ts';
import { kinesisStreamProvider } from './kinesis-stream.ts';
import type { ResourceProvider } from './resource-provider.ts';
import { s3BucketProvider } from './s3-bucket.ts';
import { secretsmanagerSecretProvider } from './secretsmanager-secret.ts';
import { sqsQueueProvider } from './sqs-queue.ts';

export const PROVIDERS: readonly ResourceProvider[] = [
  dynamodbGlobalTableProvider,
  dynamodbTableProvider,
  kinesisStreamProvider,
  s3BucketProvider,
  sqsQueueProvider,
  secretsmanagerSecretProvider,
  iamRoleProvider,
  iamPolicyProvider,
];
