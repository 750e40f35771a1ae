/** The CloudEvent keeps to the specification's rules for names and required attributes. */
import { expect, test } from 'vitest';
import { asCloudEvent } from '#consumer/cloud-event.ts';
import { lifeOfAMetric } from '#consumer/sample-events.ts';

test.each(lifeOfAMetric())(
  'event $metadata.eventId is a CloudEvent 1.0 with the same identity at every delivery',
  (event) => {
    const cloudEvent = asCloudEvent(event);
    expect(asCloudEvent(structuredClone(event))).toEqual(cloudEvent);
    expect(cloudEvent).toMatchObject({
      specversion: '1.0',
      id: event.metadata.eventId,
      source: 'metric-relay',
      type: 'MetricChanged',
      subject: '42',
      dataschema: 'urn:metric-relay:MetricChanged:1.0',
      data: event.data,
    });
    for (const name of Object.keys(cloudEvent)) expect(name).toMatch(/^[a-z0-9]{1,20}$/);
    expect(asCloudEvent(event, '/metric-relay/prod').source).toBe('/metric-relay/prod');
  },
);
