/** The settings of a slice of a replay, parsed once at cold start. It runs the replicator's core, so it has all of the replicator's settings. */
import * as z from 'zod/mini';
import { replicatorEnvironment } from '../replicator/environment.ts';

export const replaySliceEnvironment = z.extend(replicatorEnvironment, {
  CHANGE_STREAM: z.string().check(z.minLength(1)),
  REPLAYS_TABLE: z.string().check(z.minLength(1)),
  /** Bucket of the change archive and the days that it keeps records; absent when the archive is not on. */
  CHANGE_ARCHIVE_BUCKET: z.optional(z.string().check(z.minLength(1))),
  CHANGE_ARCHIVE_DAYS: z.optional(z.coerce.number().check(z.int(), z.minimum(1))),
  /** Records that are applied as one batch, at most; reading them may take several answers. */
  BATCH_RECORDS: z.coerce.number().check(z.int(), z.minimum(1), z.maximum(10_000)),
});

type Setting = keyof z.infer<typeof replaySliceEnvironment>;
type ArchiveSetting = Extract<Setting, `CHANGE_ARCHIVE_${string}`>;

export type ReplaySliceEnvironment = Record<Exclude<Setting, ArchiveSetting>, string> &
  Partial<Record<ArchiveSetting, string>>;
