/**
 * What must hold when nothing is written any more: the items are what SQL over the source says, every revision since the start has its
 * event and no other has one, no event id came with two contents, and nothing was set aside. It waits by state, for a bounded time.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { Connection } from 'mysql2/promise';
import { sqs } from '#cli/connection/clients.ts';
import { readEndState } from '#cli/demo/end-state.ts';
import type { Revisions } from '#cli/demo/tally.ts';
import { connectSource } from '#local/dms/source-connection.ts';
import type { ItemDifference } from '#sample/compare-items.ts';
import { itemKey } from '#sample/expected-items.ts';
import type { Reach, Relay } from './relay.ts';
import type { Subscriber } from './subscriber.ts';

export interface Findings {
  readonly items: number;
  /** Item by item, how the table differs from the source. */
  readonly differences: readonly string[];
  /** `metricId:revision` without an event. */
  readonly missingEvents: readonly string[];
  /** Events of revisions that the metric's head does not know. */
  readonly inventedEvents: readonly string[];
  readonly twoContents: readonly string[];
  readonly unreadableEvents: readonly string[];
  readonly quarantined: readonly string[];
  /** Projection messages that were given up. */
  readonly deadLetters: number;
  readonly revisions: Revisions;
}

const LOOK_EVERY_MS = 1_000;
const SHOWN_MAX = 300;

/** Metrics that the source holds but not whole: what is published of them after the grace period says `incomplete`. */
const INCOMPLETE = `
  SELECT m.name FROM metrics m
    JOIN metric_versions v ON v.metric_id = m.id
     AND v.version = (SELECT MAX(l.version) FROM metric_versions l WHERE l.metric_id = m.id)
   WHERE m.value_type <> 'HYBRID' AND NOT EXISTS (
           SELECT 1 FROM dimensions_metric_groups g WHERE g.metric_group_id = m.metric_group_id)
      OR m.value_type = 'HYBRID' AND (COALESCE(v.hybrid_formula, '') = '' OR NOT EXISTS (
           SELECT 1 FROM metric_relationships r WHERE r.consumer_metric_id = m.id))`;

/** Of a metric without any version there is an item "0" after the grace period, and no other. */
const WITHOUT_VERSION =
  'SELECT m.name FROM metrics m WHERE NOT EXISTS (SELECT 1 FROM metric_versions v WHERE v.metric_id = m.id)';

export const faultsOf = (found: Findings): number =>
  found.differences.length +
  found.missingEvents.length +
  found.inventedEvents.length +
  found.twoContents.length +
  found.unreadableEvents.length +
  found.quarantined.length +
  found.deadLetters;

/**
 * Looks until nothing is wrong, or until the time is over, and answers what the last look found. `start`: where each metric stood when
 * the subscriber came; `none` when it has not come yet.
 */
export async function awaitRest(
  relay: Relay,
  sourceUrl: string,
  subscriber: Subscriber,
  start: Revisions | 'none',
  options: { readonly withinMs: number; readonly onLook: (found: Findings) => void; readonly signal: AbortSignal },
): Promise<Findings> {
  const giveUpAt = Date.now() + options.withinMs;
  for (;;) {
    options.signal.throwIfAborted();
    const begun = Date.now();
    const found = await look(relay, sourceUrl, subscriber, start, options.signal).catch((error: unknown) => {
      if (Date.now() > giveUpAt) throw error;
      return undefined;
    });
    if (found !== undefined) {
      options.onLook(found);
      if (faultsOf(found) === 0 || Date.now() > giveUpAt) return found;
    }
    // The looking must not slow down what is looked at.
    await delay(Math.max(LOOK_EVERY_MS, 2 * (Date.now() - begun)));
  }
}

async function look(
  relay: Relay,
  sourceUrl: string,
  subscriber: Subscriber,
  start: Revisions | 'none',
  signal: AbortSignal,
): Promise<Findings> {
  const reach = await relay.ready(signal);
  const client = new DynamoDBClient(reach.client);
  const source = await connectSource(sourceUrl);
  try {
    const tables = { metrics: reach.output('MetricsTable'), sourceRows: reach.output('SourceRowsTable') };
    const { revisions, items, differences } = await readEndState(client, tables, source);
    const unlawful = withoutLawful(
      differences,
      await currentItems(source, INCOMPLETE),
      await currentItems(source, WITHOUT_VERSION),
    );
    return {
      items,
      differences: unlawful,
      ...compareEvents(revisions, start, subscriber),
      twoContents: subscriber.twoContents,
      unreadableEvents: subscriber.unreadable,
      quarantined: await quarantined(client, reach),
      deadLetters: await deadLetters(reach),
      revisions,
    };
  } finally {
    client.destroy();
    await source.end().catch(() => {});
  }
}

/** The statement of the expected items knows whole metrics only; what is right of the others is taken out, and missed where it is not there. */
function withoutLawful(
  differences: readonly ItemDifference[],
  incomplete: Set<string>,
  withoutVersion: Set<string>,
): string[] {
  const rest = differences.filter(({ name, version, problem, attributes }) => {
    const key = itemKey(name, version);
    if (problem === 'unexpected') return !withoutVersion.delete(key);
    if (problem !== 'different' || !incomplete.has(key)) return true;
    const others = attributes.filter(({ attribute, found }) => !(attribute === 'incomplete' && found === true));
    if (others.length < attributes.length) incomplete.delete(key);
    return others.length > 0;
  });
  return [
    ...rest.map((one) => JSON.stringify(one).slice(0, SHOWN_MAX)),
    ...[...incomplete].map((key) => `not marked as incomplete: ${JSON.stringify(key)}`),
    ...[...withoutVersion].map((key) => `has no version and no item: ${JSON.stringify(key)}`),
  ];
}

/** Keys of the items "0" of the metrics that the statement names. */
async function currentItems(source: Connection, sql: string): Promise<Set<string>> {
  const [rows] = await source.query({ sql, rowsAsArray: true });
  return new Set(Array.isArray(rows) ? rows.map((row) => itemKey(String((row as unknown[])[0]), '0')) : []);
}

function compareEvents(
  revisions: Revisions,
  start: Revisions | 'none',
  subscriber: Subscriber,
): { missingEvents: string[]; inventedEvents: string[] } {
  if (start === 'none') return { missingEvents: [], inventedEvents: [] };
  const missingEvents: string[] = [];
  for (const [id, last] of revisions) {
    for (let revision = (start.get(id) ?? 0n) + 1n; revision <= last; revision++)
      if (subscriber.revisions.get(id)?.has(revision) !== true) missingEvents.push(`${id}:${revision}`);
  }
  const inventedEvents = [...subscriber.revisions].flatMap(([id, seen]) =>
    [...seen.keys()].filter((revision) => revision > (revisions.get(id) ?? 0n)).map((revision) => `${id}:${revision}`),
  );
  return { missingEvents, inventedEvents };
}

async function quarantined(client: DynamoDBClient, reach: Reach): Promise<string[]> {
  const found: string[] = [];
  for await (const { Items = [] } of paginateScan(
    { client },
    { TableName: reach.output('QuarantineTable'), ConsistentRead: true },
  ))
    found.push(...Items.map((item) => JSON.stringify(item).slice(0, SHOWN_MAX)));
  return found;
}

async function deadLetters(reach: Reach): Promise<number> {
  const queues = sqs(reach.client);
  try {
    const QueueUrl = reach.output('ProjectionDeadLetterQueueUrl');
    const { Attributes } = await queues.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    return Number(Attributes?.ApproximateNumberOfMessages ?? 0);
  } finally {
    queues.destroy();
  }
}
