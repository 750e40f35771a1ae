/**
 * Which metrics a republish sends: named ones, those under a prefix, those changed since a time, or all. Only names are kept, in order, so
 * that a run can be taken up behind a name; each metric is read again, strongly, just before it is sent.
 */
import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import type { ItemStore } from '#core/platform/item-store.ts';
import { LATEST } from '#core/projection/project-metric.ts';
import { followRenames } from '../metrics/follow-renames.ts';

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
  const pages = paginateScan(
    { client },
    {
      TableName: table,
      ConsistentRead: true,
      FilterExpression: `#version = :latest AND attribute_not_exists(renamedTo)${prefix === undefined ? '' : ' AND begins_with(#name, :prefix)'}`,
      ProjectionExpression: '#name, lastChange.committedAt',
      ExpressionAttributeNames: { '#version': 'version', '#name': 'name' },
      ExpressionAttributeValues: {
        ':latest': { S: LATEST },
        ...(prefix !== undefined && { ':prefix': { S: prefix } }),
      },
    },
  );
  for await (const { Items = [] } of pages) {
    for (const item of Items) {
      const changedMs = Date.parse(item.lastChange?.M?.committedAt?.S ?? '');
      // A time that cannot be read is no reason to leave a metric out.
      if (changedSinceMs !== undefined && changedMs < changedSinceMs) continue;
      if (item.name?.S !== undefined) names.push(item.name.S);
    }
  }
  return names.sort((one, other) => (one < other ? -1 : 1));
}

export interface FoundNames {
  readonly names: readonly string[];
  readonly missing: readonly string[];
}

/** The names as they are now of the metrics that were named; `say` is told of each that has another one. */
export async function findNames(
  store: ItemStore,
  table: string,
  wanted: readonly string[],
  say: (line: string) => void,
): Promise<FoundNames> {
  const names = new Set<string>();
  const missing: string[] = [];
  for (const one of new Set(wanted)) {
    const { name, item } = await followRenames(store, table, one, say);
    if (item) names.add(name);
    else missing.push(one);
  }
  return { names: [...names].sort((one, other) => (one < other ? -1 : 1)), missing };
}
