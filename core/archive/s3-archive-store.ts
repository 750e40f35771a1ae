/** The change archive on the AWS SDK's S3 client. It maps requests, answers and errors, and decides nothing. */
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { PutArchiveObject } from './archive-batch.ts';
import type { ArchiveStore } from './read-archive.ts';

export function s3ArchiveStore(client: S3Client, bucket: string): ArchiveStore {
  return {
    async *list(prefix) {
      for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
        for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key;
      }
    },
    async first(prefix) {
      // S3 lists in the order of the names: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
      const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 }));
      return page.Contents?.[0]?.Key;
    },
    async get(key) {
      const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
    },
  };
}

/** Without the condition a repeated batch would leave a version of every object behind, to be paid for. */
export function s3ArchivePut(client: S3Client, bucket: string): PutArchiveObject {
  return async (key, content) => {
    const put = new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: content,
      // Not as an encoding: no client on the way may take the compression off.
      ContentType: 'application/gzip',
      IfNoneMatch: '*',
    });
    try {
      await client.send(put);
      return 'written';
    } catch (error) {
      if (error instanceof Error && error.name === 'PreconditionFailed') return 'present';
      throw error;
    }
  };
}
