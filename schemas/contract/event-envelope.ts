/**
 * The whole event as EventBridge delivers it: its envelope around the MetricChanged detail. The envelope is AWS's, so unknown members
 * are always allowed; `id` and `time` are of this delivery and never identify a change.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
 */
import * as z from 'zod/mini';
import { EVENT_DETAIL_TYPE, EVENT_SOURCE, type MetricChanged, metricChanged } from '../metric-changed.ts';

const text = (description: string) => z.string().check(z.describe(description));

export const metricChangedEnvelope = z.looseObject({
  version: text('Version of the envelope, "0".'),
  id: text(
    'Id that EventBridge gives to this publication; a redelivery may have another. Use `detail.metadata.eventId`.',
  ),
  'detail-type': z.literal(EVENT_DETAIL_TYPE),
  source: z.literal(EVENT_SOURCE),
  account: text('AWS account that published the event.'),
  time: text('When the event was published, whole seconds.'),
  region: text('Region of the bus.'),
  resources: z.array(z.string()),
  detail: metricChanged,
});

export type MetricChangedEnvelope = z.infer<typeof metricChangedEnvelope>;

/** A detail in an envelope as a consumer receives it, for examples. */
export function exampleEnvelope(detail: MetricChanged): MetricChangedEnvelope {
  return {
    version: '0',
    id: '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa',
    'detail-type': EVENT_DETAIL_TYPE,
    source: EVENT_SOURCE,
    account: '123456789012',
    time: detail.metadata.occurredAt.replace(/\.\d+Z$/, 'Z'),
    region: 'eu-central-1',
    resources: [],
    detail,
  };
}
