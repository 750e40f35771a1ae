/**
 * An item of the Metrics table as plain JSON for the event. A DynamoDB number becomes a JSON number only when its text survives the
 * round trip, so that no consumer reads a rounded value. Members are in the order of their names: DynamoDB gives them in none. Attribute names are ours, never the source's.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { RelayError } from '../error/relay-error.ts';
import type { Item } from '../platform/item-store.ts';

export type PlainValue =
  | string
  | number
  | boolean
  | null
  | readonly PlainValue[]
  | { readonly [member: string]: PlainValue };

export function exactNumber(text: string): number | string {
  const number = Number(text);
  return String(number) === text && (!Number.isInteger(number) || Number.isSafeInteger(number)) ? number : text;
}

export function plainValue(value: AttributeValue): PlainValue {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return exactNumber(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.SS) return [...value.SS].sort();
  if (value.NS) return [...value.NS].sort().map(exactNumber);
  if (value.L) return value.L.map(plainValue);
  if (value.M) return plainJson(value.M);
  if (value.NULL) return null;
  // Bytes have no JSON form here: two different ones would look the same.
  throw new RelayError(
    'UNPUBLISHABLE_ITEM',
    `an attribute is of type ${Object.keys(value).join()}; binary is not told`,
  );
}

export function plainJson(item: Item): { readonly [member: string]: PlainValue } {
  const attributes = Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(attributes.map(([name, value]) => [name, plainValue(value)]));
}
