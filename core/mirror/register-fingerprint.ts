/**
 * Names one state of one register: equal fingerprints mean the same key with the same content, also after the register expired and was born
 * again. Pure. A head keeps the fingerprints of the rows that its last recompute read, so they are short: 48 bits.
 */
import { createHash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item } from '../platform/item-store.ts';

/** Characters of a fingerprint. */
export const FINGERPRINT_LENGTH = 8;

export function registerFingerprint(item: Item): string {
  return createHash('sha256')
    .update(canonical({ M: { ...item } }))
    .digest('base64url')
    .slice(0, FINGERPRINT_LENGTH);
}

/** Members in the order of their names: DynamoDB promises none. */
function canonical(value: AttributeValue): string {
  if (value.M === undefined) return JSON.stringify(value);
  const members = Object.entries(value.M).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}
