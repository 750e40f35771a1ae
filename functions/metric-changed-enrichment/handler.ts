/**
 * Stream records of items "0" → MetricChanged details. A record that is no visible change gives nothing, and one that cannot become an event is
 * set aside, so the answer may be shorter. It fails only when what must be set aside cannot be stored.
 */
import type { DynamoDBRecord } from 'aws-lambda';
import { type EventBatchContext, eventsOfBatch } from '#core/event/events-of-batch.ts';
import type { MetricChanged } from '#schemas/metric-changed.ts';
import { itemStore, s3 } from '../clients.ts';
import { lambdaHandler, logger } from '../middleware.ts';
import { quarantineOf } from '../quarantine.ts';
import { enrichmentEnvironment } from './environment.ts';

const environment = enrichmentEnvironment.parse(process.env);
const quarantine = quarantineOf(environment, itemStore(), s3());

const context: EventBatchContext = {
  metricsTable: environment.METRICS_TABLE,
  setAside: async (record, error) => {
    await quarantine.setAside(record, error);
    const { shardId, sequenceNumber } = record;
    logger.error('change without an event set aside', {
      shardId,
      sequenceNumber,
      code: error.code,
      reason: error.message,
    });
  },
};

export const handler = lambdaHandler<readonly DynamoDBRecord[], readonly MetricChanged[]>(async (records) => {
  const { events, setAside } = await eventsOfBatch(context, records);
  logger.info('events', { received: records.length, published: events.length, setAside });
  return events;
});
