/** The enrichment's settings, parsed once at cold start. */
import * as z from 'zod/mini';

export const enrichmentEnvironment = z.object({
  /** Name of the Metrics table, for the claim check of an event that would be too large. */
  METRICS_TABLE: z.string().check(z.minLength(1)),
});

export type EnrichmentEnvironment = Record<keyof z.infer<typeof enrichmentEnvironment>, string>;
