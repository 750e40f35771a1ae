/** Stream records of items "0" → MetricChanged details. A record that is no visible change gives nothing, so the answer may be shorter. */
import type { DynamoDBRecord } from 'aws-lambda';
import { metricChangedEvent } from '#core/event/metric-changed-event.ts';
import type { Item } from '#core/platform/item-store.ts';
import type { MetricChanged } from '#schemas/metric-changed.ts';
import { lambdaHandler, logger } from '../middleware.ts';
import { enrichmentEnvironment } from './environment.ts';

const { METRICS_TABLE } = enrichmentEnvironment.parse(process.env);

export const handler = lambdaHandler<readonly DynamoDBRecord[], readonly MetricChanged[]>(async (records) => {
  const events = records.flatMap(({ dynamodb }) => {
    const images = {
      oldImage: dynamodb?.OldImage as Item | undefined,
      newImage: dynamodb?.NewImage as Item | undefined,
    };
    return metricChangedEvent(images, METRICS_TABLE) ?? [];
  });
  logger.info('events', { received: records.length, published: events.length });
  return events;
});
