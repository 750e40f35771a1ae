/**
 * What lies under a key of the Metrics table and whose it is. Beside live items there are three that no reader takes for a metric: a
 * redirect left at an old name, a claim that holds a name while a large metric is written under it, and the mark of a deletion,
 * from which the DELETED event is made a moment before the items go.
 */
import { createHash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Condition, Item } from '../platform/item-store.ts';
import { LATEST } from '../projection/project-metric.ts';

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
export const ITEM_BYTES_MAX = 400 * 1024;

export const itemKey = (name: string, version: string): Item => ({ name: { S: name }, version: { S: version } });

export const isRedirect = (item: Item): boolean => item.renamedTo !== undefined;
export const isClaim = (item: Item): boolean => item.claim !== undefined;
export const isDeletionMark = (item: Item): boolean => item.deleted !== undefined;

/** Metric that an item "0" belongs to; undefined for a redirect. */
export const ownerOf = (item: Item): string | undefined => (isRedirect(item) ? undefined : item.metricId?.N);

export function redirectItem(oldName: string, newName: string, expiresAtSeconds: number): Item {
  return { ...itemKey(oldName, LATEST), renamedTo: { S: newName }, expiresAt: { N: String(expiresAtSeconds) } };
}

export function claimItem(name: string, metricId: string): Item {
  return { ...itemKey(name, LATEST), metricId: { N: metricId }, claim: { BOOL: true } };
}

/** The name is free or holds a redirect. */
export const free = (): Condition => ({
  expression: 'attribute_not_exists(#name) OR attribute_exists(renamedTo)',
  names: { '#name': 'name' },
});

/** The name is free, holds a redirect, or is this metric's own. */
export function freeOrMine(metricId: string): Condition {
  return {
    expression: 'attribute_not_exists(#name) OR attribute_exists(renamedTo) OR metricId = :me',
    names: { '#name': 'name' },
    values: { ':me': { N: metricId } },
  };
}

export const mine = (metricId: string): Condition => ({
  expression: 'metricId = :me',
  values: { ':me': { N: metricId } },
});

/** Item "0" still is the one of the other metric that was read; a claim has no revision. */
export function stillTheirs(item: Item): Condition {
  const names = { '#revision': 'revision' };
  const them = { ':them': { N: item.metricId?.N ?? '0' } };
  if (!item.revision)
    return { expression: 'metricId = :them AND attribute_not_exists(#revision)', names, values: them };
  return {
    expression: 'metricId = :them AND #revision = :revision',
    names,
    values: { ...them, ':revision': item.revision },
  };
}

/** Hash of an item's content. Attributes are ours and few, so their names order them. */
export function contentHash(item: Item): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(item).sort()) hash.update(JSON.stringify([name, item[name]]));
  return hash.digest('base64url').slice(0, 16);
}

/**
 * Bytes of an item as DynamoDB counts them, or a few more: it packs two digits of a number into one byte.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function itemBytes(item: Item): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) bytes += Buffer.byteLength(name) + attributeBytes(value);
  return bytes;
}

function attributeBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return value.N.length;
  if (value.SS) return value.SS.reduce((sum, member) => sum + Buffer.byteLength(member), 3);
  if (value.M) return itemBytes(value.M) + Object.keys(value.M).length + 3;
  return 1;
}
