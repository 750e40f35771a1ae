/** Query of the simulated DynamoDB: one page, each item of it as it stands at the instant when the page gets to it. */
import type { QueryInput } from '@aws-sdk/client-dynamodb';
import type { Item } from '#core/platform/item-store.ts';
import type { BatchRequests } from './batch-requests.ts';
import { keyConditionOf } from './condition.ts';
import { refuseEventualRead } from './dynamodb-error.ts';
import type { ItemTable } from './item-table.ts';

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html */
const PAGE_BYTES_MAX = 1024 * 1024;

export async function query(table: ItemTable, input: QueryInput, instants: BatchRequests): Promise<object> {
  refuseUnknown(input);
  const { partition, prefix } = keyConditionOf(input, table.keyNames);
  let after = input.ExclusiveStartKey === undefined ? undefined : table.keyOf(input.ExclusiveStartKey).sort;
  let keys = table.sortKeys(partition, prefix, after);
  const expected = keys.length;
  // A page may end anywhere before a megabyte; whoever reads must follow LastEvaluatedKey.
  const shortPage = expected > 1 && instants.isPartial() ? instants.partOf(expected) : Number.POSITIVE_INFINITY;
  const most = Math.min(input.Limit ?? Number.POSITIVE_INFINITY, shortPage);
  const items: Item[] = [];
  let bytes = 0;
  let isCut = false;
  for (let place = 0; place < keys.length; place++) {
    if (items.length > 0) {
      const pause = instants.between(expected);
      if (pause !== undefined) {
        await pause;
        keys = table.sortKeys(partition, prefix, after);
        place = 0;
      }
    }
    const sort = keys[place];
    if (sort === undefined) break;
    const found = table.get({ partition, sort });
    after = sort;
    if (found === undefined) continue;
    items.push(found.item);
    bytes += found.bytes;
    isCut = items.length >= most || bytes >= PAGE_BYTES_MAX;
    if (isCut) break;
  }
  return {
    Items: items,
    Count: items.length,
    ScannedCount: items.length,
    ...(isCut && after !== undefined && { LastEvaluatedKey: table.keyAttributes({ partition, sort: after }) }),
  };
}

function refuseUnknown(input: QueryInput): void {
  refuseEventualRead('Query', input.ConsistentRead);
  if (input.IndexName !== undefined || input.FilterExpression !== undefined || input.ScanIndexForward === false)
    throw new Error('the simulated DynamoDB knows no indexes, filters or descending order of a Query');
}
