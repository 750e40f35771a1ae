/** Kinesis batch → change archive. All of the batch is archived, or the function fails and Lambda hands it over again: nothing is passed over. */
import type { KinesisStreamEvent } from 'aws-lambda';
import { archiveBatch } from '#core/archive/archive-batch.ts';
import type { ArchivedRecord } from '#core/archive/archive-object.ts';
import { s3ArchivePut } from '#core/archive/s3-archive-store.ts';
import { s3 } from '../clients.ts';
import { lambdaHandler, logger } from '../middleware.ts';
import { changeArchiverEnvironment } from './environment.ts';

const put = s3ArchivePut(s3(), changeArchiverEnvironment.parse(process.env).CHANGE_ARCHIVE_BUCKET);

export const handler = lambdaHandler<KinesisStreamEvent, void>(async (event) => {
  logger.info('archived', { counts: await archiveBatch(event.Records.map(archivedRecord), put) });
});

function archivedRecord({ eventID, kinesis }: KinesisStreamEvent['Records'][number]): ArchivedRecord {
  return {
    shardId: eventID.split(':')[0] ?? '',
    sequenceNumber: kinesis.sequenceNumber,
    partitionKey: kinesis.partitionKey,
    arrivedAtMs: Math.round(kinesis.approximateArrivalTimestamp * 1000),
    bytes: Buffer.from(kinesis.data, 'base64'),
  };
}
