/**
 * What item "0" remembers of the metric's former state when no image of it will be in the stream record: under the new name of a renamed metric
 * nothing of it lay before. Only what differs is kept, because an item that held itself twice would pass what DynamoDB allows.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { sameItem } from '../platform/item-cost.ts';
import type { Item } from '../platform/item-store.ts';

/** The attribute was absent. Content never is NULL: an attribute without a value is left out. */
const ABSENT: AttributeValue = { NULL: true };

/** Attributes of `former` that are others in `present`. Both are contents of item "0", without `revision` and `lastChange`. */
export function differenceFrom(present: Item, former: Item): Item {
  const names = [...new Set([...Object.keys(former), ...Object.keys(present)])];
  const differing = names.filter((name) => !sameItem(only(former, name), only(present, name)));
  return Object.fromEntries(differing.map((name) => [name, former[name] ?? ABSENT]));
}

const only = (item: Item, name: string): Item => (item[name] === undefined ? {} : { [name]: item[name] });

/** The inverse: `present` with what differed put back. An item of an earlier version holds all of its former self, its id among it, which never differs. */
export function formerFrom(present: Item, difference: Item): Item {
  if (difference.metricId !== undefined) return difference;
  const former = Object.entries({ ...present, ...difference });
  return Object.fromEntries(former.filter(([, value]) => value.NULL === undefined));
}
