/** Kinesis batch → change archive. All of the batch is archived, or the function fails and Lambda hands it over again: nothing is passed over. */
import type { KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda';
import { archiveBatch } from '#core/archive/archive-batch.ts';
import type { ArchivedRecord } from '#core/archive/archive-object.ts';
import { s3ArchivePut } from '#core/archive/s3-archive-store.ts';
import { changeRecord } from '../change-record.ts';
import { s3 } from '../clients.ts';
import { lambdaHandler, logger } from '../middleware.ts';
import { changeArchiverEnvironment } from './environment.ts';

const put = s3ArchivePut(s3(), changeArchiverEnvironment.parse(process.env).CHANGE_ARCHIVE_BUCKET);

export const handler = lambdaHandler<KinesisStreamEvent, void>(async (event) => {
  logger.info('archived', { counts: await archiveBatch(event.Records.map(archivedRecord), put) });
});

function archivedRecord(record: KinesisStreamRecord): ArchivedRecord {
  return { ...changeRecord(record), partitionKey: record.kinesis.partitionKey };
}
