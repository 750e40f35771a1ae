/**
 * Attribute values as DynamoDB takes, measures and compares them. An item that needs no change is kept as it came, so that the many stores and
 * reads of a simulated world copy nothing; whoever gives or gets an item must never change it.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item } from '#core/platform/item-store.ts';
import { normalNumber } from './decimal-number.ts';
import { invalidParameter, validation } from './dynamodb-error.ts';

export interface AdmittedItem {
  readonly item: Item;
  /** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
  readonly bytes: number;
}

type Members = Readonly<Record<string, AttributeValue>>;

/** Overhead of a list or map, and of each element in it. */
const CONTAINER_BYTES = 3;
const ELEMENT_BYTES = 1;
const NUMBER_BYTES_MAX = 21;

/** Checks and normalises every value. @throws a ValidationException as DynamoDB's. */
export function admitted(item: Item): AdmittedItem {
  const admission = new Admission();
  const taken = admission.members(item);
  return { item: taken, bytes: admission.bytes };
}

/** One value of a request outside an item, such as an operand of a condition. */
export const admittedValue = (value: AttributeValue): AttributeValue => new Admission().value(value);

class Admission {
  bytes = 0;

  members(members: Members): Members {
    let changed: [string, AttributeValue][] | undefined;
    for (const name in members) {
      const value = members[name] as AttributeValue;
      this.bytes += Buffer.byteLength(name);
      const taken = this.value(value);
      if (taken === value) continue;
      changed ??= Object.entries(members);
      for (const entry of changed) if (entry[0] === name) entry[1] = taken;
    }
    return changed === undefined ? members : Object.fromEntries(changed);
  }

  value(value: AttributeValue): AttributeValue {
    if (value.S !== undefined) {
      this.bytes += Buffer.byteLength(value.S);
      return value;
    }
    if (value.N !== undefined) {
      const text = this.#number(value.N);
      return text === value.N ? value : { N: text };
    }
    if (value.BOOL !== undefined || value.NULL !== undefined) {
      this.bytes += 1;
      return value;
    }
    if (value.M !== undefined) {
      this.bytes += CONTAINER_BYTES + ELEMENT_BYTES * Object.keys(value.M).length;
      const taken = this.members(value.M);
      return taken === value.M ? value : { M: taken };
    }
    if (value.L !== undefined) {
      this.bytes += CONTAINER_BYTES + ELEMENT_BYTES * value.L.length;
      const taken = value.L.map((element) => this.value(element));
      return taken.some((element, place) => element !== value.L[place]) ? { L: taken } : value;
    }
    return this.#setOrBinary(value);
  }

  #setOrBinary(value: AttributeValue): AttributeValue {
    if (value.SS !== undefined) {
      for (const member of value.SS) this.bytes += Buffer.byteLength(member);
      checkSet(value.SS, 'string', (list) => `[${list.join(', ')}]`);
      return value;
    }
    if (value.NS !== undefined) {
      const taken = value.NS.map((member) => this.#number(member));
      checkSet(taken, 'number', (list) => `[${list.join(', ')}]`);
      return { NS: taken };
    }
    if (value.B !== undefined) {
      this.bytes += value.B.length;
      return value;
    }
    if (value.BS !== undefined) {
      for (const member of value.BS) this.bytes += member.length;
      checkSet(
        value.BS.map((member) => Buffer.from(member).toString('base64')),
        'binary',
        (list) => `[${list.join(', ')}]`,
      );
      return value;
    }
    throw validation('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes');
  }

  #number(text: string): string {
    const normal = normalNumber(text);
    if (typeof normal !== 'string') throw validation(normal.message);
    this.bytes += numberBytes(normal);
    return normal;
  }
}

/** A byte for each two digits, counted from the decimal point, one more for the number, and one for a minus. */
function numberBytes(normal: string): number {
  const sign = normal.startsWith('-') ? 1 : 0;
  if (normal.length - sign <= 2 && !normal.includes('.')) return sign + (normal === '0' ? 1 : 2);
  const [whole = '', fraction = ''] = normal.slice(sign).split('.');
  const even = (digits: number): number => digits + (digits % 2);
  const padded = whole.padStart(even(whole.length), '0') + fraction.padEnd(even(fraction.length), '0');
  const pairs = padded.match(/../g) ?? [];
  const first = pairs.findIndex((pair) => pair !== '00');
  const last = pairs.findLastIndex((pair) => pair !== '00');
  return Math.min(NUMBER_BYTES_MAX, sign + 1 + (last - first + 1));
}

function checkSet(members: readonly string[], kind: string, shown: (list: readonly string[]) => string): void {
  if (members.length === 0) throw invalidParameter(`An ${kind} set  may not be empty`);
  if (new Set(members).size < members.length) {
    throw invalidParameter(`Input collection ${shown(members)} contains duplicates.`);
  }
}

/** Equal by value, for admitted values: sets have no order. */
export function sameValue(a: AttributeValue | undefined, b: AttributeValue | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  if (a.S !== undefined) return a.S === b.S;
  if (a.N !== undefined) return a.N === b.N;
  if (a.BOOL !== undefined) return a.BOOL === b.BOOL;
  if (a.NULL !== undefined) return b.NULL !== undefined;
  if (a.M !== undefined) return b.M !== undefined && sameItem(a.M, b.M);
  if (a.L !== undefined) {
    const other = b.L;
    return other?.length === a.L.length && a.L.every((element, place) => sameValue(element, other[place]));
  }
  if (a.SS !== undefined) return b.SS !== undefined && sameSet(a.SS, b.SS);
  if (a.NS !== undefined) return b.NS !== undefined && sameSet(a.NS, b.NS);
  if (a.B !== undefined) return b.B !== undefined && Buffer.compare(a.B, b.B) === 0;
  if (a.BS !== undefined && b.BS !== undefined) return sameSet(a.BS.map(asText), b.BS.map(asText));
  return false;
}

export function sameItem(a: Item | undefined, b: Item | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  let count = 0;
  for (const name in a) {
    if (!Object.hasOwn(b, name) || !sameValue(a[name], b[name])) return false;
    count += 1;
  }
  return Object.keys(b).length === count;
}

const asText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  const members = new Set(a);
  return b.every((member) => members.has(member));
}
