/**
 * What DynamoDB bills for an item, and when a write changes nothing, by AWS's published rules. Pure. Used where writes are rehearsed or
 * foretold; whether an item fits its limit is decided elsewhere, by a count that is never too low.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item } from './item-store.ts';

const WRITE_UNIT_BYTES = 1024;
const READ_UNIT_BYTES = 4096;
/** Of a list or map, whatever it holds; each element takes one more. */
const CONTAINER_BYTES = 3;
const LARGEST_NUMBER_BYTES = 21;

/** Write request units of one put or delete: the larger image, in whole kilobytes. A transacted write costs twice that. */
export function writeUnits(before: Item | undefined, after: Item | undefined): number {
  return Math.max(1, Math.ceil(Math.max(sizeOf(before), sizeOf(after)) / WRITE_UNIT_BYTES));
}

/** Read request units of one strongly consistent read of so many bytes; nothing found costs one. */
export function readUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES));
}

export function sizeOf(item: Item | undefined): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item ?? {})) bytes += Buffer.byteLength(name) + valueBytes(value);
  return bytes;
}

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return numberBytes(value.N);
  if (value.B !== undefined) return value.B.byteLength;
  if (value.SS) return sum(value.SS, (text) => Buffer.byteLength(text));
  if (value.NS) return sum(value.NS, numberBytes);
  if (value.BS) return sum(value.BS, (bytes) => bytes.byteLength);
  if (value.L) return CONTAINER_BYTES + sum(value.L, (element) => 1 + valueBytes(element));
  if (value.M) return CONTAINER_BYTES + Object.keys(value.M).length + sizeOf(value.M);
  return 1;
}

/** About a byte for two significant digits, and one more. */
function numberBytes(text: string): number {
  const digits = (decimal(text).split('e')[0] ?? '').replace('-', '').length;
  return Math.min(Math.ceil(digits / 2) + 1, LARGEST_NUMBER_BYTES);
}

const sum = <T>(list: readonly T[], bytes: (element: T) => number): number =>
  list.reduce((total, element) => total + bytes(element), 0);

/** Two images that are one item to DynamoDB: a put of the one over the other writes no stream record. */
export function sameItem(one: Item | undefined, other: Item | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return sameMembers(one, other);
}

function sameMembers(one: Item, other: Item): boolean {
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  return names.every((name) => sameValue(one[name], other[name]));
}

/** Members of a set have no order, and a number has many spellings. */
export function sameValue(one: AttributeValue | undefined, other: AttributeValue | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one.N !== undefined) return other.N !== undefined && decimal(one.N) === decimal(other.N);
  if (one.M) return other.M !== undefined && sameMembers(one.M, other.M);
  if (one.L) {
    const { L } = other;
    return L?.length === one.L.length && one.L.every((element, index) => sameValue(element, L[index]));
  }
  return asText(one) === asText(other);
}

function asText({ S, B, BOOL, NULL, SS, NS, BS }: AttributeValue): string {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return JSON.stringify([
    S,
    B && hex(B),
    BOOL,
    NULL,
    SS && [...SS].sort(),
    NS?.map(decimal).sort(),
    BS?.map(hex).sort(),
  ]);
}

/** One spelling for each decimal number: its significant digits and the power of ten that they count; exact for any length. */
function decimal(text: string): string {
  const parts = /^([-+]?)(\d*)\.?(\d*)(?:e([-+]?\d+))?$/i.exec(text);
  if (!parts) return text;
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0e0';
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign === '-' ? '-' : ''}${significant}e${power}`;
}
