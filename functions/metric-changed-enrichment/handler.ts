/**
 * Stream records of items "0" → MetricChanged details. A record that is no visible change gives nothing, and one that cannot become an event is
 * set aside, so the answer may be shorter. It fails only when what must be set aside cannot be stored.
 */
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { DynamoDBRecord } from 'aws-lambda';
import { type EventBatchContext, eventsOfBatch } from '#core/event/events-of-batch.ts';
import { Quarantine } from '#core/quarantine/quarantine.ts';
import type { MetricChanged } from '#schemas/metric-changed.ts';
import { itemStore, s3 } from '../clients.ts';
import { lambdaHandler, logger } from '../middleware.ts';
import { enrichmentEnvironment } from './environment.ts';

const environment = enrichmentEnvironment.parse(process.env);
const bucket = s3();

const putObject = async (key: string, bytes: Uint8Array): Promise<void> => {
  await bucket.send(new PutObjectCommand({ Bucket: environment.QUARANTINE_BUCKET, Key: key, Body: bytes }));
};
const quarantine = new Quarantine(itemStore(), environment.QUARANTINE_TABLE, putObject, Date.now);

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
