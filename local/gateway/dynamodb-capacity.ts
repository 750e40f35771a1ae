/**
 * Read and write request units of one DynamoDB call by AWS's published rules (developer guide, "DynamoDB read and write
 * operations" and "On-demand capacity mode"), because the capacity that DynamoDB Local reports is wrong for transactions and absent for
 * failed conditions. Pure. It sees the request and the answer, not the table: where AWS bills by an item that neither of
 * them shows, the figure is a lower bound and says so in `lowerBound`.
 */
import { itemSize, valueSize } from './item-size.ts';

export interface Capacity {
  readonly writeUnits: number;
  readonly readUnits: number;
  /** An item that was not visible (an update's result, a deleted item, filtered rows) may have cost more. */
  readonly lowerBound: boolean;
}

/** `failed` is a condition that did not hold or a cancelled transaction: AWS bills both as if they had been written. */
export type Outcome = 'done' | 'failed' | 'refused';

type Members = { readonly [member: string]: unknown };

const WRITE_UNIT_BYTES = 1024;
const READ_UNIT_BYTES = 4096;
const NOTHING: Capacity = { writeUnits: 0, readUnits: 0, lowerBound: false };

/** Operations whose cost can only be told from the answer. */
export const READS = new Set(['GetItem', 'Query', 'Scan', 'BatchGetItem', 'TransactGetItems']);

export function capacityOf(operation: string, request: unknown, answer: unknown, outcome: Outcome): Capacity {
  if (outcome === 'refused') return NOTHING;
  const input = membersOf(request);
  const output = membersOf(answer);
  switch (operation) {
    case 'PutItem':
    case 'UpdateItem':
    case 'DeleteItem':
      return write(operation.slice(0, -'Item'.length), input);
    case 'BatchWriteItem':
      return total(
        Object.values(membersOf(input.RequestItems)).flatMap((requests) =>
          list(requests).flatMap((one) =>
            Object.entries(membersOf(one)).map(([kind, inner]) => write(kind.replace('Request', ''), membersOf(inner))),
          ),
        ),
      );
    case 'TransactWriteItems':
      return scale(
        total(
          list(input.TransactItems).flatMap((one) =>
            Object.entries(membersOf(one)).map(([kind, inner]) => write(kind, membersOf(inner))),
          ),
        ),
        2,
      );
    case 'GetItem':
      return reading([itemSize(output.Item)], input.ConsistentRead === true, input.ProjectionExpression !== undefined);
    case 'Query':
    case 'Scan': {
      const bytes = list(output.Items).reduce((size: number, item) => size + itemSize(item), 0);
      const hidden =
        input.FilterExpression !== undefined || input.ProjectionExpression !== undefined || input.Select === 'COUNT';
      return reading([bytes], input.ConsistentRead === true, hidden);
    }
    case 'BatchGetItem':
      return total(
        Object.entries(membersOf(input.RequestItems)).map(([table, request]) => {
          const wanted = membersOf(request);
          const found = list(membersOf(output.Responses)[table]).map(itemSize);
          const missing = Math.max(0, list(wanted.Keys).length - found.length);
          return reading(
            [...found, ...Array<number>(missing).fill(0)],
            wanted.ConsistentRead === true,
            wanted.ProjectionExpression !== undefined,
          );
        }),
      );
    case 'TransactGetItems':
      return scale(
        reading(
          list(output.Responses).map((one) => itemSize(membersOf(one).Item)),
          true,
          false,
        ),
        2,
      );
    case 'ExecuteStatement':
    case 'BatchExecuteStatement':
      return total(
        [input, ...list(input.Statements).map(membersOf)].flatMap(({ Statement }) =>
          typeof Statement !== 'string'
            ? []
            : /^\s*select/i.test(Statement)
              ? [reading([0], false, true)]
              : [write('Update', {})],
        ),
      );
    default:
      return NOTHING;
  }
}

/** One written or checked item: its size rounded up to whole kilobytes, at least one unit. */
function write(kind: string, input: Members): Capacity {
  switch (kind) {
    case 'Put':
      // AWS takes the larger of the item before and after; only the one after is known here.
      return { writeUnits: writeUnits(itemSize(input.Item)), readUnits: 0, lowerBound: false };
    case 'Update': {
      const values = Object.values(membersOf(input.ExpressionAttributeValues));
      const visible = itemSize(input.Key) + values.reduce((size: number, value) => size + valueSize(value), 0);
      return { writeUnits: writeUnits(visible), readUnits: 0, lowerBound: true };
    }
    default:
      return { writeUnits: 1, readUnits: 0, lowerBound: true };
  }
}

/** Each size is rounded up to whole four kilobytes by itself; nothing found still costs one read. */
function reading(sizes: readonly number[], consistent: boolean, lowerBound: boolean): Capacity {
  const units = sizes.reduce((sum, size) => sum + Math.max(1, Math.ceil(size / READ_UNIT_BYTES)), 0);
  return { writeUnits: 0, readUnits: consistent ? units : units / 2, lowerBound };
}

function writeUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / WRITE_UNIT_BYTES));
}

function total(parts: readonly Capacity[]): Capacity {
  return parts.reduce(
    (sum, part) => ({
      writeUnits: sum.writeUnits + part.writeUnits,
      readUnits: sum.readUnits + part.readUnits,
      lowerBound: sum.lowerBound || part.lowerBound,
    }),
    NOTHING,
  );
}

function scale(capacity: Capacity, factor: number): Capacity {
  return { ...capacity, writeUnits: capacity.writeUnits * factor, readUnits: capacity.readUnits * factor };
}

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
