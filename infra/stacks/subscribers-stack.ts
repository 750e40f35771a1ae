/**
 * The worked subscribers, written with nothing but what another team would have: a stream of every event for streaming readers (Druid), and
 * a queue with a worker that keeps a copy of the metrics in SQL. It is made with the setting `subscribers` only, holds nothing that
 * cannot be filled again by a republish, and knows the bus by its name alone.
 */
import { CfnOutput, CfnParameter, Duration, RemovalPolicy, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import type { Construct } from 'constructs';
import { SqlCopy } from '../constructs/sql-copy.ts';
import type { StageConfig } from '../stage-config.ts';
import { MetricChangedSubscription, toQueue, toStream } from '../subscription/metric-changed-subscription.ts';

export interface SubscribersStackProps extends StackProps {
  readonly config: StageConfig;
  readonly projectRoot: string;
  /** Where events too large to carry their metric point to. */
  readonly metricsTable: { readonly tableArn: string };
}

export class SubscribersStack extends Stack {
  constructor(scope: Construct, id: string, props: SubscribersStackProps) {
    super(scope, id, props);
    const { config } = props;

    const feed = this.feed(config);
    const feedSubscription = new MetricChangedSubscription(this, 'Feed', {
      bus: config.eventBusName,
      target: toStream(feed),
      description: 'Every MetricChanged for streaming readers',
    });

    const copy = new SqlCopy(this, 'SqlCopy', {
      config,
      projectRoot: props.projectRoot,
      metricsTableArn: props.metricsTable.tableArn,
      secretArn: this.copySecretArn(),
      network: this.network(),
    });
    const copySubscription = new MetricChangedSubscription(this, 'SqlCopyChanges', {
      bus: config.eventBusName,
      target: toQueue(copy.queue),
      description: 'Every MetricChanged for the SQL copy',
    });

    this.outputs({
      FeedStream: ['Stream with every MetricChanged, partitioned by metric id', feed.streamName],
      FeedDeadLetterQueueUrl: ['Events that could not be put on the stream', feedSubscription.deadLetters.queueUrl],
      SqlCopyQueueUrl: ['Events for the SQL copy', copy.queue.queueUrl],
      SqlCopyDeadLetterQueueUrl: ['Events that the worker could not apply', copy.deadLetters.queueUrl],
      SqlCopyDeliveryDeadLetterQueueUrl: [
        'Events that did not reach the queue of the SQL copy',
        copySubscription.deadLetters.queueUrl,
      ],
      SqlCopyFunction: ['Worker that keeps the SQL copy', copy.function.function.functionName],
    });
  }

  private feed({ feedStreamName, feedStreamShards, feedStreamRetentionHours }: StageConfig): Stream {
    return new Stream(this, 'FeedStream', {
      streamName: feedStreamName,
      ...(feedStreamShards === 'on-demand'
        ? { streamMode: StreamMode.ON_DEMAND }
        : { streamMode: StreamMode.PROVISIONED, shardCount: feedStreamShards }),
      retentionPeriod: Duration.hours(feedStreamRetentionHours),
      encryption: StreamEncryption.MANAGED,
      // Its name is fixed: kept after the stack, it would be in the way of the next one.
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  private copySecretArn(): string {
    Validations.of(this).acknowledge({
      id: 'CloudFormation-Validate::W2509',
      reason: 'The parameter is the ARN of a secret, which is no secret; the password never reaches CloudFormation.',
    });
    return new CfnParameter(this, 'CopySecretArn', {
      type: 'String',
      description: 'Secrets Manager secret with host, port, username, password and dbname of the database of the copy',
      allowedPattern: '^arn:[^:]+:secretsmanager:[^:]+:[0-9]{12}:secret:.+$',
      constraintDescription: 'the whole ARN of a secret, with the six characters at its end',
    }).valueAsString;
  }

  private network(): { readonly subnetIds: string[]; readonly securityGroupIds: string[] } {
    const subnets = new CfnParameter(this, 'SubnetIds', {
      type: 'List<AWS::EC2::Subnet::Id>',
      description:
        'Private subnets that reach the database of the copy and, through VPC endpoints, Secrets Manager and DynamoDB',
    });
    const securityGroups = new CfnParameter(this, 'SecurityGroupIds', {
      type: 'List<AWS::EC2::SecurityGroup::Id>',
      description: 'Security groups of the worker; the one of the database must let them in',
    });
    return { subnetIds: subnets.valueAsList, securityGroupIds: securityGroups.valueAsList };
  }

  private outputs(values: Readonly<Record<string, readonly [description: string, value: string]>>): void {
    for (const [name, [description, value]] of Object.entries(values)) {
      new CfnOutput(this, `Output${name}`, { description, value }).overrideLogicalId(name);
    }
  }
}
