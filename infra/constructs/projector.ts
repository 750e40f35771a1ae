/**
 * The projector function and its mapping on the projection queue: it recomputes metrics that a batch of the replicator left over. It
 * may do to the tables what the replicator may, reads no stream, and sets nothing aside; the queue has its own dead letters.
 */
import { Construct } from 'constructs';
import type { StageConfig } from '../stage-config.ts';
import { RelayFunction } from './relay-function.ts';
import { permitRecompute, type RecomputeParts, recomputeEnvironment } from './replication-core.ts';
import { consumeQueue } from './work-queue.ts';

/** Messages per invocation. One may hold a hundred metrics, and those of one invocation are done one after the other within one time-out. */
const BATCH_SIZE = 1;

export interface ProjectorProps extends RecomputeParts {
  readonly config: StageConfig;
  readonly projectRoot: string;
}

export class Projector extends Construct {
  readonly function: RelayFunction;

  constructor(scope: Construct, id: string, props: ProjectorProps) {
    super(scope, id);
    const { config } = props;
    this.function = new RelayFunction(this, 'Function', {
      folder: 'projector',
      description: 'Recomputes metrics that a batch left to the projection queue',
      projectRoot: props.projectRoot,
      environment: recomputeEnvironment(config, props),
      memoryMb: config.replicatorMemoryMb,
      timeoutSeconds: config.projectorTimeoutSeconds,
      logDays: config.logDays,
    });

    permitRecompute(this.function.role, props);
    consumeQueue(this, 'Messages', {
      worker: this.function,
      queue: props.projectionQueue,
      sid: 'TakeProjections',
      batchSize: BATCH_SIZE,
      concurrency: config.projectorConcurrency,
    });
  }
}
