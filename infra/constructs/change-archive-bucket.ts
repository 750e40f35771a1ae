/**
 * The bucket of the change archive: raw change records, for longer than the stream keeps them. They are production data, so the bucket is
 * private, encrypted, versioned and TLS-only, and outlives its stack.
 */
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { ARCHIVE_UNDO_DAYS } from '../stage-config.ts';
import { stableLogicalId } from './stable-logical-id.ts';

export class ChangeArchiveBucket extends Bucket {
  constructor(scope: Construct, logicalId: string, props: { readonly keepDays: number }) {
    super(scope, logicalId, {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      versioned: true,
      lifecycleRules: [
        {
          id: 'expire',
          expiration: Duration.days(props.keepDays),
          noncurrentVersionExpiration: Duration.days(ARCHIVE_UNDO_DAYS),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    stableLogicalId(this, CfnBucket, logicalId);
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'One role of this app writes here; CloudTrail data events record that with the identity, which server access logs do not.',
    });
  }
}
