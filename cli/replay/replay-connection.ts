/** What the replay commands talk to: the stream, the tables, the journal and the state machine of one pipeline, closed together. */
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { ArchiveStore } from '#core/archive/read-archive.ts';
import { s3ArchiveStore } from '#core/archive/s3-archive-store.ts';
import { DynamoDbItemStore } from '#core/platform/dynamodb-item-store.ts';
import type { ItemStore } from '#core/platform/item-store.ts';
import { jitteredPause } from '#core/platform/pause.ts';
import type { ChangeLog } from '#core/replay/change-log.ts';
import { KinesisChangeLog } from '#core/replay/kinesis-change-log.ts';
import { ReplayJournal } from '#core/replay/replay-journal.ts';
import type { ReplaySettings } from '#core/replay/replay-plan.ts';
import { ReplayRefused } from '#core/replay/replay-run.ts';
import { failed, isAccessDenied, messageOf, preconditionMissing } from '../command-failure.ts';
import { connectTo, type TargetOptions } from '../commands/command-context.ts';
import { dynamoDb } from '../connection/clients.ts';
import { requireOutput } from '../connection/connection.ts';
import { replaySettingsOf } from '../connection/replay-settings.ts';
import { Executions } from './executions.ts';

export interface ReplayConnection {
  readonly store: ItemStore;
  readonly tables: { readonly metrics: string; readonly sourceRows: string; readonly quarantine: string };
  readonly log: ChangeLog;
  readonly journal: ReplayJournal;
  readonly executions: Executions;
  readonly settings: ReplaySettings;
  readonly streamName: string;
  /** Absent when the deployment has no change archive. */
  readonly archive: ArchiveConnection | undefined;
}

export interface ArchiveConnection {
  readonly store: ArchiveStore;
  readonly bucket: string;
  /** For how long it keeps records. */
  readonly days: number;
  /** For how long records wait for a fuller object. */
  readonly windowSeconds: number;
}

export async function withReplay<T>(
  options: TargetOptions,
  action: (connection: ReplayConnection) => Promise<T>,
): Promise<T> {
  const connection = await connectTo(options);
  const { clientConfig } = connection;
  const output = (name: string): string => requireOutput(connection, name);
  const { archive, ...settings } = replaySettingsOf(connection);
  const streamName = output('ChangeStream');
  const database = dynamoDb(clientConfig);
  const kinesis = new KinesisClient(clientConfig);
  const states = new SFNClient(clientConfig);
  // Path style: behind a local endpoint a bucket is no host name.
  const objects = new S3Client({ ...clientConfig, forcePathStyle: true });
  const bucket = connection.outputs.get('ChangeArchiveBucket');
  try {
    const store = new DynamoDbItemStore(database, jitteredPause(Math.random));
    return await action({
      store,
      tables: {
        metrics: output('MetricsTable'),
        sourceRows: output('SourceRowsTable'),
        quarantine: output('QuarantineTable'),
      },
      log: new KinesisChangeLog(kinesis, streamName),
      journal: new ReplayJournal(store, output('ReplaysTable'), Date.now),
      executions: new Executions(states, output('ReplayStateMachine')),
      settings,
      streamName,
      archive: bucket && archive ? { ...archive, bucket, store: s3ArchiveStore(objects, bucket) } : undefined,
    });
  } catch (error) {
    throw explained(error, streamName, bucket);
  } finally {
    for (const client of [database, kinesis, states, objects]) client.destroy();
  }
}

/** What cannot be read is named by the one who read it. A missing permission is the operator's to mend; which ones are needed is written here, because AWS names one at a time. */
function explained(error: unknown, streamName: string, bucket: string | undefined): unknown {
  if (error instanceof ReplayRefused) return failed(error.message, undefined, error);
  if (isAccessDenied(error))
    return failed(
      `A permission is missing: ${messageOf(error)}`,
      `Replays need kinesis:DescribeStreamSummary, ListShards, GetShardIterator and GetRecords on ${streamName}; ` +
        'dynamodb:BatchGetItem, GetItem and Query on the tables, PutItem on Replays; states:StartExecution, DescribeExecution and StopExecution' +
        (bucket === undefined
          ? '.'
          : `; with --from-archive s3:ListBucket and GetObject on ${bucket}, without kinesis.`),
      error,
    );
  const name = error instanceof Error ? error.name : '';
  if (name === 'ResourceNotFoundException' || name === 'NoSuchBucket')
    return preconditionMissing(
      `Something of the pipeline is not there: ${messageOf(error)}`,
      'Check the stack and its stream (`npx relay outputs`); a stream that was deleted has nothing to replay: npx relay reload.',
      error,
    );
  return error;
}
