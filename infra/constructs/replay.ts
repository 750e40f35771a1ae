/**
 * Replay of a window of the change stream: the function that applies a slice of a shard, and the state machine that runs slices until every
 * shard is done. The function may do what the replicator may, and keep its checkpoints; the state machine may invoke that function.
 */
import { Stack, Validations } from 'aws-cdk-lib';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { ReplaySliceEnvironment } from '#functions/replay-slice/environment.ts';
import type { StageConfig } from '../stage-config.ts';
import type { ChangeStream } from './change-stream.ts';
import type { RawRecordBucket } from './raw-record-bucket.ts';
import { RelayFunction } from './relay-function.ts';
import type { RelayTable } from './relay-table.ts';
import { replayDefinition } from './replay-definition.ts';
import {
  permitReplication,
  type QuarantineParts,
  type RecomputeParts,
  replicationEnvironment,
} from './replication-core.ts';
import { ServiceRole } from './service-role.ts';

/** Seconds between the function's own time-out and the state machine's: Lambda's verdict comes first. */
const TASK_MARGIN_SECONDS = 60;

export interface ReplayProps extends RecomputeParts, QuarantineParts {
  readonly config: StageConfig;
  readonly projectRoot: string;
  readonly changes: ChangeStream;
  readonly replays: RelayTable;
  /** Only with the setting `changeArchive`. */
  readonly changeArchiveBucket: RawRecordBucket | undefined;
}

export class Replay extends Construct {
  readonly slice: RelayFunction;
  readonly stateMachine: CfnStateMachine;

  constructor(scope: Construct, id: string, props: ReplayProps) {
    super(scope, id);
    const { config } = props;
    const environment: ReplaySliceEnvironment = {
      ...replicationEnvironment(config, props),
      CHANGE_STREAM: props.changes.streamName,
      ...(props.changeArchiveBucket && {
        CHANGE_ARCHIVE_BUCKET: props.changeArchiveBucket.bucketName,
        CHANGE_ARCHIVE_DAYS: String(config.changeArchiveDays),
      }),
      REPLAYS_TABLE: props.replays.tableName,
      BATCH_RECORDS: String(config.replayBatchRecords),
    };
    this.slice = new RelayFunction(this, 'Slice', {
      folder: 'replay-slice',
      description: 'Replays a slice of a shard of the change stream through the core of the replicator',
      projectRoot: props.projectRoot,
      environment,
      memoryMb: config.replicatorMemoryMb,
      timeoutSeconds: config.replaySliceSeconds,
      logDays: config.logDays,
    });
    this.permitSlice(props);
    this.stateMachine = this.machine(config);
  }

  private permitSlice(props: ReplayProps): void {
    const { role } = this.slice;
    permitReplication(role, props);
    role.permit(
      'ReadWindow',
      ['kinesis:DescribeStreamSummary', 'kinesis:GetRecords', 'kinesis:GetShardIterator', 'kinesis:ListShards'],
      [props.changes.streamArn],
    );
    role.permit('KeepCheckpoints', ['dynamodb:GetItem', 'dynamodb:PutItem'], [props.replays.tableArn]);
    if (props.changeArchiveBucket) this.permitArchive(props.changeArchiveBucket);
  }

  private permitArchive(bucket: RawRecordBucket): void {
    const { role } = this.slice;
    role.permit('FindArchived', ['s3:ListBucket'], [bucket.bucketArn], { StringLike: { 's3:prefix': 'changes/*' } });
    bucket.permitObjects(
      role,
      'ReadArchived',
      's3:GetObject',
      'changes/*',
      'Objects of the one archive bucket, read only: which ones a replay opens follows from its window.',
    );
  }

  private machine(config: StageConfig): CfnStateMachine {
    // A name of our own choice, so that the role can be bound to this state machine before it exists.
    const name = `${Stack.of(this).stackName}-replay`;
    const role = new ServiceRole(this, 'Role', {
      service: 'states.amazonaws.com',
      description: 'Runs the slices of a replay',
      source: { service: 'states', resource: `stateMachine:${name}` },
      sourceCheck: 'always',
    });
    role.permit('RunSlices', ['lambda:InvokeFunction'], [this.slice.function.functionArn]);
    const machine = new CfnStateMachine(this, 'StateMachine', {
      stateMachineName: name,
      stateMachineType: 'STANDARD',
      roleArn: role.roleArn,
      definitionString: Stack.of(this).toJsonString(
        replayDefinition({
          sliceFunctionArn: this.slice.function.functionArn,
          concurrentShards: config.replayConcurrentShards,
          sliceTimeoutSeconds: config.replaySliceSeconds + TASK_MARGIN_SECONDS,
        }),
      ),
    });
    machine.node.addDependency(role);
    Validations.of(machine).acknowledge(
      {
        id: 'AwsSolutions-SF1',
        reason:
          'Step Functions keeps the history of a standard execution for 90 days, the table Replays its checkpoints, and the function logs every slice. Log delivery would need permissions on every log group.',
      },
      {
        id: 'AwsSolutions-SF2',
        reason:
          'One function is called, again and again: a trace would show what the history shows. X-Ray takes no resource in its permissions.',
      },
    );
    return machine;
  }
}
