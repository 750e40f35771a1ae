/** The enrichment's settings, parsed once at cold start. */
import * as z from 'zod/mini';

export const enrichmentEnvironment = z.object({
  /** Name of the Metrics table, for the claim check of an event that would be too large. */
  METRICS_TABLE: z.string().check(z.minLength(1)),
  /** Where a change goes of which no event can be made: reason in the table, the stream record in the bucket. */
  QUARANTINE_TABLE: z.string().check(z.minLength(1)),
  QUARANTINE_BUCKET: z.string().check(z.minLength(1)),
});

export type EnrichmentEnvironment = Record<keyof z.infer<typeof enrichmentEnvironment>, string>;
