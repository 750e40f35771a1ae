/** What was seen of each hop. A member that is absent could not be seen from here, and is shown as unknown, never as zero. */
import type { PipelineReport } from '../pipeline/resource-status.ts';

export interface QueueDepth {
  readonly waiting: number;
  readonly inFlight: number;
  readonly delayed: number;
}

export interface Observation {
  readonly report?: PipelineReport | undefined;
  readonly projectionQueue?: QueueDepth | undefined;
  readonly deadLetters?: QueueDepth | undefined;
  readonly quarantined?: number | undefined;
  readonly metrics?: number | undefined;
}
