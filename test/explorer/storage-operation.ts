/**
 * One thing that a worker asks of the world, as a value: it can be compared, kept, repeated and printed. Requests for many items are asked item by
 * item, because DynamoDB reads and writes each by itself.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item, WriteAction } from '#core/platform/item-store.ts';
import type { ProjectionMessage } from '#schemas/projection-message.ts';

export type SingleWrite = Exclude<WriteAction, { kind: 'check' }>;

export type StorageOperation =
  | { readonly kind: 'get'; readonly table: string; readonly key: Item }
  | {
      readonly kind: 'query';
      readonly table: string;
      readonly pk: string;
      readonly skPrefix: string;
      readonly limit?: number;
    }
  | { readonly kind: 'write'; readonly action: SingleWrite }
  | { readonly kind: 'transact'; readonly actions: readonly WriteAction[] }
  | { readonly kind: 'send'; readonly body: ProjectionMessage; readonly delaySeconds: number }
  /** The wait before another attempt: touches nothing, but tells that the attempt before it was lost. */
  | { readonly kind: 'pause' };

/** What an operation reads and writes: keys of items, and for a query the beginning that all keys of its range share. */
export interface Footprint {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Beginnings of keys. */
  readonly ranges: readonly string[];
}

const place = (table: string, item: Item): string =>
  `${table} ${item.pk?.S ?? item.name?.S ?? '?'} ${item.sk?.S ?? item.version?.S ?? '?'}`;

const placeOf = (action: WriteAction): string => place(action.table, action.kind === 'put' ? action.item : action.key);

/** A message sent is no obstacle to anybody: the queue has no order. */
export function footprintOf(operation: StorageOperation): Footprint {
  switch (operation.kind) {
    case 'get':
      return { reads: [place(operation.table, operation.key)], writes: [], ranges: [] };
    case 'query':
      return { reads: [], writes: [], ranges: [`${operation.table} ${operation.pk} ${operation.skPrefix}`] };
    case 'write':
      return { reads: [], writes: [placeOf(operation.action)], ranges: [] };
    case 'transact': {
      const checked = operation.actions.filter(({ kind }) => kind === 'check').map(placeOf);
      const written = operation.actions.filter(({ kind }) => kind !== 'check').map(placeOf);
      return { reads: checked, writes: written, ranges: [] };
    }
    case 'send':
    case 'pause':
      return { reads: [], writes: [], ranges: [] };
  }
}

/** Text that is equal for equal values, whatever the order in which members were set. */
export function canonicalText(value: unknown): string {
  if (value === undefined) return 'nothing';
  return JSON.stringify(value, (_, part: unknown) => {
    if (part === null || typeof part !== 'object' || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** For the reader of a schedule: `put SourceRows metric#1 head if #fence = 3`. */
export function describeOperation(operation: StorageOperation): string {
  switch (operation.kind) {
    case 'get':
      return `get ${place(operation.table, operation.key)}`;
    case 'query':
      return `query ${operation.table} ${operation.pk} ${operation.skPrefix}*`;
    case 'write':
      return describeAction(operation.action);
    case 'transact':
      return `transact [${operation.actions.map(describeAction).join('; ')}]`;
    case 'send':
      return `send ${JSON.stringify(operation.body)} in ${operation.delaySeconds} s`;
    case 'pause':
      return 'pause, then another attempt';
  }
}

function describeAction(action: WriteAction): string {
  const { condition } = action;
  if (!condition) return `${action.kind} ${placeOf(action)}`;
  const clauses = condition.expression.replace(/[#:]\w+/g, (word) =>
    word.startsWith('#') ? (condition.names?.[word] ?? word) : short(condition.values?.[word]),
  );
  return `${action.kind} ${placeOf(action)} if ${clauses}`;
}

const short = (value: AttributeValue | undefined): string => String(value?.S ?? value?.N ?? JSON.stringify(value));

/** The result that a worker saw, short enough for one line. */
export function describeResult(result: unknown): string {
  if (result === undefined) return 'nothing there';
  if (Array.isArray(result)) return `${result.length} items`;
  const { written, reasons, found, ...item } = result as Item & { written?: unknown; reasons?: unknown; found?: Item };
  if (written === true) return 'written';
  if (reasons !== undefined) return 'refused';
  if (written === false) return found ? 'refused, something else is there' : 'refused, nothing is there';
  const shown = ['fence', 'revision', 'publishedName', 'claimedName', 'metricId', 'deleted', 'row'].flatMap((name) =>
    item[name] ? [`${name}=${short(item[name]).slice(0, 90)}`] : [],
  );
  return shown.join(' ') || 'an item';
}
