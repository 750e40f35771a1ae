/**
 * What must hold of a pipeline at rest, whatever was written: the items are what an independent SQL statement says, every revision of
 * every metric has its event, and no event id ever came with two contents.
 */
import { compareItems, plainItems } from '#sample/compare-items.ts';
import { expectedItems } from '#sample/expected-items.ts';
import { until } from './eventually.ts';
import type { SourceWrites } from './source-writes.ts';
import type { Subscriber } from './subscriber.ts';
import type { Tables } from './tables.ts';

export interface RestReport {
  readonly items: number;
  readonly events: number;
  /** Deliveries beyond the first of an event. */
  readonly redelivered: number;
}

const SHOWN = 5;

/** A pipeline, in this process or another. */
interface Pipeline {
  readonly source: SourceWrites;
  readonly tables: Tables;
}

/** Items that are not what the source says. */
export const differences = async ({ source, tables }: Pipeline) =>
  compareItems(await expectedItems(source.connection), plainItems(await tables.all('MetricsTable')));

/** Waits until the items are those of the source; who was told of them is not asked. */
export const settled = (pipeline: Pipeline): Promise<void> =>
  until(
    'the items are those of the source',
    async () => (await differences(pipeline)).length === 0,
    () => differences(pipeline),
  );

/** Waits until source, items and events agree, then looks once more; `start` is where each metric stood when the subscriber came. */
export async function atRest(
  source: SourceWrites,
  tables: Tables,
  subscriber: Subscriber,
  start: ReadonlyMap<string, bigint> = new Map(),
  withinMs = 120_000,
): Promise<RestReport> {
  const pipeline = { source, tables };
  const missing = async () => missingEvents(await tables.revisions(), subscriber, start);
  await until(
    'the items are what the source says and every revision has its event',
    async () => (await differences(pipeline)).length === 0 && (await missing()).length === 0,
    async () => ({
      differences: (await differences(pipeline)).slice(0, SHOWN),
      missing: (await missing()).slice(0, SHOWN),
    }),
    withinMs,
  );
  const twofold = twoContents(subscriber);
  if (twofold.length > 0)
    throw new Error(`event ids that came with two contents: ${twofold.slice(0, SHOWN).join('\n')}`);
  const revisions = await tables.revisions();
  const invented = subscriber.metricIds.flatMap((id) =>
    [...subscriber.ofMetric(id).keys()]
      .filter((revision) => BigInt(revision) > (revisions.get(id) ?? 0n))
      .map((revision) => `${id}:${revision}`),
  );
  if (invented.length > 0)
    throw new Error(`events of revisions that no metric has: ${invented.slice(0, SHOWN).join()}`);
  const items = plainItems(await tables.all('MetricsTable')).size;
  const events = subscriber.metricIds.reduce((sum, id) => sum + subscriber.ofMetric(id).size, 0);
  return { items, events, redelivered: subscriber.deliveries.length - events };
}

function missingEvents(
  revisions: ReadonlyMap<string, bigint>,
  subscriber: Subscriber,
  start: ReadonlyMap<string, bigint>,
): string[] {
  const missing: string[] = [];
  for (const [id, last] of revisions) {
    for (let revision = (start.get(id) ?? 0n) + 1n; revision <= last; revision++) {
      if (!subscriber.ofMetric(id).has(Number(revision))) missing.push(`${id}:${revision}`);
    }
  }
  return missing;
}

function twoContents({ deliveries }: Subscriber): string[] {
  const first = new Map<string, string>();
  return deliveries.flatMap(({ detail, text }) => {
    const { eventId } = detail.metadata;
    const known = first.get(eventId) ?? text;
    first.set(eventId, known);
    return known === text ? [] : [`${eventId}: ${known} ≠ ${text}`];
  });
}
