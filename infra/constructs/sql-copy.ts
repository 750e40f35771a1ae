/**
 * The queue and the worker of the SQL copy. The worker may take from its queue, read the one secret with the address of its database, and
 * read a metric that was too large for its event; everything it writes is in that database.
 */
import { Validations } from 'aws-cdk-lib';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { SqlCopyEnvironment } from '#subscribers/sql-copy/environment.ts';
import type { StageConfig } from '../stage-config.ts';
import { RelayFunction } from './relay-function.ts';
import { consumeQueue, workQueue } from './work-queue.ts';

const BATCH_SIZE = 10;
/** Megabytes. A batch is ten small writes. */
const MEMORY_MB = 512;

export interface SqlCopyProps {
  readonly config: StageConfig;
  readonly projectRoot: string;
  readonly metricsTableArn: string;
  readonly secretArn: string;
  readonly network: { readonly subnetIds: string[]; readonly securityGroupIds: string[] };
}

export class SqlCopy extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly function: RelayFunction;

  constructor(scope: Construct, id: string, props: SqlCopyProps) {
    super(scope, id);
    const { config, secretArn } = props;
    const { queue, deadLetters } = workQueue(this, {
      consumerTimeoutSeconds: config.sqlCopyTimeoutSeconds,
      maxReceives: config.sqlCopyMaxReceives,
    });
    this.queue = queue;
    this.deadLetters = deadLetters;

    // The secret's ARN, not what is in it: an environment is shown to everybody who may look at the function.
    const environment: SqlCopyEnvironment = { COPY_SECRET_ARN: secretArn };
    this.function = new RelayFunction(this, 'Function', {
      root: 'subscribers',
      folder: 'sql-copy',
      description: 'Keeps a copy of the metrics in SQL',
      projectRoot: props.projectRoot,
      environment,
      memoryMb: MEMORY_MB,
      timeoutSeconds: config.sqlCopyTimeoutSeconds,
      logDays: config.logDays,
    });
    const { role } = this.function;
    role.permit('ReadDatabaseAddress', ['secretsmanager:GetSecretValue'], [secretArn]);
    role.permit('ReadLargeMetrics', ['dynamodb:GetItem'], [props.metricsTableArn]);
    this.joinNetwork(props.network);
    consumeQueue(this, 'Events', {
      worker: this.function,
      queue,
      sid: 'TakeEvents',
      batchSize: BATCH_SIZE,
      concurrency: config.sqlCopyConcurrency,
    });
  }

  /** The network is known by the ids of the deployment's parameters only, which the level 2 construct of a VPC cannot be made from. */
  private joinNetwork({ subnetIds, securityGroupIds }: SqlCopyProps['network']): void {
    const { role, function: worker } = this.function;
    // As AWS's own policy AWSLambdaVPCAccessExecutionRole has it.
    role.permit(
      'JoinNetwork',
      [
        'ec2:AssignPrivateIpAddresses',
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:UnassignPrivateIpAddresses',
      ],
      ['*'],
    );
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'Lambda makes network interfaces under ids of its own, and EC2 knows no resource for the Describe actions.',
    });
    const resource = worker.node.defaultChild;
    if (!(resource instanceof CfnFunction))
      throw new Error(`${worker.node.path} has no function as its default child.`);
    resource.vpcConfig = { subnetIds, securityGroupIds };
  }
}
