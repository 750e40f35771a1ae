/**
 * Real events of a random history, the Metrics table they came from, and the comparison of a consumer's copy with that table. Claim checks are made of
 * ordinary events, because a metric too large for an event is rare.
 */
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { plainJson } from '#core/event/plain-json.ts';
import type { Item } from '#core/platform/item-store.ts';
import type { MetricChanged } from '#schemas/metric-changed.ts';
import { randomHistory } from './random-history.ts';
import { RelayWorld } from './relay-world.ts';
import { seededRandom } from './seeded-random.ts';

export async function worldOf(seed: number, steps: number): Promise<RelayWorld> {
  const random = seededRandom(seed);
  const story = randomHistory(random, steps);
  const world = new RelayWorld();
  const messages = random.chance(0.5) ? random.shuffle([...story.messages]) : story.messages;
  for (const message of messages) await world.apply([message]);
  await world.drainQueue();
  return world;
}

/** The event as it would be if its metric were too large for it. */
export function asClaimCheck(event: MetricChanged): MetricChanged {
  const { metric: _, ...data } = event.data;
  return { ...event, data: { ...data, metricRef: { table: 'Metrics', name: data.name, version: '0' } } };
}

/** Metrics of the table by id: item "0" of each, as the contract shows it. */
export function tableMetrics(items: Iterable<Item>): Map<string, Readonly<Record<string, unknown>>> {
  const metrics = new Map<string, Readonly<Record<string, unknown>>>();
  for (const item of items) {
    if (item.version?.S !== '0' || item.renamedTo || item.claim || item.deleted) continue;
    const { lastChange: _, ...metric } = item;
    metrics.set(item.metricId?.N ?? '', plainJson(metric));
  }
  return metrics;
}

/** The SDK's client as far as a GetItem goes, on the tables of a world as they are at that moment. */
export function getItemClient(world: RelayWorld): DynamoDBClient {
  const send = async ({ input }: { input: { TableName: string; Key: Record<string, AttributeValue> } }) => {
    const { name, version } = input.Key;
    const item = [...world.tables.table(input.TableName).values()].find(
      (one) => one.name?.S === name?.S && one.version?.S === version?.S,
    );
    return item ? { Item: structuredClone(item) } : {};
  };
  return { send } as unknown as DynamoDBClient;
}
