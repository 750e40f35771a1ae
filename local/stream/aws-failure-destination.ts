/**
 * Failure destinations as AWS has them for streams: an SQS queue gets the pointer, an S3 bucket also the payload. They are written
 * with the reader's role, so a missing permission shows here as on AWS.
 */
import { randomUUID } from 'node:crypto';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Credentials } from '../local-aws.ts';
import { withinLimit } from './answer-limit.ts';
import type { Clock } from './clock.ts';
import type { DiscardedBatch, FailureDestination } from './failure-destination.ts';
import { failureObjectKey, failureRecord, failureRecordWithPayload, type GivenUpBy } from './failure-record.ts';
import { queueUrlOf } from './queue-url.ts';

export interface DestinationSettings {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
  readonly by: GivenUpBy;
  readonly clock: Clock;
}

/** Throws for a destination of another kind, naming it. */
export function openFailureDestination(destinationArn: string, settings: DestinationSettings): FailureDestination {
  const service = destinationArn.split(':')[2];
  if (service === 'sqs') return queueDestination(destinationArn, settings);
  if (service === 's3' && settings.by.kind === 'mapping')
    return bucketDestination(destinationArn, settings, settings.by);
  throw new Error(
    `failure destination ${destinationArn} is not supported on this machine; use an SQS queue${settings.by.kind === 'mapping' ? ' or an S3 bucket' : ''}`,
  );
}

function queueDestination(queueArn: string, settings: DestinationSettings): FailureDestination {
  const { endpoint, region, credentials, by, clock } = settings;
  const client = new SQSClient({ endpoint, region, credentials });
  return {
    async take(batch) {
      const record = failureRecord(batch, by, randomUUID(), clock.nowMs());
      await client.send(
        new SendMessageCommand({ QueueUrl: queueUrlOf(queueArn, endpoint), MessageBody: JSON.stringify(record) }),
        withinLimit(),
      );
    },
  };
}

function bucketDestination(
  bucketArn: string,
  settings: DestinationSettings,
  mapping: Extract<GivenUpBy, { kind: 'mapping' }>,
): FailureDestination {
  const { endpoint, region, credentials, clock } = settings;
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const bucket = bucketArn.split(':::')[1] ?? '';
  return {
    async take(batch: DiscardedBatch) {
      const nowMs = clock.nowMs();
      const record = failureRecord(batch, mapping, randomUUID(), nowMs);
      await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: failureObjectKey(mapping.uuid, batch.shardId, nowMs, randomUUID()),
          Body: JSON.stringify(failureRecordWithPayload(batch, record)),
          ContentType: 'application/json',
        }),
        withinLimit(),
      );
    },
  };
}
