/** The port to where given-up records go. The checkpoint may pass a given-up record only after `take` has resolved. */
import type { Discard } from './retry-decision.ts';

export interface DiscardedBatch extends Discard {
  readonly shardId: string;
  readonly streamArn: string;
  /** Why the last delivery failed; goes to the log, and to the destination as AWS documents it. */
  readonly lastMessage: string;
  readonly functionError?: string;
}

export interface FailureDestination {
  take(batch: DiscardedBatch): Promise<void>;
}
