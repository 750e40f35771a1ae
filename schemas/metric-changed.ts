/**
 * `MetricChanged`, the event that other teams build on: the `detail` of an EventBridge event with source `metric-relay` and
 * detail-type `MetricChanged`. Members are only ever added within a major version; consumers ignore what they do not know.
 */
import * as z from 'zod/mini';

export const EVENT_SOURCE = 'metric-relay';
export const EVENT_DETAIL_TYPE = 'MetricChanged';
export const EVENT_SCHEMA_VERSION = '1.0';

export const metricChange = z.enum(['CREATED', 'UPDATED', 'DEPRECATED', 'RESTORED', 'RENAMED', 'DELETED']);

/**
 * Item "0" as plain JSON: sets are sorted arrays; a number is a JSON number where that is exact, else its decimal text.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html limits JSON integers to 64 bits.
 */
export const metricJson = z.looseObject({
  name: z.string(),
  version: z.literal('0'),
  metricId: z.union([z.number(), z.string()]),
  revision: z.union([z.number(), z.string()]),
  latestVersion: z.optional(z.union([z.number(), z.string()])),
  valueType: z.string(),
  createdAt: z.optional(z.string()),
  createdBy: z.optional(z.string()),
  updatedAt: z.optional(z.string()),
  updatedBy: z.optional(z.string()),
  deprecatedAt: z.optional(z.string()),
  deprecatedBy: z.optional(z.string()),
  deprecatedReason: z.optional(z.string()),
  aggregationStyle: z.optional(z.string()),
  aggregationParam: z.optional(z.union([z.number(), z.string()])),
  hybridFormula: z.optional(z.string()),
  chainedMetric: z.optional(z.string()),
  chainCutoffDate: z.optional(z.string()),
  relatedDimensions: z.optional(z.array(z.string())),
  consumedMetrics: z.optional(z.array(z.string())),
  previousName: z.optional(z.string()),
  incomplete: z.optional(z.literal(true)),
});

export const metricChanged = z.looseObject({
  metadata: z.looseObject({
    /** `metricId:revision`; a redelivery repeats it. */
    eventId: z.string().check(z.regex(/^\d+:\d+$/)),
    schemaVersion: z.string().check(z.regex(/^1\.\d+$/)),
    /** Commit time of the change in the source. */
    occurredAt: z.string(),
    /** Transaction of the source in decimal digits; `load` for a row of a full load. */
    correlationId: z.string(),
    replay: z.boolean(),
  }),
  data: z.looseObject({
    metricId: z.string().check(z.regex(/^\d+$/)),
    name: z.string(),
    change: metricChange,
    /** Counts the visible changes of the metric, without gaps. Apply an event only if it is greater than the last one applied. */
    revision: z.number(),
    /** Latest version of the source; absent while no version has arrived. */
    version: z.optional(z.string()),
    previousName: z.optional(z.string()),
    changedAttributes: z.array(z.string()),
    /** The changed attributes as they were; one that was absent is absent here. */
    previous: z.record(z.string(), z.unknown()),
    /** The metric after the change; for DELETED its last known state. Absent when it would be too large: then `metricRef` tells where it is. */
    metric: z.optional(metricJson),
    metricRef: z.optional(z.object({ table: z.string(), name: z.string(), version: z.string() })),
  }),
});

export type MetricChange = z.infer<typeof metricChange>;
export type MetricChanged = z.infer<typeof metricChanged>;
export type MetricJson = z.infer<typeof metricJson>;
