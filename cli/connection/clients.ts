/** SDK clients for a connection. Each is destroyed by the command that made it. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { ClientConfig } from './client-config.ts';

export const dynamoDb = (config: ClientConfig): DynamoDBClient => new DynamoDBClient(config);

export const eventBridge = (config: ClientConfig): EventBridgeClient => new EventBridgeClient(config);

/** With an endpoint of our own a queue URL is a name, not an address: the emulator behind it listens elsewhere. */
export const sqs = (config: ClientConfig): SQSClient => new SQSClient({ ...config, useQueueUrlAsEndpoint: false });
