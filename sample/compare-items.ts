/**
 * Compares what the Metrics table holds with what it must hold. What is the pipeline's own (`revision`, `lastChange`,
 * `previousName`) is left aside, and a redirect at an old name is no live item.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { itemKey, type PlainItem, type PlainItems, type PlainValue } from './expected-items.ts';

export interface ItemDifference {
  readonly name: string;
  readonly version: string;
  readonly problem: 'missing' | 'unexpected' | 'different';
  /** Attributes that differ, for `different`. */
  readonly attributes: readonly {
    readonly attribute: string;
    readonly expected: PlainValue | undefined;
    readonly found: PlainValue | undefined;
  }[];
}

const OWN_ATTRIBUTES = new Set(['revision', 'lastChange', 'previousName']);

/** Items of a scan as plain items; redirects are left out. */
export function plainItems(scanned: Iterable<Readonly<Record<string, AttributeValue>>>): PlainItems {
  const items = new Map<string, PlainItem>();
  for (const item of scanned) {
    const attributes = new Map(Object.entries(item));
    if (attributes.has('renamedTo')) continue;
    const plain = new Map<string, PlainValue>();
    for (const [attribute, value] of attributes) {
      if (!OWN_ATTRIBUTES.has(attribute)) plain.set(attribute, plainValue(attribute, value));
    }
    items.set(itemKey(String(plain.get('name')), String(plain.get('version'))), plain);
  }
  return items;
}

function plainValue(attribute: string, value: AttributeValue): PlainValue {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return value.N;
  if (value.SS !== undefined) return [...value.SS].sort();
  if (value.BOOL === true) return true;
  return `${attribute} has an unexpected type: ${Object.keys(value).join()}`;
}

/** Differences in the order of their keys; empty when the table is exactly as it must be. */
export function compareItems(expected: PlainItems, found: PlainItems): ItemDifference[] {
  const differences: ItemDifference[] = [];
  for (const key of [...new Set([...expected.keys(), ...found.keys()])].sort()) {
    const [name = '', version = ''] = key.split('\u0000');
    const [wanted, present] = [expected.get(key), found.get(key)];
    if (wanted === undefined) differences.push({ name, version, problem: 'unexpected', attributes: [] });
    else if (present === undefined) differences.push({ name, version, problem: 'missing', attributes: [] });
    else {
      const attributes = differentAttributes(wanted, present);
      if (attributes.length > 0) differences.push({ name, version, problem: 'different', attributes });
    }
  }
  return differences;
}

function differentAttributes(wanted: PlainItem, present: PlainItem): ItemDifference['attributes'] {
  return [...new Set([...wanted.keys(), ...present.keys()])]
    .map((attribute) => ({ attribute, expected: wanted.get(attribute), found: present.get(attribute) }))
    .filter(({ expected, found }) => JSON.stringify(expected) !== JSON.stringify(found));
}
