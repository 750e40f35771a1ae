/**
 * A MetricChanged as a CloudEvent 1.0 in structured JSON mode, for receivers that speak CloudEvents (Knative, Azure Event Grid, webhooks). A
 * redelivery gives the same `source` and `id`, which is what CloudEvents calls a duplicate. Pure. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
import { EVENT_DETAIL_TYPE, EVENT_SOURCE, eventDataSchema, type MetricChanged } from '#schemas/metric-changed.ts';

export interface MetricChangedCloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly dataschema: string;
  /** Extensions; CloudEvents allows lower case letters and digits only in their names. */
  readonly correlationid: string;
  readonly replay: boolean;
  readonly data: MetricChanged['data'];
}

/** Media type of the JSON text when it is sent over HTTP. */
export const CLOUD_EVENT_MEDIA_TYPE = 'application/cloudevents+json; charset=UTF-8';

/** @param source URI reference of the publisher. Give each stage its own, because `source` and `id` together name an event. */
export function asCloudEvent(
  { metadata, data }: MetricChanged,
  source: string = EVENT_SOURCE,
): MetricChangedCloudEvent {
  return {
    specversion: '1.0',
    id: metadata.eventId,
    source,
    type: EVENT_DETAIL_TYPE,
    subject: data.metricId,
    time: metadata.occurredAt,
    datacontenttype: 'application/json',
    dataschema: eventDataSchema(metadata.schemaVersion),
    correlationid: metadata.correlationId,
    replay: metadata.replay,
    data,
  };
}
