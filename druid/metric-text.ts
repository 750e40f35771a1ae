/**
 * A metric's attributes as text, the same whether they were read from the Metrics table or from an event: a lookup would otherwise change
 * with the place its content came from.
 */
import { MetricEventError } from '#consumer/metric-event-error.ts';
import { stateOf } from '#consumer/metric-state.ts';
import { parseMetricChanged } from '#consumer/parse.ts';
import type { MetricEvent, MetricState } from './current-metrics.ts';

/** Sets become `a, b`; an attribute that has no text (a map) is left out. */
export function attributeTexts(metric: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(metric).flatMap(([name, value]): [string, string][] => {
      const text = textOf(value);
      return text === undefined ? [] : [[name, text]];
    }),
  );
}

function textOf(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.map(String).join(', ');
  if (typeof value === 'object' || value === undefined) return undefined;
  return String(value);
}

/** Item "0" as plain JSON. Undefined for what is no live metric: a redirect, a claim of a name, the mark of a deletion. */
export function metricState(item: Readonly<Record<string, unknown>>): MetricState | undefined {
  const { metricId, revision, renamedTo, claim, deleted } = item;
  if (renamedTo !== undefined || claim !== undefined || deleted !== undefined) return undefined;
  if (metricId === undefined || revision === undefined) return undefined;
  return { metricId: String(metricId), revision: BigInt(String(revision)), attributes: attributeTexts(item) };
}

/** The change that an envelope carries; undefined when it is somebody else's event. @throws MetricEventError for a broken one. */
export function metricEvent(envelope: string): MetricEvent | undefined {
  try {
    const event = parseMetricChanged(envelope);
    const { metricId, name, revision, change } = event.data;
    const state = stateOf(event);
    return {
      metricId,
      name,
      revision: BigInt(revision),
      deleted: change === 'DELETED',
      ...(state?.deleted === false && { attributes: attributeTexts(state.metric) }),
    };
  } catch (error) {
    if (error instanceof MetricEventError && error.code === 'OTHER_EVENT') return undefined;
    throw error;
  }
}
