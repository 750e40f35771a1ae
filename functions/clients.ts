/** The AWS clients of the functions, made once per execution environment, with explicit attempts and time-outs. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDbItemStore } from '#core/platform/dynamodb-item-store.ts';
import { jitteredPause } from '#core/platform/pause.ts';

/** Attempts of one request, the first included; then the event source mapping retries. */
const ATTEMPTS = 6;
const requestHandler = {
  connectionTimeout: 3_000,
  requestTimeout: 10_000,
  throwOnRequestTimeout: true,
  httpAgent: { maxSockets: 64 },
  httpsAgent: { maxSockets: 64 },
};

export const itemStore = (): DynamoDbItemStore =>
  new DynamoDbItemStore(new DynamoDBClient({ maxAttempts: ATTEMPTS, requestHandler }), jitteredPause(Math.random));
export const sqs = (): SQSClient => new SQSClient({ maxAttempts: ATTEMPTS, requestHandler });
/** Path style, because a bucket name is no host name behind a local endpoint. */
export const s3 = (): S3Client => new S3Client({ maxAttempts: ATTEMPTS, requestHandler, forcePathStyle: true });
/** Throttling is answered by the reader, which knows that others read the stream as well; here only what a connection lost is sent again. */
export const kinesis = (): KinesisClient =>
  // The second is the SDK's own for Kinesis, which a handler of ours would otherwise lose.
  new KinesisClient({ maxAttempts: 2, requestHandler: { requestTimeout: 10_000, disableConcurrentStreams: true } });
