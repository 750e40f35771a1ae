/** Messages of the projection queue → core, one after the other; a failed one comes back after its visibility time-out. */
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { runProjection } from '#core/replication/run-projection.ts';
import { itemStore, sqs } from '../clients.ts';
import { errorFields, lambdaHandler, logger } from '../middleware.ts';
import { publicationContext } from '../publication-context.ts';
import { projectorEnvironment } from './environment.ts';

const context = publicationContext(projectorEnvironment.parse(process.env), itemStore(), sqs());

export const handler = lambdaHandler<SQSEvent, SQSBatchResponse>(async (event) => {
  const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
  for (const { messageId, body } of event.Records) {
    try {
      await runProjection(context, body);
    } catch (error) {
      logger.error('projection message will be retried', { messageId, ...errorFields(error) });
      batchItemFailures.push({ itemIdentifier: messageId });
    }
  }
  logger.info('projections', { received: event.Records.length, failed: batchItemFailures.length });
  return { batchItemFailures };
});
