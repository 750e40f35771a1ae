/**
 * One alarm for each thing that waits for a person, named after what that person does. Every alarm is on a metric that AWS counts by
 * itself, so none can be silenced by a bug of ours. Whom an alarm wakes is not decided here: a rule on the default bus for
 * `CloudWatch Alarm State Change` sends them wherever the operators are.
 */
import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, type MetricProps, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { RelayTable } from './relay-table.ts';

const PERIOD = Duration.minutes(1);
/** Its batches wait for minutes by design; the stream remembers for days. */
const ARCHIVER_BEHIND_MS = 3_600_000;

export interface OperatorAlarmsProps {
  readonly replicator: IFunction;
  readonly iteratorAgeSeconds: number;
  /** Only with the setting `changeArchive`. */
  readonly changeArchiver: IFunction | undefined;
  readonly quarantine: RelayTable;
  readonly projectionDeadLetters: IQueue;
  readonly pipeName: string;
  readonly pipeDeadLetters: IQueue;
}

export class OperatorAlarms extends Construct {
  constructor(scope: Construct, id: string, props: OperatorAlarmsProps) {
    super(scope, id);
    this.alarm('FindOutWhyTheReplicatorIsBehind', {
      description: 'The oldest unread row change is too old: look at the errors and throttles of the replicator.',
      metric: {
        namespace: 'AWS/Lambda',
        metricName: 'IteratorAge',
        dimensionsMap: { FunctionName: props.replicator.functionName },
        statistic: 'Maximum',
      },
      aboveMs: props.iteratorAgeSeconds * 1000,
    });
    if (props.changeArchiver) {
      this.alarm('FindOutWhyTheArchiverIsBehind', {
        description:
          'Changes are not archived. What the stream forgets before they are is in no archive: look at the errors of the change archiver.',
        metric: {
          namespace: 'AWS/Lambda',
          metricName: 'IteratorAge',
          dimensionsMap: { FunctionName: props.changeArchiver.functionName },
          statistic: 'Maximum',
        },
        aboveMs: ARCHIVER_BEHIND_MS,
      });
    }
    this.alarm('InspectAndRedriveTheQuarantine', {
      description:
        'Records or changes without an event were set aside in the quarantine table: find the reason there, mend it, redrive or republish them.',
      metric: {
        namespace: 'AWS/DynamoDB',
        metricName: 'ConsumedWriteCapacityUnits',
        dimensionsMap: { TableName: props.quarantine.tableName },
        statistic: 'Sum',
      },
    });
    this.alarm('RedriveTheProjectionDeadLetters', {
      description: 'Metrics could not be recomputed: read the projector log, then redrive the dead-letter queue.',
      metric: depth(props.projectionDeadLetters),
    });
    this.alarm('FindOutWhyThePipeFails', {
      description: 'Executions of the pipe fail and are retried: events are late. Look at its log group.',
      metric: {
        namespace: 'AWS/EventBridge/Pipes',
        metricName: 'ExecutionFailed',
        dimensionsMap: { PipeName: props.pipeName },
        statistic: 'Sum',
      },
    });
    this.alarm('RepublishWhatThePipeGaveUp', {
      description: 'Events were given up after all retries: republish the metrics concerned.',
      metric: depth(props.pipeDeadLetters),
    });
  }

  private alarm(id: string, props: { description: string; metric: MetricProps; aboveMs?: number }): void {
    new Alarm(this, id, {
      alarmDescription: props.description,
      metric: new Metric({ ...props.metric, period: PERIOD }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: props.aboveMs ?? 0,
      evaluationPeriods: props.aboveMs === undefined ? 1 : 5,
      // Nothing happened: none of these metrics is reported while there is nothing to do.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

function depth(queue: IQueue): MetricProps {
  return {
    namespace: 'AWS/SQS',
    metricName: 'ApproximateNumberOfMessagesVisible',
    dimensionsMap: { QueueName: queue.queueName },
    statistic: 'Maximum',
  };
}
