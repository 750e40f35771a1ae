/**
 * Events to test a consumer with: the life of one metric, the carriers that AWS wraps around events, and deliveries as bad as they may be. For tests
 * only; a consumer that ends in the same state for every seed of `delivered` has got ordering and duplicates right.
 */
import {
  EVENT_DETAIL_TYPE,
  EVENT_SCHEMA_VERSION,
  EVENT_SOURCE,
  type MetricChange,
  type MetricChanged,
} from '#schemas/metric-changed.ts';

/** A valid event; what `data` gives replaces what is made up. */
export function sampleEvent(
  metricId: string,
  revision: number,
  change: MetricChange = revision === 1 ? 'CREATED' : 'UPDATED',
  data: Partial<MetricChanged['data']> = {},
): MetricChanged {
  const name = data.name ?? `metric_${metricId}`;
  const second = String(revision % 60).padStart(2, '0');
  const occurredAt = `2026-11-20T12:00:${second}Z`;
  return {
    metadata: {
      eventId: `${metricId}:${revision}`,
      schemaVersion: EVENT_SCHEMA_VERSION,
      occurredAt,
      correlationId: String(677_883_278_264_000 + revision),
      replay: false,
    },
    data: {
      metricId,
      name,
      change,
      revision,
      version: String(revision),
      changedAttributes: change === 'UPDATED' ? ['latestVersion', 'updatedAt'] : [],
      previous: change === 'UPDATED' ? { latestVersion: revision - 1 } : {},
      metric: {
        name,
        version: '0',
        metricId: Number.isSafeInteger(Number(metricId)) ? Number(metricId) : metricId,
        revision,
        latestVersion: revision,
        valueType: 'SCALAR',
        aggregationStyle: 'SUM',
        updatedAt: occurredAt,
        relatedDimensions: ['country'],
      },
      ...data,
    },
  };
}

/** One metric from its creation to its end and back: each kind of change once, and created again under the same id. */
export function lifeOfAMetric(metricId = '42'): readonly MetricChanged[] {
  const renamed = { name: 'parcels', previousName: `metric_${metricId}`, changedAttributes: ['name'] };
  return [
    sampleEvent(metricId, 1, 'CREATED'),
    sampleEvent(metricId, 2, 'UPDATED'),
    sampleEvent(metricId, 3, 'DEPRECATED'),
    sampleEvent(metricId, 4, 'RESTORED'),
    sampleEvent(metricId, 5, 'RENAMED', renamed),
    sampleEvent(metricId, 6, 'DELETED', { name: 'parcels' }),
    sampleEvent(metricId, 7, 'CREATED', { name: 'parcels' }),
  ];
}

/** What a Lambda target of the rule gets, and what stands in the body of an SQS message. */
export function inEventBridge(detail: MetricChanged): Record<string, unknown> {
  return {
    version: '0',
    id: `sample-${detail.metadata.eventId}`,
    'detail-type': EVENT_DETAIL_TYPE,
    source: EVENT_SOURCE,
    account: '111122223333',
    time: detail.metadata.occurredAt,
    region: 'eu-west-1',
    resources: [],
    detail,
  };
}

/** What Lambda gets from an SQS event source mapping; message ids are `message-0`, `message-1`, … */
export function inSqs(events: readonly MetricChanged[]): { Records: { messageId: string; body: string }[] } {
  const bodies = events.map((event) => JSON.stringify(inEventBridge(event)));
  return { Records: bodies.map((body, index) => ({ messageId: `message-${index}`, body })) };
}

/** Every event at least once, some again, in no order; the same for the same seed. */
export function delivered(events: readonly MetricChanged[], seed: number): readonly MetricChanged[] {
  const below = sequence(seed);
  const all = [...events, ...events.filter(() => below(2) === 0), ...events.filter(() => below(4) === 0)];
  for (let last = all.length - 1; last > 0; last--) {
    const other = below(last + 1);
    const [a, b] = [all[last], all[other]];
    if (a && b) [all[last], all[other]] = [b, a];
  }
  return all;
}

/** Whole numbers below a limit, by Marsaglia's xorshift of 32 bits. */
function sequence(seed: number): (limit: number) => number {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}
