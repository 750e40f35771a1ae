/** Short forms in which a test states the exact event and the exact item that a write must give. */

import { isDeepStrictEqual } from 'node:util';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { expect } from 'vitest';
import { plainJson } from '#core/event/plain-json.ts';
import type { MetricChange, MetricChanged } from '#schemas/metric-changed.ts';
import { eventually } from './eventually.ts';
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
  for (const event of events) expectDated(event, commit);
  await expectWholeMetric(pipeline, events);
}

/**
 * For a write of several rows that a reader may see in steps, because rows travel in different shards: awaits that the metric's item "0"
 * holds this, and states that the events up to there are of these kinds and that each goes on exactly where the last one ended.
 * Answers the revision at the end.
 */
export async function expectSteps(
  pipeline: PipelineUnderTest,
  metricId: number | string,
  from: number,
  commit: Commit,
  expected: { readonly name: string; readonly item: Item; readonly first: MetricChange },
): Promise<number> {
  const item = await eventually(
    `item "0" of ${expected.name} is as it must be`,
    async () => {
      const found = await pipeline.tables.metric(expected.name);
      return isDeepStrictEqual(withoutRevision(content(found)), expected.item) ? found : undefined;
    },
    async () => ({ found: content(await pipeline.tables.metric(expected.name)), expected: expected.item }),
  );
  const revision = Number(item.revision?.N);
  const events = await pipeline.subscriber.awaitRevisions(metricId, from, revision);
  for (const event of events) expectDated(event, commit);
  const [first, ...later] = events.map(({ data }) => data);
  expect(first?.change).toBe(expected.first);
  for (const [index, { change, changedAttributes, previous }] of later.entries()) {
    expect(change).toBe('UPDATED');
    const before = new Map(Object.entries((index === 0 ? first : later[index - 1])?.metric ?? {}));
    const stated = changedAttributes.filter((name) => before.has(name)).map((name) => [name, before.get(name)]);
    expect(previous).toEqual(Object.fromEntries(stated));
  }
  await expectWholeMetric(pipeline, events);
  return revision;
}

function expectDated({ metadata, data }: MetricChanged, commit: Commit): void {
  expect(metadata).toMatchObject({ eventId: `${data.metricId}:${data.revision}`, schemaVersion: '1.0', replay: false });
  const transaction = BigInt(metadata.correlationId);
  const inCommit = transaction >= commit.after && transaction <= commit.end;
  expect(inCommit, `transaction ${transaction} lies in ${commit.after}–${commit.end}`).toBe(true);
  expect(Math.abs(Date.now() - Date.parse(metadata.occurredAt))).toBeLessThan(600_000);
}

async function expectWholeMetric(pipeline: PipelineUnderTest, events: readonly MetricChanged[]): Promise<void> {
  const last = events.at(-1);
  if (last === undefined || last.data.change === 'DELETED') return;
  const item = await pipeline.tables.metric(last.data.name);
  const { lastChange, ...metric } = item ?? {};
  expect(last.data.metric).toEqual(plainJson(metric));
  expect(lastChange?.M?.transactionId?.S).toBe(last.metadata.correlationId);
}

function withoutRevision(item: Item | undefined): Item | undefined {
  if (item === undefined) return undefined;
  const { revision: _, ...rest } = item;
  return rest;
}
