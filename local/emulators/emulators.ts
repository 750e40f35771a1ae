/**
 * The three emulators of one pipeline, started together, kept running, and stopped together. If one does not start, the others are
 * stopped again; one that is killed is started again on its own state, on another port.
 */
import { type KeptRunning, keepRunning } from '../keep-running.ts';
import type { Log } from '../local-aws.ts';
import type { Emulator } from './child-process.ts';
import { startDynamoDbLocal } from './dynamodb-local.ts';
import { startQueueAndBucketEmulator } from './fauxqs.ts';
import { startKinesisLocal } from './kinesis-local.ts';

export interface Emulators {
  /** Where each listens now. */
  readonly endpoints: {
    readonly dynamodb: string;
    readonly kinesis: string;
    readonly sqs: string;
    /** The same process as SQS. */
    readonly s3: string;
  };
  stop(): Promise<void>;
}

export async function startEmulators(options: {
  /** Absolute. */
  readonly dataDirectory: string;
  readonly region: string;
  readonly accountId: string;
  readonly log: Log;
  /** An emulator ends again and again; the pipeline cannot go on. */
  readonly onGivenUp?: (message: string) => void;
}): Promise<Emulators> {
  const { dataDirectory, region, accountId, log } = options;
  const kept = (name: string, start: (onUnexpectedEnd: (message: string) => void) => Promise<Emulator>) =>
    keepRunning({
      name,
      start,
      say: (message, level) => log('emulators', message, { level }),
      onGivenUp: options.onGivenUp ?? (() => {}),
    });
  const started = await Promise.allSettled([
    kept('DynamoDB Local', (onUnexpectedEnd) => startDynamoDbLocal({ dataDirectory, onUnexpectedEnd })),
    kept('The Kinesis emulator', (onUnexpectedEnd) =>
      startKinesisLocal({ dataDirectory, region, accountId, onUnexpectedEnd }),
    ),
    kept('The SQS and S3 emulator', (onUnexpectedEnd) =>
      startQueueAndBucketEmulator({ dataDirectory, region, onUnexpectedEnd }),
    ),
  ]);
  const [dynamodb, kinesis, queuesAndBuckets] = started;
  if (dynamodb.status === 'rejected' || kinesis.status === 'rejected' || queuesAndBuckets.status === 'rejected') {
    await Promise.all(started.map((one) => (one.status === 'fulfilled' ? one.value.stop() : undefined)));
    throw new Error(
      started.flatMap((one) => (one.status === 'rejected' ? [(one.reason as Error).message] : [])).join('\n'),
    );
  }
  const at = ({ value }: { readonly value: KeptRunning<Emulator> }): string => value.current.endpoint;
  return {
    endpoints: {
      get dynamodb() {
        return at(dynamodb);
      },
      get kinesis() {
        return at(kinesis);
      },
      get sqs() {
        return at(queuesAndBuckets);
      },
      get s3() {
        return at(queuesAndBuckets);
      },
    },
    stop: async () => {
      await Promise.all([dynamodb.value.stop(), kinesis.value.stop(), queuesAndBuckets.value.stop()]);
    },
  };
}
