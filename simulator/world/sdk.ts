/**
 * The AWS SDK as the functions use it, cut off at the network: commands go to the simulated services, with the SDK's own retries, and each
 * request belongs to the invocation that makes it, which may die there. Nothing of the SDK's serialisation is run: the agreement tests with
 * the real parts cover what the services understand.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';

/** Services that functions call. */
export type Service = 'dynamodb' | 'sqs' | 's3' | 'kinesis';

/** One invocation of a function: whoever makes a request is asked for it. */
export interface Requester {
  /** Makes one request to the service behind the client; rejects as the service does, and never settles once the invocation is dead. */
  request(service: Service, command: string, input: object): Promise<unknown>;
  pause(ms: number): Promise<void>;
  /** In [0, 1). */
  random(): number;
}

export const invocation = new AsyncLocalStorage<Requester>();

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html, and `clients.ts` of the functions for the attempts. */
const ATTEMPTS = 6;
const BACKOFF_MS = 100;
const BACKOFF_THROTTLED_MS = 500;
const BACKOFF_MAX_MS = 20_000;

const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'TransactionInProgressException',
  'SlowDown',
]);
const TRANSIENT = new Set(['TimeoutError', 'InternalServerError', 'InternalFailure', 'ServiceUnavailable']);

/** Whether the SDK tries such an error again by itself, and as what. */
function retryKind(error: unknown): 'throttled' | 'transient' | undefined {
  if (!(error instanceof Error)) return undefined;
  if (THROTTLED.has(error.name)) return 'throttled';
  return TRANSIENT.has(error.name) ? 'transient' : undefined;
}

let tokens = 0;

interface Command {
  readonly input: object;
}

async function send(service: Service, request: Command): Promise<unknown> {
  const by = invocation.getStore();
  if (!by) throw new Error(`a request to ${service} outside every invocation`);
  const command = request.constructor.name.replace(/Command$/, '');
  const { input } = request;
  // The SDK makes the token once per command, so an attempt after a lost answer is known to be the same.
  const body = command === 'TransactWriteItems' ? { ClientRequestToken: `token-${++tokens}`, ...input } : input;
  for (let attempt = 1; ; attempt++) {
    try {
      return await by.request(service, command, body);
    } catch (error) {
      const kind = retryKind(error);
      if (kind === undefined || attempt === ATTEMPTS) throw error;
      const baseMs = kind === 'throttled' ? BACKOFF_THROTTLED_MS : BACKOFF_MS;
      await by.pause(by.random() * Math.min(BACKOFF_MAX_MS, baseMs * 2 ** (attempt - 1)));
    }
  }
}

export function cutSdkAtTheNetwork(): void {
  const clients = [
    ['dynamodb', DynamoDBClient],
    ['sqs', SQSClient],
    ['s3', S3Client],
    ['kinesis', KinesisClient],
  ] as const;
  for (const [service, { prototype }] of clients) {
    Object.assign(prototype, { send: (command: Command) => send(service, command) });
  }
}
