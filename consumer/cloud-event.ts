/**
 * A MetricChanged as a CloudEvent 1.0 in structured JSON mode, for receivers that speak CloudEvents (Knative, Azure Event Grid, webhooks). A
 * redelivery gives the same `source` and `id`, which is what CloudEvents calls a duplicate. Pure. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
import { EVENT_DETAIL_TYPE, EVENT_SOURCE, type MetricChanged } from '#schemas/metric-changed.ts';

export interface MetricChangedCloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time?: string;
  readonly datacontenttype: 'application/json';
  readonly dataschema?: string;
  /** Extensions: names of CloudEvents are lower case letters and digits only. */
  readonly schemaversion: string;
  readonly correlationid: string;
  readonly replay: boolean;
  readonly data: MetricChanged['data'];
}

export interface CloudEventOptions {
  /** URI reference of the publisher; with several stages give each its own, because `source` and `id` together name an event. */
  readonly source?: string;
  /** URI of the JSON Schema of `data`, when you publish it. */
  readonly dataschema?: string;
}

/** Media type of the JSON text when it is sent over HTTP. */
export const CLOUD_EVENT_MEDIA_TYPE = 'application/cloudevents+json; charset=UTF-8';

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

export function asCloudEvent(
  { metadata, data }: MetricChanged,
  { source = `/${EVENT_SOURCE}`, dataschema }: CloudEventOptions = {},
): MetricChangedCloudEvent {
  return {
    specversion: '1.0',
    id: metadata.eventId,
    source,
    type: `${EVENT_SOURCE}.${EVENT_DETAIL_TYPE}`,
    subject: data.metricId,
    ...(RFC_3339.test(metadata.occurredAt) && { time: metadata.occurredAt }),
    datacontenttype: 'application/json',
    ...(dataschema !== undefined && { dataschema }),
    schemaversion: metadata.schemaVersion,
    correlationid: metadata.correlationId,
    replay: metadata.replay,
    data,
  };
}
