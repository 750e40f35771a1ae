/** The three emulators of one pipeline, started together and stopped together. If one does not start, the others are stopped again. */
import type { Log } from '../local-aws.ts';
import type { Emulator } from './child-process.ts';
import { startDynamoDbLocal } from './dynamodb-local.ts';
import { startQueueAndBucketEmulator } from './fauxqs.ts';
import { startKinesisLocal } from './kinesis-local.ts';

export interface Emulators {
  readonly dynamodb: Emulator;
  readonly kinesis: Emulator;
  /** SQS and S3 answer on the same port. */
  readonly queuesAndBuckets: Emulator;
  stop(): Promise<void>;
}

export async function startEmulators(options: {
  /** Absolute. */
  readonly dataDirectory: string;
  readonly region: string;
  readonly accountId: string;
  readonly log: Log;
}): Promise<Emulators> {
  const { dataDirectory, region, accountId, log } = options;
  const onUnexpectedEnd = (message: string): void => log('emulators', message, { level: 'error' });
  const started = await Promise.allSettled([
    startDynamoDbLocal({ dataDirectory, onUnexpectedEnd }),
    startKinesisLocal({ dataDirectory, region, accountId, onUnexpectedEnd }),
    startQueueAndBucketEmulator({ dataDirectory, region, onUnexpectedEnd }),
  ]);
  const [dynamodb, kinesis, queuesAndBuckets] = started;
  if (dynamodb.status === 'rejected' || kinesis.status === 'rejected' || queuesAndBuckets.status === 'rejected') {
    await Promise.all(started.map((one) => (one.status === 'fulfilled' ? one.value.stop() : undefined)));
    throw new Error(
      started.flatMap((one) => (one.status === 'rejected' ? [(one.reason as Error).message] : [])).join('\n'),
    );
  }
  return {
    dynamodb: dynamodb.value,
    kinesis: kinesis.value,
    queuesAndBuckets: queuesAndBuckets.value,
    stop: async () => {
      await Promise.all([dynamodb.value.stop(), kinesis.value.stop(), queuesAndBuckets.value.stop()]);
    },
  };
}
