/** Every resource type that exists on this machine. A type that is neither here nor in accepted-without-effect.ts is an error. */
import { dmsEndpointProvider } from './dms-endpoint.ts';
import { dmsReplicationConfigProvider } from './dms-replication-config.ts';
import { dynamodbGlobalTableProvider, dynamodbTableProvider } from './dynamodb-table.ts';
import { eventArchiveProvider } from './event-archive.ts';
import { eventBusProvider } from './event-bus.ts';
import { eventBusPolicyProvider } from './event-bus-policy.ts';
import { eventRuleProvider } from './event-rule.ts';
import { eventSourceMappingProvider } from './event-source-mapping.ts';
import { iamPolicyProvider, iamRoleProvider } from './iam-role.ts';
import { kinesisStreamProvider } from './kinesis-stream.ts';
import { lambdaFunctionProvider } from './lambda-function.ts';
import { pipeProvider } from './pipe.ts';
import type { ResourceProvider } from './resource-provider.ts';
import { s3BucketProvider } from './s3-bucket.ts';
import { secretsmanagerSecretProvider } from './secretsmanager-secret.ts';
import { sqsQueueProvider } from './sqs-queue.ts';
import { stateMachineProvider } from './state-machine.ts';

export const PROVIDERS: readonly ResourceProvider[] = [
  dynamodbGlobalTableProvider,
  dynamodbTableProvider,
  kinesisStreamProvider,
  s3BucketProvider,
  sqsQueueProvider,
  secretsmanagerSecretProvider,
  iamRoleProvider,
  iamPolicyProvider,
  eventBusProvider,
  eventBusPolicyProvider,
  eventRuleProvider,
  eventArchiveProvider,
  lambdaFunctionProvider,
  eventSourceMappingProvider,
  pipeProvider,
  stateMachineProvider,
  dmsEndpointProvider,
  dmsReplicationConfigProvider,
];
