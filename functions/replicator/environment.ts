/** The replicator's settings, parsed once at cold start. The template sets every one of them; a missing one is an error that names it. */
import * as z from 'zod/mini';

export const replicatorEnvironment = z.object({
  METRICS_TABLE: z.string().check(z.minLength(1)),
  SOURCE_ROWS_TABLE: z.string().check(z.minLength(1)),
  QUARANTINE_TABLE: z.string().check(z.minLength(1)),
  QUARANTINE_BUCKET: z.string().check(z.minLength(1)),
  PROJECTION_QUEUE_URL: z.string().check(z.minLength(1)),
  /** How long an incomplete metric waits for its missing rows before it is published as it is. Seconds. */
  GRACE_SECONDS: z.coerce.number().check(z.int(), z.minimum(0), z.maximum(900)),
  /** A change that affects more metrics than this goes to the projection queue. */
  FAN_OUT_LIMIT: z.coerce.number().check(z.int(), z.minimum(1)),
  /** How long the deleted part of an entity is remembered; longer than any replay can reach back. Days. */
  TOMBSTONE_DAYS: z.coerce.number().check(z.int(), z.minimum(1)),
  /** How long the item at an old name points to the new name. Days. */
  REDIRECT_DAYS: z.coerce.number().check(z.int(), z.minimum(1)),
});

export type ReplicatorEnvironment = Record<keyof z.infer<typeof replicatorEnvironment>, string>;
