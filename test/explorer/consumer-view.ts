/**
 * What a consumer of the events knows: for each metric the last revision, and the name it lives under. It is a part of the explored state,
 * so two histories count as one only if they also told the same; and it is where a gap in the revisions is seen at once.
 */
import { metricChangedEvent } from '#core/event/metric-changed-event.ts';
import type { StreamRecord } from '../support/memory-item-store.ts';

export interface Known {
  readonly revision: number;
  /** null when the metric was deleted. */
  readonly name: string | null;
}

export type ConsumerView = ReadonlyMap<string, Known>;

export interface Told {
  readonly view: ConsumerView;
  /** What the events just told must never say. */
  readonly broken?: string;
}

/** `records` are those of one write, in the order of the stream. */
export function tell(view: ConsumerView, records: readonly StreamRecord[]): Told {
  const next = new Map(view);
  for (const record of records) {
    if (record.table !== 'Metrics' || (record.newImage ?? record.oldImage)?.version?.S !== '0') continue;
    const event = metricChangedEvent(record, 'Metrics');
    if (!event) continue;
    const { metricId, revision, change, name } = event.data;
    const expected = (view.get(metricId)?.revision ?? 0) + 1;
    if (revision !== expected)
      return { view, broken: `metric ${metricId} told revision ${revision} where ${expected} comes next (L5)` };
    next.set(metricId, { revision, name: change === 'DELETED' ? null : name });
  }
  return { view: next };
}
