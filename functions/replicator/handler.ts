/** Kinesis batch → core. Answers with the lowest sequence number to retry, or with nothing when the whole batch is done. */
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import { RowMirror } from '#core/mirror/row-mirror.ts';
import { Quarantine } from '#core/quarantine/quarantine.ts';
import type { ChangeRecord } from '#core/replication/change-record.ts';
import { type ReplicationContext, replicateBatch } from '#core/replication/replicate-batch.ts';
import { SOURCE_TABLES } from '#schemas/source/lph.ts';
import { itemStore, s3, sqs } from '../clients.ts';
import { errorFields, lambdaHandler, logger } from '../middleware.ts';
import { publicationContext } from '../publication-context.ts';
import { replicatorEnvironment } from './environment.ts';

const environment = replicatorEnvironment.parse(process.env);
const store = itemStore();
const bucket = s3();

const putObject = async (key: string, bytes: Uint8Array): Promise<void> => {
  await bucket.send(new PutObjectCommand({ Bucket: environment.QUARANTINE_BUCKET, Key: key, Body: bytes }));
};

const context: ReplicationContext = {
  ...publicationContext(environment, store, sqs()),
  tablesDeclared: SOURCE_TABLES,
  mirror: new RowMirror(store, environment.SOURCE_ROWS_TABLE, environment.TOMBSTONE_DAYS, Date.now),
  quarantine: new Quarantine(store, environment.QUARANTINE_TABLE, putObject, Date.now),
  log: {
    quarantined: ({ shardId, sequenceNumber }, error) =>
      logger.error('record set aside', { shardId, sequenceNumber, code: error.code, reason: error.message }),
    control: ({ shardId, sequenceNumber }, operation, table) =>
      logger.info('control record', { shardId, sequenceNumber, operation, table }),
    failed: (subject, error) => logger.error('will be retried', { subject, ...errorFields(error) }),
  },
};

export const handler = lambdaHandler<KinesisStreamEvent, KinesisStreamBatchResponse>(async (event) => {
  const { counts, retryFrom } = await replicateBatch(context, event.Records.map(changeRecord));
  logger.info('batch', { counts, ...(retryFrom !== undefined && { retryFrom }) });
  return { batchItemFailures: retryFrom === undefined ? [] : [{ itemIdentifier: retryFrom }] };
});

function changeRecord({ eventID, kinesis }: KinesisStreamEvent['Records'][number]): ChangeRecord {
  return {
    shardId: eventID.split(':')[0] ?? '',
    sequenceNumber: kinesis.sequenceNumber,
    arrivedAtMs: Math.round(kinesis.approximateArrivalTimestamp * 1000),
    bytes: Buffer.from(kinesis.data, 'base64'),
  };
}
