/** What the pipeline holds at a moment: the revision of every metric, deleted ones included, and how the items differ from the source. */
import { type AttributeValue, type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import type { Connection } from 'mysql2/promise';
import { compareItems, type ItemDifference, plainItems } from '#sample/compare-items.ts';
import { expectedItems } from '#sample/expected-items.ts';
import type { Revisions } from './tally.ts';

export interface EndState {
  readonly revisions: Revisions;
  /** Items of the Metrics table, redirects left out. */
  readonly items: number;
  /** Empty when the items are exactly what SQL over the source says. */
  readonly differences: readonly ItemDifference[];
}

export interface Tables {
  readonly metrics: string;
  readonly sourceRows: string;
}

export async function readEndState(client: DynamoDBClient, tables: Tables, source: Connection): Promise<EndState> {
  const revisions = new Map<string, bigint>();
  for (const item of await scan(client, tables.sourceRows)) {
    const metricId = item.sk?.S === 'head' ? item.pk?.S?.replace(/^metric#/, '') : undefined;
    if (metricId !== undefined && item.revision?.N !== undefined) revisions.set(metricId, BigInt(item.revision.N));
  }
  const found = plainItems(await scan(client, tables.metrics));
  return { revisions, items: found.size, differences: compareItems(await expectedItems(source), found) };
}

async function scan(client: DynamoDBClient, table: string): Promise<Record<string, AttributeValue>[]> {
  const items: Record<string, AttributeValue>[] = [];
  for await (const page of paginateScan({ client }, { TableName: table, ConsistentRead: true })) {
    items.push(...(page.Items ?? []));
  }
  return items;
}
