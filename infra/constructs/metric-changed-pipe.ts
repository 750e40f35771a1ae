/**
 * The pipe from the stream of the Metrics table to the bus: item "0" only, through the enrichment that builds the event. It owns
 * which table changes become events and how long that is retried; what an event says is the enrichment's business.
 */

import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CfnPipe } from 'aws-cdk-lib/aws-pipes';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { EVENT_DETAIL_TYPE, EVENT_SOURCE } from '#schemas/metric-changed.ts';
import type { MetricEventBus } from './metric-event-bus.ts';
import { ServiceRole } from './service-role.ts';

/** Sort key of the item that stands for the current state of a metric; every other item is a version of the past. */
const CURRENT_VERSION = '0';

export interface MetricChangedPipeProps {
  readonly metricsStreamArn: string;
  readonly enrichment: IFunction;
  readonly bus: MetricEventBus;
  readonly batchSize: number;
  readonly recordAgeHours: number;
  readonly retryAttempts: number;
  readonly logDays: RetentionDays;
}

export class MetricChangedPipe extends Construct {
  readonly pipe: CfnPipe;
  readonly name: string;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: MetricChangedPipeProps) {
    super(scope, id);
    // A name of our own choice, so that the role can be bound to this pipe before the pipe exists.
    this.name = `${Stack.of(this).stackName}-metric-changed`;
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(this.deadLetters).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'This is the dead-letter queue of the pipe; the rule sees only those that another queue names.',
    });
    // Executions that failed, without the items: EventBridge adds them only when told to.
    const logGroup = new LogGroup(this, 'Logs', { retention: props.logDays, removalPolicy: RemovalPolicy.DESTROY });
    const role = this.role(props);

    this.pipe = new CfnPipe(this, 'Pipe', {
      name: this.name,
      description: 'Item "0" of a metric changed: publish MetricChanged',
      roleArn: role.roleArn,
      desiredState: 'RUNNING',
      source: props.metricsStreamArn,
      sourceParameters: {
        dynamoDbStreamParameters: {
          // LATEST would lose what is written while the pipe is being created.
          startingPosition: 'TRIM_HORIZON',
          batchSize: props.batchSize,
          maximumRecordAgeInSeconds: Duration.hours(props.recordAgeHours).toSeconds(),
          maximumRetryAttempts: props.retryAttempts,
          onPartialBatchItemFailure: 'AUTOMATIC_BISECT',
          deadLetterConfig: { arn: this.deadLetters.queueArn },
        },
        filterCriteria: {
          filters: [{ pattern: JSON.stringify({ dynamodb: { Keys: { version: { S: [CURRENT_VERSION] } } } }) }],
        },
      },
      enrichment: props.enrichment.functionArn,
      target: props.bus.eventBusArn,
      targetParameters: { eventBridgeEventBusParameters: { source: EVENT_SOURCE, detailType: EVENT_DETAIL_TYPE } },
      logConfiguration: { level: 'ERROR', cloudwatchLogsLogDestination: { logGroupArn: logGroup.logGroupArn } },
    });
    // The pipe is refused if its role cannot read the stream or write to the dead letters yet.
    this.pipe.node.addDependency(role);
  }

  private role(props: MetricChangedPipeProps): ServiceRole {
    const role = new ServiceRole(this, 'Role', {
      service: 'pipes.amazonaws.com',
      description: 'Reads changes of metrics, has them made into events and publishes them',
      source: { service: 'pipes', resource: 'pipe', name: this.name },
      sourceCheck: 'always',
    });
    role.permit(
      'ReadMetricChanges',
      ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
      [props.metricsStreamArn],
    );
    role.permit('Enrich', ['lambda:InvokeFunction'], [props.enrichment.functionArn]);
    role.permit('Publish', ['events:PutEvents'], [props.bus.eventBusArn]);
    role.permit('KeepPointers', ['sqs:SendMessage'], [this.deadLetters.queueArn]);
    return role;
  }
}
