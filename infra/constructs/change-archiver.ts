/**
 * The function that copies raw change records to the archive, and its event source mapping on the change stream. It is a reader of its own
 * beside the replicator: it polls once a second per shard and so takes a share of the shard's reads, but asks for large, late
 * batches, because nobody waits for the archive. Nothing is set aside: a batch is tried until it is written or the stream forgets it.
 */
import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { ChangeArchiverEnvironment } from '#functions/change-archiver/environment.ts';
import type { StageConfig } from '../stage-config.ts';
import type { ChangeStream } from './change-stream.ts';
import type { RawRecordBucket } from './raw-record-bucket.ts';
import { RelayFunction } from './relay-function.ts';

/** As many as Lambda hands over; it ends a batch at 6 MB before that when records are large. */
const BATCH_RECORDS = 10_000;
/** A whole batch as JSON, decoded, and compressed. */
const MEMORY_MB = 512;
const TIMEOUT_SECONDS = 60;

export interface ChangeArchiverProps {
  readonly config: StageConfig;
  readonly projectRoot: string;
  readonly changes: ChangeStream;
  readonly bucket: RawRecordBucket;
}

export class ChangeArchiver extends Construct {
  readonly function: RelayFunction;

  constructor(scope: Construct, id: string, props: ChangeArchiverProps) {
    super(scope, id);
    const { config, bucket } = props;
    const environment: ChangeArchiverEnvironment = { CHANGE_ARCHIVE_BUCKET: bucket.bucketName };
    this.function = new RelayFunction(this, 'Function', {
      folder: 'change-archiver',
      description: 'Copies raw change records to the archive bucket',
      projectRoot: props.projectRoot,
      environment,
      memoryMb: MEMORY_MB,
      timeoutSeconds: TIMEOUT_SECONDS,
      logDays: config.logDays,
    });
    const { role } = this.function;
    bucket.permitObjects(
      role,
      'WriteArchive',
      's3:PutObject',
      'changes/*',
      'Objects of the one archive bucket, written only: their names follow from the records.',
    );
    props.changes.permitFollow(role);
    const mapping = new EventSourceMapping(this, 'Archive', {
      target: this.function.function,
      eventSourceArn: props.changes.streamArn,
      // Everything that the stream still has belongs into a new archive.
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: BATCH_RECORDS,
      maxBatchingWindow: Duration.seconds(config.changeArchiveWindowSeconds),
      parallelizationFactor: 1,
      // Neither retries nor record age are limited: the records themselves can be no reason to fail.
    });
    mapping.node.addDependency(role);
  }
}
