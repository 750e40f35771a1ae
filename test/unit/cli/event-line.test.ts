import { describe, expect, it } from 'vitest';
import { oneLine, viewMetricChanged } from '#cli/events/metric-changed.ts';
import { formatDuration, renderEventLine } from '#cli/render/event-line.ts';

const envelope = (data: object = {}) =>
  JSON.stringify({
    source: 'metric-relay',
    'detail-type': 'MetricChanged',
    detail: {
      metadata: { eventId: '42:7', occurredAt: '2026-11-20T12:00:00Z', correlationId: '677883278264080' },
      data: { metricId: '42', name: 'cpu', change: 'UPDATED', revision: 7, changedAttributes: ['valueType'], ...data },
    },
  });

const style = (_: unknown, text: string) => text;
const receivedAtMs = Date.parse('2026-11-20T12:00:00.350Z');

function line(data: object, committedAtMs?: number): string {
  const event = viewMetricChanged(envelope(data));
  if (event === undefined) throw new Error('no event');
  return renderEventLine(event, { receivedAtMs, committedAtMs, style });
}

describe('the line of an event', () => {
  it('says when, what, which metric, what differs, and how long after its commit', () => {
    expect(line({}, receivedAtMs - 120)).toBe('12:00:00.350  UPDATED     cpu r7  valueType  120 ms');
  });

  it('only bounds the latency when the commit time is known to the second', () => {
    expect(line({})).toMatch(/within 0\.4 s$/);
  });

  it('shows both names of a renamed metric', () => {
    expect(line({ change: 'RENAMED', previousName: 'load' }, receivedAtMs)).toContain('load → cpu r7');
  });

  it('gives durations in a unit that can be read', () => {
    expect([400, 12_000, 180_000, 8_000_000].map(formatDuration)).toEqual(['0.4 s', '12 s', '3 min', '2 h']);
  });
});

describe('reading an envelope', () => {
  it('keeps a revision exact that a double cannot hold', () => {
    const text = envelope().replace('"revision":7', '"revision":9007199254740993');
    expect(viewMetricChanged(text)?.revision).toBe(9007199254740993n);
  });

  it('is no MetricChanged when it is of another type, or no JSON', () => {
    expect(viewMetricChanged(envelope().replace('MetricChanged', 'OrderPlaced'))).toBeUndefined();
    expect(viewMetricChanged('{')).toBeUndefined();
  });

  it('becomes one line without a change of its content', () => {
    const text = JSON.stringify(JSON.parse(envelope()), undefined, 2);
    expect(oneLine(text)).not.toContain('\n');
    expect(JSON.parse(oneLine(text))).toEqual(JSON.parse(text));
  });
});
