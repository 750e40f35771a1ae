/**
 * A message on the projection queue. Work that is too large for a batch, or that must be done later, is handed over here; each kind may be
 * delivered twice and in any order, because a recompute reads everything anew.
 */
import * as z from 'zod/mini';

/** Present when the rows that were looked at had been stored before: the states in which they lay there. Who is known to cover them all is left alone. */
const foundAs = z.optional(z.array(z.string()));
const commit = z.object({ transactionId: z.optional(z.string()), committedAt: z.string() });

export const projectionMessage = z.discriminatedUnion('kind', [
  /**
   * Recompute these metrics; sent with a delay when they wait for missing rows. `byItems` is a rebuild's: look at the published items
   * themselves instead of trusting the heads' record of them.
   */
  z.object({
    kind: z.literal('recompute'),
    metricIds: z.array(z.string()),
    commit,
    byItems: z.optional(z.boolean()),
    foundAs,
  }),
  /** Recompute every metric that uses one of these entities (`dimension#9`, `group#5`, `metric#7`). */
  z.object({ kind: z.literal('fanOut'), partitions: z.array(z.string()), commit, foundAs }),
]);

export type ProjectionMessage = z.infer<typeof projectionMessage>;
