/**
 * What the functions need that run the core: its settings as environment, and its permissions. Replicator, slices of a replay and, for
 * metrics alone, the projector run the same protocol, so they get the same from one place. No scan and no table operation is among it.
 */
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { ProjectorEnvironment } from '#functions/projector/environment.ts';
import type { ReplicatorEnvironment } from '#functions/replicator/environment.ts';
import type { StageConfig } from '../stage-config.ts';
import type { RawRecordBucket } from './raw-record-bucket.ts';
import type { RelayTable } from './relay-table.ts';
import type { ServiceRole } from './service-role.ts';

/** What a recompute of metrics works on. */
export interface RecomputeParts {
  readonly metrics: RelayTable;
  readonly sourceRows: RelayTable;
  readonly projectionQueue: Queue;
}

/** Where goes what cannot be handled: the reason into the table, the bytes into the bucket. */
export interface QuarantineParts {
  readonly quarantine: RelayTable;
  readonly quarantineBucket: RawRecordBucket;
}

/** Item reads and writes, alone or inside TransactWriteItems, which IAM checks per contained action. */
const ITEM_ACTIONS = [
  'dynamodb:BatchGetItem',
  'dynamodb:BatchWriteItem',
  'dynamodb:ConditionCheckItem',
  'dynamodb:DeleteItem',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:Query',
];

export function recomputeEnvironment(config: StageConfig, parts: RecomputeParts): ProjectorEnvironment {
  return {
    METRICS_TABLE: parts.metrics.tableName,
    SOURCE_ROWS_TABLE: parts.sourceRows.tableName,
    PROJECTION_QUEUE_URL: parts.projectionQueue.queueUrl,
    GRACE_SECONDS: String(config.graceSeconds),
    FAN_OUT_LIMIT: String(config.fanOutLimit),
    TOMBSTONE_DAYS: String(config.tombstoneDays),
    REDIRECT_DAYS: String(config.redirectDays),
  };
}

/** Lets the role recompute metrics, and leave to the queue those that are too many or not whole yet. */
export function permitRecompute(role: ServiceRole, parts: RecomputeParts): void {
  role.permit('RecomputeMetrics', ITEM_ACTIONS, [parts.sourceRows.tableArn, parts.metrics.tableArn]);
  role.permit('QueueProjections', ['sqs:SendMessage'], [parts.projectionQueue.queueArn]);
}

export function replicationEnvironment(
  config: StageConfig,
  parts: RecomputeParts & QuarantineParts,
): ReplicatorEnvironment {
  return { ...recomputeEnvironment(config, parts), ...quarantineEnvironment(parts) };
}

/** Lets the role apply records: store rows, recompute metrics, set aside what it cannot apply. */
export function permitReplication(role: ServiceRole, parts: RecomputeParts & QuarantineParts): void {
  permitRecompute(role, parts);
  permitSetAside(
    role,
    parts,
    '*',
    'Objects of the one quarantine bucket, written only: keys name shard and sequence number, and Lambda names those of failed batches itself.',
  );
}

export function quarantineEnvironment({
  quarantine,
  quarantineBucket,
}: QuarantineParts): Pick<ReplicatorEnvironment, 'QUARANTINE_TABLE' | 'QUARANTINE_BUCKET'> {
  return { QUARANTINE_TABLE: quarantine.tableName, QUARANTINE_BUCKET: quarantineBucket.bucketName };
}

/** Lets the role set records aside, with bytes that go to objects that `pattern` names; `reason` is why it is a pattern. */
export function permitSetAside(role: ServiceRole, parts: QuarantineParts, pattern: string, reason: string): void {
  role.permit('SetAside', ['dynamodb:PutItem'], [parts.quarantine.tableArn]);
  parts.quarantineBucket.permitObjects(role, 'KeepRawRecords', 's3:PutObject', pattern, reason);
}
