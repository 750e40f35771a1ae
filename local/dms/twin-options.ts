/** What a DMS twin is made of: the source, what the template says of the replication and its endpoints, and where it keeps its checkpoint. */
import type { CheckpointStore, Log } from '../local-aws.ts';
import type { Chaos } from './chaos.ts';
import type { KinesisEndpointSettings } from './endpoint-settings.ts';
import type { KinesisProducer } from './kinesis-producer.ts';
import type { ReplicationSettings } from './replication-settings.ts';
import type { ReplicationStatus } from './replication-status.ts';
import type { TableMappings } from './table-mappings.ts';

export interface DmsTwinOptions {
  readonly sourceUrl: string;
  readonly endpoint: KinesisEndpointSettings;
  readonly replication: ReplicationSettings;
  readonly mappings: TableMappings;
  readonly taskId: string;
  /** Key in the checkpoint store. */
  readonly checkpointKey: string;
  readonly checkpoints: CheckpointStore;
  /** The checkpoint passes a record this long after Kinesis has accepted it. */
  readonly checkpointLagMs: number;
  readonly chaos: Chaos;
  readonly log: Log;
  /** A producer that reports its state; a new one for each attempt. */
  createProducer(status: ReplicationStatus): KinesisProducer;
}
