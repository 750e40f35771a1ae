/**
 * Every number and name of a deployment that somebody may want to change, each with its unit, its default and why it is that.
 * A setting is overridden with the CDK context key `relay:<name>` (`cdk deploy -c relay:changeStreamShards=4`). Whatever is
 * not here and not in the template does not exist: no construct may read the environment.
 */
import * as z from 'zod';

/** Capacities in which DMS Serverless is sold; any other number is refused at deployment. */
const DMS_CAPACITY_UNITS = [1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384];
/** Retentions that CloudWatch Logs knows, up to half a year. */
const LOG_RETENTION_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180];

const whole = (lowest: number, highest: number) => z.coerce.number().int().min(lowest).max(highest);
const oneOf = (allowed: readonly number[]) =>
  z.coerce.number().refine((value) => allowed.includes(value), { error: `allowed: ${allowed.join(', ')}` });

const settings = z.strictObject({
  /** Name of the stack with the outputs; the stateful stack is called `<stackName>State`. Two pipelines in one account need two names. */
  stackName: z
    .string()
    .regex(/^[A-Z][A-Za-z0-9]{0,29}$/, 'a letter in upper case, then at most 29 letters or digits')
    .default('MetricRelay'),
  /** The bus that subscribers name in their rules: a public name, so it is fixed and not generated. */
  eventBusName: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,63}$/, 'at most 64 of a-z, 0-9 and -')
    .default('metric-events'),

  /**
   * Name of the binlog lineage that DMS stamps on every row. Change it whenever binlog file numbers start again from one (new
   * cluster, restored snapshot, blue/green switch): positions of different lineages are never compared by number.
   */
  binlogLineage: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'at most 40 of a-z, 0-9 and -')
    .default('lph-1'),
  /** DMS engine name of the source. Aurora MySQL is `aurora`. */
  sourceEngine: z.enum(['aurora', 'mysql', 'mariadb']).default('aurora'),
  /** How DMS checks the server. DMS has no unverified encryption for MySQL, so the other choice is plain text. */
  sourceSslMode: z.enum(['verify-full', 'verify-ca', 'none']).default('verify-full'),
  /** Seconds between two looks at an idle binlog; DMS's default of 5 would be most of the latency of a change. */
  sourcePollSeconds: whole(1, 60).default(1),
  /** DMS capacity units. One is enough for steady change traffic of metadata. */
  dmsMinCapacityUnits: oneOf(DMS_CAPACITY_UNITS).default(1),
  /** DMS capacity units. Bounds the bill; the initial copy of 20,000 metrics stays far below. */
  dmsMaxCapacityUnits: oneOf(DMS_CAPACITY_UNITS).default(4),
  /** A standby replication in a second zone. Without one, DMS resumes from its checkpoint after a failure: later, but whole. */
  dmsMultiAz: z.stringbool().or(z.boolean()).default(false),

  /** Shards, or `on-demand`. A shard takes 1,000 records/s; two keep the initial copy of a few 100,000 rows to minutes. */
  changeStreamShards: z.literal('on-demand').or(whole(1, 200)).default(2),
  /** Hours. At least a week: a record must outlive the retries, a week-end and the redrive that follows them. */
  changeStreamRetentionHours: whole(168, 8760).default(168),

  /** Records per invocation. Rows of one metric that arrive together are recomputed once. */
  replicatorBatchSize: whole(1, 10_000).default(500),
  /** Seconds to wait for a fuller batch. 0: an event should not wait for the next one. */
  replicatorBatchWindowSeconds: whole(0, 300).default(0),
  /** Concurrent batches per shard. 1: rows of one metric in two batches would only contend for its fence. */
  replicatorParallelization: whole(1, 10).default(1),
  /** Attempts per batch. The most that is not endless; the record age below ends the retries long before. */
  replicatorRetryAttempts: whole(0, 10_000).default(10_000),
  /**
   * Hours after which a record that still fails goes to the quarantine bucket, whole. Longer than a weekend, so that an outage or a
   * stopped mapping drains by itself: AWS hands no older record to a function that starts late. At most half of the stream's
   * retention, so that a stuck shard is passed while all behind it still exists.
   */
  replicatorRecordAgeHours: whole(1, 168).default(72),
  /** Seconds. A full batch writes in a few seconds; the rest is for retries of throttled writes inside the invocation. */
  replicatorTimeoutSeconds: whole(10, 900).default(120),
  /** Megabytes. CPU comes with memory: below 1 GB JSON decoding is the slowest part of a batch. */
  replicatorMemoryMb: whole(256, 10_240).default(1024),

  /** Seconds an incomplete metric waits for its missing rows before it is published as it is. An SQS delay is at most 900. */
  graceSeconds: whole(0, 900).default(60),
  /** Metrics. A change that affects more goes to the projection queue, so that one row does not hold up a shard. */
  fanOutLimit: whole(1, 10_000).default(100),
  /** Days a deleted row is remembered; a metric, a group or a dimension always is. Longer than an old record can wait in the stream and then, set aside, in the quarantine. */
  tombstoneDays: whole(8, 3650).default(420),
  /** Days the item at an old name points to the new one: time for readers to follow. */
  redirectDays: whole(1, 3650).default(90),

  /** Projector invocations at a time. Few: each may touch the same heads as the replicator. */
  projectorConcurrency: whole(2, 1000).default(5),
  /** Seconds. The queue's visibility time-out is six times this. */
  projectorTimeoutSeconds: whole(10, 900).default(60),
  /** Receives before a projection message is set aside in the dead-letter queue. */
  projectionMaxReceives: whole(1, 1000).default(10),

  /**
   * Share of what a shard can be read (2 MB and 5 calls a second, for all readers together) that a replay takes by default. The live
   * consumer asks once a second; the rest is for its catching up, and for other readers.
   */
  replayReadShare: z.coerce.number().min(0.05).max(1).default(0.5),
  /** Records per batch of a replay, of several answers: what occurs more than once in a batch is read once. A slice that is killed redoes one batch. */
  replayBatchRecords: whole(1, 10_000).default(10_000),
  /** Seconds a slice of a replay may take. Long: every slice adds to the history of the execution, which ends at 25,000 events. */
  replaySliceSeconds: whole(60, 900).default(600),
  /** Shards that a replay reads side by side. At most 40, as an inline Map of Step Functions. */
  replayConcurrentShards: whole(1, 40).default(10),

  /** Stream records per pipe execution. At most 5: so many of the largest events fit into the 1 MiB that a bus takes per call. */
  pipeBatchSize: whole(1, 5).default(5),
  /** Hours the pipe retries. Below the 24 hours of the table's stream: its dead letters hold only a pointer into that stream. */
  pipeRecordAgeHours: whole(1, 23).default(12),
  /** Attempts of one pipe batch; as above, the age is what ends the retries. */
  pipeRetryAttempts: whole(0, 10_000).default(10_000),
  /** Seconds for the enrichment, of the five minutes that a pipe execution may take in all. */
  enrichmentTimeoutSeconds: whole(5, 240).default(30),

  /** Whether the stack `<stackName>Subscribers` with the worked subscribers (SQL copy, feed stream) is made too. */
  subscribers: z.stringbool().or(z.boolean()).default(false),
  /** Stream that carries every event to streaming readers such as Druid: a name that they are configured with. */
  feedStreamName: z
    .string()
    .regex(/^[a-zA-Z0-9_.-]{1,128}$/, 'at most 128 of a-z, A-Z, 0-9, _, . and -')
    .default('metric-changed'),
  /** Shards of that stream, or `on-demand`. One takes 1 MB/s, some hundreds of the usual events a second. */
  feedStreamShards: z.literal('on-demand').or(whole(1, 200)).default(1),
  /** Hours that stream keeps events for a reader that stopped. Older ones are republished. */
  feedStreamRetentionHours: whole(24, 8760).default(168),
  /** Workers of the SQL copy at a time; each holds one connection to its database. */
  sqlCopyConcurrency: whole(2, 1000).default(2),
  /** Seconds for one batch of the SQL copy. The queue's visibility time-out is six times this. */
  sqlCopyTimeoutSeconds: whole(5, 900).default(30),
  /** Receives before an event that the SQL copy cannot apply is set aside in its dead-letter queue. */
  sqlCopyMaxReceives: whole(1, 1000).default(10),

  /** Whether raw change records are copied to a bucket, to be replayed after the stream has forgotten them. A function and its S3 requests. */
  changeArchive: z.stringbool().or(z.boolean()).default(false),
  /** Days the archive keeps them. Fewer than `tombstoneDays`: an older window cannot be replayed. */
  changeArchiveDays: whole(8, 3650).default(365),
  /** Seconds to wait for a fuller object. Large: nobody waits, and every object is a request to pay. */
  changeArchiveWindowSeconds: whole(0, 300).default(300),

  /** Days the bus keeps published events for a replay to new subscribers. */
  eventArchiveDays: whole(1, 3650).default(90),
  /** Days the bucket keeps records that were set aside; a redrive must be possible long after they were. */
  quarantineDays: whole(30, 3650).default(365),
  /** Days of logs. */
  logDays: oneOf(LOG_RETENTION_DAYS).default(30),
  /** Seconds the replicator may be behind the stream before its alarm. */
  iteratorAgeAlarmSeconds: whole(60, 86_400).default(300),
});

