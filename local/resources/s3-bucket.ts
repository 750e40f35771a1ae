/** Buckets in the S3 emulator, which stores objects and nothing else: versions, lifecycle, encryption and access settings have no effect. */
import { CreateBucketCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { operatorClient } from './operator-client.ts';
import { physicalName } from './physical-name.ts';
import type { ResourceProvider } from './resource-provider.ts';

export const s3BucketProvider: ResourceProvider = {
  type: 'AWS::S3::Bucket',
  properties: [
    'BucketName',
    'BucketEncryption',
    'LifecycleConfiguration',
    'LoggingConfiguration',
    'ObjectLockConfiguration',
    'ObjectLockEnabled',
    'OwnershipControls',
    'PublicAccessBlockConfiguration',
    'Tags',
    'VersioningConfiguration',
  ],
  async create(resource, aws) {
    const name = physicalName(resource, { property: 'BucketName', longest: 63, lowerCase: true });
    const client = new S3Client({ ...operatorClient(aws), forcePathStyle: true });
    try {
      if (!(await exists(client, name))) await client.send(new CreateBucketCommand({ Bucket: name }));
    } finally {
      client.destroy();
    }
    return {
      ref: name,
      attributes: {
        Arn: `arn:aws:s3:::${name}`,
        DomainName: `${name}.s3.amazonaws.com`,
        RegionalDomainName: `${name}.s3.${aws.region}.amazonaws.com`,
      },
      status: () => ({ bucket: name }),
    };
  },
};

async function exists(client: S3Client, bucket: string): Promise<boolean> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
    return true;
  } catch (error) {
    if ((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode === 404) return false;
    throw error;
  }
}
