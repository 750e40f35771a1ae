/** Kinesis batch → core. Answers with the lowest sequence number to retry, or with nothing when the whole batch is done. */
import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import { replicateBatch } from '#core/replication/replicate-batch.ts';
import { changeRecord } from '../change-record.ts';
import { itemStore, s3, sqs } from '../clients.ts';
import { lambdaHandler, logger } from '../middleware.ts';
import { replicationContext } from '../replication-context.ts';
import { replicatorEnvironment } from './environment.ts';

const context = replicationContext(replicatorEnvironment.parse(process.env), itemStore(), sqs(), s3());

export const handler = lambdaHandler<KinesisStreamEvent, KinesisStreamBatchResponse>(async (event) => {
  const { counts, retryFrom } = await replicateBatch(context, event.Records.map(changeRecord));
  logger.info('batch', { counts, ...(retryFrom !== undefined && { retryFrom }) });
  return { batchItemFailures: retryFrom === undefined ? [] : [{ itemIdentifier: retryFrom }] };
});
