/**
 * The contract as an AsyncAPI 3 document: one channel (the bus), one message, and one operation as this project sees it (it sends).
 * Tools make clients and pages from it; the schema inside is the one of schemas/metric-changed.ts.
 * https://www.asyncapi.com/docs/reference/specification/v3.0.0
 */
import { EVENT_DETAIL_TYPE, EVENT_SCHEMA_VERSION, EVENT_SOURCE, type MetricChanged } from '../metric-changed.ts';
import { exampleEnvelope } from './event-envelope.ts';
import { asyncApiSchema, type JsonSchema } from './json-schemas.ts';

const BUS = 'metric-events';

/** `examples`: one event for each kind of change. */
export function asyncApiDocument(examples: readonly MetricChanged[]): JsonSchema {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Metric Relay events',
      version: EVENT_SCHEMA_VERSION,
      description:
        'One event for every visible change of a metric. Delivered at least once and in no order: apply an event only if its ' +
        '`detail.data.revision` is greater than the last one applied for its `detail.data.metricId`.',
    },
    defaultContentType: 'application/json',
    channels: {
      metricEvents: {
        address: BUS,
        title: 'EventBridge bus',
        description: `A custom event bus. A rule with the pattern {"source":["${EVENT_SOURCE}"],"detail-type":["${EVENT_DETAIL_TYPE}"]} brings the events to a target of yours.`,
        messages: { [EVENT_DETAIL_TYPE]: { $ref: `#/components/messages/${EVENT_DETAIL_TYPE}` } },
      },
    },
    operations: {
      publishMetricChanged: {
        action: 'send',
        channel: { $ref: '#/channels/metricEvents' },
        summary: 'Metric Relay publishes each visible change of a metric.',
        messages: [{ $ref: `#/channels/metricEvents/messages/${EVENT_DETAIL_TYPE}` }],
      },
    },
    components: {
      messages: {
        [EVENT_DETAIL_TYPE]: {
          name: EVENT_DETAIL_TYPE,
          title: 'A metric changed',
          contentType: 'application/json',
          payload: asyncApiSchema(),
          examples: examples.map((detail) => ({ name: detail.data.change, payload: exampleEnvelope(detail) })),
        },
      },
    },
  };
}
