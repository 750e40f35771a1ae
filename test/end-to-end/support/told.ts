/** Short forms in which a test states the exact event and the exact item that a write must give. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { plainJson } from '#core/event/plain-json.ts';
import { expect } from 'vitest';
import type { MetricChanged } from '#schemas/metric-changed.ts';
import type { PipelineUnderTest } from './pipeline-under-test.ts';
import type { Commit } from './source-writes.ts';
import type { Item } from './tables.ts';

export const text = (value: string): AttributeValue => ({ S: value });
export const number = (value: string | number): AttributeValue => ({ N: String(value) });
export const names = (...members: string[]): AttributeValue => ({ SS: members.sort() });

export type Told = Omit<MetricChanged['data'], 'metricId' | 'metric' | 'revision'>;

/** The event without what is checked apart from it: ids, commit, and the whole metric. */
export function told({ data }: MetricChanged): Told {
  const { metricId: _, metric: __, revision: ___, ...rest } = data;
  return rest;
}

/** Item without the commit it came from, sets in order. */
export function content(item: Item | undefined): Item | undefined {
  if (item === undefined) return undefined;
  const { lastChange: _, ...rest } = item;
  return Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [name, value.SS === undefined ? value : names(...value.SS)]),
  );
}

/**
 * Awaits the events of a metric from revision `from` on and states that they are exactly these. Each is dated by the commit it came
 * from, and the last one carries the metric as it lies in the table.
 */
export async function expectEvents(
  pipeline: PipelineUnderTest,
  metricId: number | string,
  from: number,
  commit: Commit,
  ...expected: Told[]
): Promise<void> {
  const events = await pipeline.subscriber.awaitRevisions(metricId, from, from + expected.length - 1);
  expect(events.map(told)).toEqual(expected);
  for (const [index, { metadata, data }] of events.entries()) {
    expect(data.metricId).toBe(String(metricId));
    expect(metadata).toMatchObject({ eventId: `${metricId}:${from + index}`, schemaVersion: '1.0', replay: false });
    const transaction = BigInt(metadata.correlationId);
    expect(transaction > commit.after - 1n && transaction <= commit.end, `transaction ${transaction} of ${commit.after}–${commit.end}`).toBe(true);
    expect(Math.abs(Date.now() - Date.parse(metadata.occurredAt))).toBeLessThan(300_000);
  }
  const last = events.at(-1)?.data;
  if (last === undefined || last.change === 'DELETED') return;
  const item = await pipeline.tables.metric(last.name);
  const { lastChange: _, ...metric } = item ?? {};
  expect(last.metric).toEqual(plainJson(metric));
  expect(item?.lastChange?.M?.transactionId?.S).toBe(events.at(-1)?.metadata.correlationId);
}
