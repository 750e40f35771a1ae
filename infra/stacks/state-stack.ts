/**
 * Everything that holds data: the change stream, the four tables, the quarantine bucket, the bus with its archive and the registry of its schemas. It has nothing that
 * changes often, is protected from termination, and keeps every resource when it is deleted all the same.
 */
import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ChangeStream } from '../constructs/change-stream.ts';
import { EventSchemaRegistry } from '../constructs/event-schema-registry.ts';
import { MetricEventBus } from '../constructs/metric-event-bus.ts';
import { RawRecordBucket } from '../constructs/raw-record-bucket.ts';
import { RelayTable } from '../constructs/relay-table.ts';
import { ARCHIVE_UNDO_DAYS, QUARANTINE_UNDO_DAYS, type StageConfig } from '../stage-config.ts';

export class StateStack extends Stack {
  readonly changes: ChangeStream;
  readonly metrics: RelayTable;
  readonly sourceRows: RelayTable;
  readonly quarantine: RelayTable;
  readonly quarantineBucket: RawRecordBucket;
  readonly replays: RelayTable;
  /** Only with the setting `changeArchive`. */
  readonly changeArchiveBucket: RawRecordBucket | undefined;
  readonly bus: MetricEventBus;

  constructor(scope: Construct, id: string, props: StackProps & { readonly config: StageConfig }) {
    super(scope, id, { ...props, terminationProtection: true });
    const { config } = props;
    this.changes = new ChangeStream(this, 'ChangeStream', {
      shards: config.changeStreamShards,
      retentionHours: config.changeStreamRetentionHours,
    });
    this.metrics = new RelayTable(this, 'Metrics', {
      partitionKey: 'name',
      sortKey: 'version',
      stream: true,
      // The redirect at an old name.
      expires: true,
    });
    this.sourceRows = new RelayTable(this, 'SourceRows', {
      partitionKey: 'pk',
      sortKey: 'sk',
      // Tombstones.
      expires: true,
    });
    this.quarantine = new RelayTable(this, 'Quarantine', { partitionKey: 'pk', sortKey: 'sk' });
    // Records that were set aside, and whole batches that Lambda gave up on.
    this.quarantineBucket = new RawRecordBucket(this, 'QuarantineBucket', {
      keepDays: config.quarantineDays,
      undoDays: QUARANTINE_UNDO_DAYS,
      usedBy: 'Three roles of this app write here and operators read',
    });
    // Requests and checkpoints; forgotten some time after the last write.
    this.replays = new RelayTable(this, 'Replays', { partitionKey: 'pk', sortKey: 'sk', expires: true });
    this.changeArchiveBucket = config.changeArchive
      ? new RawRecordBucket(this, 'ChangeArchiveBucket', {
          keepDays: config.changeArchiveDays,
          undoDays: ARCHIVE_UNDO_DAYS,
          usedBy: 'One role of this app writes here and one reads',
        })
      : undefined;
    this.bus = new MetricEventBus(this, 'EventBus', {
      name: config.eventBusName,
      archiveDays: config.eventArchiveDays,
    });
    new EventSchemaRegistry(this, 'EventSchemas', { name: config.eventBusName });
  }

  /** What the functions work on, by the names they use. */
  get parts() {
    const { changes, metrics, sourceRows, quarantine, quarantineBucket, replays, changeArchiveBucket } = this;
    return { changes, metrics, sourceRows, quarantine, quarantineBucket, replays, changeArchiveBucket };
  }

  /** The stream of the Metrics table; the table is declared with one. */
  get metricsStreamArn(): string {
    const arn = this.metrics.tableStreamArn;
    if (arn === undefined)
      throw new Error('The Metrics table has no stream; declare it with stream: true, the pipe reads it.');
    return arn;
  }
}
