/** What everything that applies records of the change stream needs, made from its environment: one way for the live path and for a replay. */
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { RowMirror } from '#core/mirror/row-mirror.ts';
import type { ItemStore } from '#core/platform/item-store.ts';
import type { ReplicationContext } from '#core/replication/replicate-batch.ts';
import { SOURCE_TABLES } from '#schemas/source/lph.ts';
import { errorFields, logger } from './middleware.ts';
import { type PublicationSettings, publicationContext } from './publication-context.ts';
import { type QuarantineSettings, quarantineOf } from './quarantine.ts';

export interface ReplicationSettings extends PublicationSettings, QuarantineSettings {
  readonly TOMBSTONE_DAYS: number;
}

export function replicationContext(
  settings: ReplicationSettings,
  store: ItemStore,
  sqs: SQSClient,
  bucket: S3Client,
): ReplicationContext {
  return {
    ...publicationContext(settings, store, sqs),
    tablesDeclared: SOURCE_TABLES,
    mirror: new RowMirror(store, settings.SOURCE_ROWS_TABLE, settings.TOMBSTONE_DAYS, Date.now),
    quarantine: quarantineOf(settings, store, bucket),
    log: {
      quarantined: ({ shardId, sequenceNumber }, error) =>
        logger.error('record set aside', { shardId, sequenceNumber, code: error.code, reason: error.message }),
      control: ({ shardId, sequenceNumber }, operation, table) =>
        logger.info('control record', { shardId, sequenceNumber, operation, table }),
      failed: (subject, error) => logger.error('will be retried', { subject, ...errorFields(error) }),
    },
  };
}
