/**
 * A bucket of raw records: what could not be applied, or, for longer than the stream keeps them, all changes. They are production data, so
 * the bucket is private, encrypted, versioned and TLS-only, and outlives its stack. A role gets one action on the objects under one prefix.
 */
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { ServiceRole } from './service-role.ts';
import { stableLogicalId } from './stable-logical-id.ts';

/** The name under which a bucket's ARN reaches another stack, as the rule pack prints it: the hash follows from the pinned logical id. */
const ARN_EXPORTS = {
  QuarantineBucket: 'ExportsOutputFnGetAttQuarantineBucketArnCCFE4120',
  ChangeArchiveBucket: 'ExportsOutputFnGetAttChangeArchiveBucketArn6168B721',
} as const;

export interface RawRecordBucketProps {
  readonly keepDays: number;
  /** Days for which an overwritten or deleted object can still be brought back. */
  readonly undoDays: number;
  /** Who reads and writes it, as the beginning of a sentence on why nobody logs each access. */
  readonly usedBy: string;
}

export class RawRecordBucket extends Bucket {
  readonly #arnExport: string;

  constructor(scope: Construct, logicalId: keyof typeof ARN_EXPORTS, props: RawRecordBucketProps) {
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
          noncurrentVersionExpiration: Duration.days(props.undoDays),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.#arnExport = ARN_EXPORTS[logicalId];
    stableLogicalId(this, CfnBucket, logicalId);
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-S1',
      reason: `${props.usedBy}; CloudTrail data events record that with the identity, which server access logs do not.`,
    });
  }

  /** Allows a role of another stack one action on the objects that `pattern` names, and says why their names cannot be listed. */
  permitObjects(
    role: ServiceRole,
    sid: string,
    action: 's3:GetObject' | 's3:PutObject',
    pattern: string,
    reason: string,
  ): void {
    role.permit(sid, [action], [this.arnForObjects(pattern)]);
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${Stack.of(this).stackName}:${this.#arnExport}/${pattern}]`,
      reason,
    });
  }
}
