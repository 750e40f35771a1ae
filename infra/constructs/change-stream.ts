/**
 * The Kinesis stream of row changes: the buffer between the database and everything we write, and the log from which a window is
 * replayed. It is kept when its stack goes, because for its retention it is the only copy of changes not yet applied.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { CfnStream, Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import type { Construct } from 'constructs';
import type { ServiceRole } from './service-role.ts';
import { stableLogicalId } from './stable-logical-id.ts';

export interface ChangeStreamProps {
  readonly shards: number | 'on-demand';
  readonly retentionHours: number;
}

export class ChangeStream extends Stream {
  constructor(scope: Construct, logicalId: string, props: ChangeStreamProps) {
    super(scope, logicalId, {
      ...(props.shards === 'on-demand'
        ? { streamMode: StreamMode.ON_DEMAND }
        : { streamMode: StreamMode.PROVISIONED, shardCount: props.shards }),
      retentionPeriod: Duration.hours(props.retentionHours),
      // The key alias/aws/kinesis: encrypted and audited, with no key policy that could lock DMS or Lambda out.
      encryption: StreamEncryption.MANAGED,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    stableLogicalId(this, CfnStream, logicalId);
  }

  /** Lets a function's role do what an event source mapping does with it: follow all shards, new ones too. */
  permitFollow(role: ServiceRole): void {
    role.permit(
      'ReadChanges',
      [
        'kinesis:DescribeStream',
        'kinesis:DescribeStreamSummary',
        'kinesis:GetRecords',
        'kinesis:GetShardIterator',
        'kinesis:ListShards',
      ],
      [this.streamArn],
    );
  }
}
