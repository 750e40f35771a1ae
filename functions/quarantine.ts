/** The quarantine of a function, made from its environment: the reason goes into the table, the bytes into the bucket. */
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ItemStore } from '#core/platform/item-store.ts';
import { Quarantine } from '#core/quarantine/quarantine.ts';

export interface QuarantineSettings {
  readonly QUARANTINE_TABLE: string;
  readonly QUARANTINE_BUCKET: string;
}

export function quarantineOf(settings: QuarantineSettings, store: ItemStore, bucket: S3Client): Quarantine {
  const putObject = async (key: string, bytes: Uint8Array): Promise<void> => {
    await bucket.send(new PutObjectCommand({ Bucket: settings.QUARANTINE_BUCKET, Key: key, Body: bytes }));
  };
  return new Quarantine(store, settings.QUARANTINE_TABLE, putObject, Date.now);
}