export type StageConfig = z.infer<typeof settings>;

/** Days for which an overwritten or deleted object of the quarantine bucket can still be brought back. */
export const QUARANTINE_UNDO_DAYS = 30;

/** The same for the change archive. */
export const ARCHIVE_UNDO_DAYS = 30;

/** A replay takes up to a day of tombstones for itself; core/replay refuses a window that begins in it. */
const REPLAY_MARGIN_DAYS = 1;

/** Prefix of the CDK context keys that hold settings. */
export const SETTING_PREFIX = 'relay:';

/** The settings of one deployment: the defaults, overridden by `relay:*` context. Throws one error that names every wrong setting. */
export function stageConfig(context: Readonly<Record<string, unknown>> = {}): StageConfig {
  const given = Object.entries(context).flatMap(([key, value]) =>
    key.startsWith(SETTING_PREFIX) ? [[key.slice(SETTING_PREFIX.length), value] as const] : [],
  );
  const parsed = settings.safeParse(Object.fromEntries(given));
  const problems = parsed.success
    ? contradictions(parsed.data)
    : parsed.error.issues.map((issue) => `${issue.path.join('.') || 'settings'}: ${issue.message}`);
  if (!parsed.success || problems.length > 0) {
    throw new Error(
      `The settings of this deployment are not usable:\n  ${problems.join('\n  ')}\n` +
        `Settings are given as -c ${SETTING_PREFIX}<name>=<value>; infra/stage-config.ts lists them with unit and default.`,
    );
  }
  return parsed.data;
}

