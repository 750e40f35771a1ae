/**
 * Which metrics a republish sends: named ones, those under a prefix, those changed since a time, or all. Only names are kept, in order, so
 * that a run can be taken up behind a name; each metric is read again, strongly, just before it is sent.
 */
import { type AttributeValue, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { Item, ItemStore } from '#core/platform/item-store.ts';
import { LATEST } from '#core/projection/project-metric.ts';
import { isRedirect, itemKey } from '#core/publication/metric-item.ts';

export interface Choice {
  readonly prefix?: string | undefined;
  readonly changedSinceMs?: number | undefined;
}

/** Names of all metrics that the choice takes, in the order of their code units. The scan may miss what is written while it runs. */
export async function scanNames(
  client: DynamoDBClient,
  table: string,
  { prefix, changedSinceMs }: Choice,
): Promise<readonly string[]> {
  const names: string[] = [];
  let from: Record<string, AttributeValue> | undefined;
  do {
    const page: { Items?: Item[] | undefined; LastEvaluatedKey?: Record<string, AttributeValue> | undefined } =
      await client.send(
        new ScanCommand({
          TableName: table,
          ConsistentRead: true,
          FilterExpression: `#version = :latest AND attribute_not_exists(renamedTo)${prefix === undefined ? '' : ' AND begins_with(#name, :prefix)'}`,
          ProjectionExpression: '#name, lastChange.committedAt',
          ExpressionAttributeNames: { '#version': 'version', '#name': 'name' },
          ExpressionAttributeValues: {
            ':latest': { S: LATEST },
            ...(prefix !== undefined && { ':prefix': { S: prefix } }),
          },
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
    for (const item of page.Items ?? []) {
      const changedMs = Date.parse(item.lastChange?.M?.committedAt?.S ?? '');
      // A time that cannot be read is no reason to leave a metric out.
      if (changedSinceMs !== undefined && changedMs < changedSinceMs) continue;
      if (item.name?.S !== undefined) names.push(item.name.S);
    }
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return names.sort((one, other) => (one < other ? -1 : 1));
}

export interface FoundNames {
  readonly names: readonly string[];
  readonly missing: readonly string[];
  /** Old name → name now, of metrics that were named by a name that they have left. */
  readonly renamed: ReadonlyMap<string, string>;
}

/** Longest chain of renames that is followed; redirects expire, and two swapped names must not send it round for ever. */
const RENAMES_MAX = 10;

export async function findNames(store: ItemStore, table: string, wanted: readonly string[]): Promise<FoundNames> {
  const names = new Set<string>();
  const missing: string[] = [];
  const renamed = new Map<string, string>();
  for (const name of new Set(wanted)) {
    let now = name;
    let item = await store.get(table, itemKey(now, LATEST));
    for (let hop = 0; item && isRedirect(item) && hop < RENAMES_MAX; hop++) {
      now = item.renamedTo?.S ?? '';
      item = await store.get(table, itemKey(now, LATEST));
    }
    if (!item || isRedirect(item)) missing.push(name);
    else names.add(now);
    if (item && now !== name) renamed.set(name, now);
  }
  return { names: [...names].sort((one, other) => (one < other ? -1 : 1)), missing, renamed };
}
