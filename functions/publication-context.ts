/** What the replicator and the projector both need to publish metrics, made from their environment. */
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { ItemStore } from '#core/platform/item-store.ts';
import { jitteredPause } from '#core/platform/pause.ts';
import type { SettleContext } from '#core/replication/settle-affected.ts';
import { errorFields, logger } from './middleware.ts';

export interface PublicationSettings {
  readonly METRICS_TABLE: string;
  readonly SOURCE_ROWS_TABLE: string;
  readonly PROJECTION_QUEUE_URL: string;
  readonly GRACE_SECONDS: number;
  readonly FAN_OUT_LIMIT: number;
  readonly REDIRECT_DAYS: number;
}

export function publicationContext(settings: PublicationSettings, store: ItemStore, sqs: SQSClient): SettleContext {
  return {
    store,
    tables: { metrics: settings.METRICS_TABLE, sourceRows: settings.SOURCE_ROWS_TABLE },
    graceMs: settings.GRACE_SECONDS * 1000,
    redirectDays: settings.REDIRECT_DAYS,
    fanOutLimit: settings.FAN_OUT_LIMIT,
    nowMs: Date.now,
    pause: jitteredPause(Math.random),
    unpublishable: (metricId, error) => logger.error('metric cannot be published', { metricId, ...errorFields(error) }),
    send: async (message, delaySeconds) => {
      const command = {
        QueueUrl: settings.PROJECTION_QUEUE_URL,
        MessageBody: JSON.stringify(message),
        DelaySeconds: delaySeconds,
      };
      await sqs.send(new SendMessageCommand(command));
    },
  };
}