/** Settings that are allowed one by one, but would lose data together. */
function contradictions(config: StageConfig): string[] {
  const problems: string[] = [];
  if (config.replicatorRecordAgeHours * 2 > config.changeStreamRetentionHours) {
    problems.push(
      `replicatorRecordAgeHours: ${config.replicatorRecordAgeHours} is more than half of changeStreamRetentionHours ` +
        `(${config.changeStreamRetentionHours}); records behind a stuck one would expire. Lower the first or raise the second`,
    );
  }
  // One after the other: a record may be set aside on its last day in the stream, and be brought back after its last day in the bucket.
  const remembered = Math.ceil(config.changeStreamRetentionHours / 24) + config.quarantineDays + QUARANTINE_UNDO_DAYS;
  if (config.tombstoneDays <= remembered) {
    problems.push(
      `tombstoneDays: ${config.tombstoneDays} must be more than the ${remembered} days for which an old record can still be ` +
        'replayed or redriven, or a deleted row could come back. Raise it',
    );
  }
  if (config.changeArchive && config.changeArchiveDays + REPLAY_MARGIN_DAYS > config.tombstoneDays) {
    problems.push(
      `changeArchiveDays: ${config.changeArchiveDays} must be at least ${REPLAY_MARGIN_DAYS} less than tombstoneDays ` +
        `(${config.tombstoneDays}); a replay of older records is refused, because a deleted row could come back. Lower the first or raise the second`,
    );
  }
  if (config.dmsMinCapacityUnits > config.dmsMaxCapacityUnits) {
    problems.push(
      `dmsMinCapacityUnits: ${config.dmsMinCapacityUnits} is more than dmsMaxCapacityUnits (${config.dmsMaxCapacityUnits})`,
    );
  }
  return problems;
}
