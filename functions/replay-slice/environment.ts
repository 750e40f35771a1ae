/** The settings of a slice of a replay, parsed once at cold start. It runs the replicator's core, so it has all of the replicator's settings. */
import * as z from 'zod/mini';
import { replicatorEnvironment } from '../replicator/environment.ts';

export const replaySliceEnvironment = z.extend(replicatorEnvironment, {
  CHANGE_STREAM: z.string().check(z.minLength(1)),
  REPLAYS_TABLE: z.string().check(z.minLength(1)),
  /** Records asked for at a time; what one answer brings is applied as one batch. */
  BATCH_RECORDS: z.coerce.number().check(z.int(), z.minimum(1), z.maximum(10_000)),
});

export type ReplaySliceEnvironment = Record<keyof z.infer<typeof replaySliceEnvironment>, string>;
