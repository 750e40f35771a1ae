/** What must hold of a world at rest: the items are the source's, nothing is left over, every revision was told, and what is set aside is what had to be. */
import { isDeepStrictEqual } from 'node:util';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type ExpectedItem, type ExpectedValue, expectedItems, itemKeyText } from '../source/expected-items.ts';
import { possibleRedirects, redirectText } from '../source/possible-redirects.ts';
import { TABLES } from '../world/functions.ts';
import type { World } from '../world/world.ts';
import { Violation } from './violation.ts';

type Item = Readonly<Record<string, AttributeValue>>;

export function checkAtRest(world: World): void {
  checkItems(world);
  checkRedirects(world);
  checkHeads(world);
  checkSetAside(world);
  world.revisions.checkEveryRevisionTold();
  checkConsumer(world);
}

/** L1: byte for byte what the rows say, by attributes that come from the rows. */
function checkItems(world: World): void {
  const expected = expectedItems(world.database);
  const found = new Map<string, ExpectedItem>();
  for (const item of world.services.dynamodb.items(TABLES.metrics)) {
    if (item.renamedTo === undefined)
      found.set(itemKeyText(item.name?.S ?? '', item.version?.S ?? ''), fromSource(item));
  }
  for (const [key, item] of expected) {
    if (!isDeepStrictEqual(found.get(key), item))
      throw new Violation('L1', `item ${shown(key)} is ${listed(found.get(key))} instead of ${listed(item)}`);
  }
  for (const [key, item] of found)
    if (!expected.has(key))
      throw new Violation('L1', `item ${shown(key)} is there, and no row says so: ${listed(item)}`);
}

/**
 * L1: whoever follows an old name comes to another name of one metric. Which of the two came first is not asked: the changes that are sent after a
 * full load begin before it, so a metric may be seen to go back to a name.
 */
function checkRedirects(world: World): void {
  const possible = possibleRedirects(world.database.commits);
  for (const { name, version, renamedTo } of world.services.dynamodb.items(TABLES.metrics)) {
    if (renamedTo === undefined) continue;
    const [from, to] = [name?.S ?? '', renamedTo.S ?? ''];
    if (possible.has(redirectText(from, to)) || possible.has(redirectText(to, from))) continue;
    throw new Violation(
      'L1',
      `item ${shown(itemKeyText(from, version?.S ?? ''))} is a redirect to ${JSON.stringify(to)}, and no metric had both names`,
    );
  }
}

/** Attributes that are ours and not the rows'. */
const OURS = new Set(['revision', 'lastChange', 'previousName']);

/** Sets as sorted lists. */
function fromSource(item: Item): ExpectedItem {
  const attributes = new Map<string, ExpectedValue>();
  for (const [name, value] of Object.entries(item)) {
    if (!OURS.has(name)) attributes.set(name, (value.SS ? { SS: [...value.SS].sort() } : value) as ExpectedValue);
  }
  return attributes;
}

const listed = (item: ExpectedItem | undefined): string => JSON.stringify(item && [...item]);

/** L4: no head has anything left that it wanted to do. */
function checkHeads(world: World): void {
  for (const item of world.services.dynamodb.items(TABLES.sourceRows)) {
    if (item.fence === undefined) continue;
    for (const name of ['unfinished', 'deleting', 'displaced', 'claimedName', 'vacated']) {
      if (item[name] !== undefined)
        throw new Violation('L4', `the head ${item.pk?.S} still has ${name}: ${JSON.stringify(item[name])}`);
    }
  }
}

/** L6: exactly the records that nobody can apply are set aside, whole. */
function checkSetAside(world: World): void {
  if (world.discarded > 0) throw new Violation('L6', `${world.discarded} batches were given up by a poller`);
  const poisoned = new Set(world.dms.poisoned.map(({ bytes }) => text(bytes)));
  const expected = new Map<string, string>();
  for (const { shardId, sequenceNumber, bytes } of world.services.kinesis.records) {
    if (poisoned.has(text(bytes))) expected.set(`quarantine/${shardId}/${sequenceNumber}.record`, text(bytes));
  }
  const rows = new Map(world.services.dynamodb.items(TABLES.quarantine).map((row) => [row.objectKey?.S ?? '', row]));
  for (const [key, bytes] of expected) {
    const object = world.services.bucket.objects.get(key);
    if (!rows.has(key)) throw new Violation('L6', `no row tells why ${key} was set aside`);
    if (object === undefined || text(object) !== bytes)
      throw new Violation('L6', `the bytes of ${key} are not the record's`);
  }
  for (const [key, row] of rows) {
    if (!expected.has(key))
      throw new Violation(
        'L6',
        `a good record was set aside: ${key}: ${row.code?.S} ${row.reason?.S}: ${text(world.services.bucket.objects.get(key) ?? new Uint8Array())}`,
      );
  }
}

/** L5: a consumer that applies every newer event knows what the table says. */
function checkConsumer(world: World): void {
  const names = new Map<string, string>();
  for (const item of world.services.dynamodb.items(TABLES.metrics)) {
    if (item.version?.S === '0' && item.renamedTo === undefined)
      names.set(item.metricId?.N ?? '', `${item.name?.S} ${item.revision?.N}`);
  }
  const known = new Map([...world.consumer.metrics].map(([id, metric]) => [id, `${metric.name} ${metric.revision}`]));
  if (!isDeepStrictEqual(sorted(names), sorted(known)))
    throw new Violation(
      'L5',
      `a consumer knows ${JSON.stringify(sorted(known))} and the table says ${JSON.stringify(sorted(names))}`,
    );
}

const sorted = (map: ReadonlyMap<string, string>): readonly (readonly [string, string])[] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1));
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const shown = (key: string): string => JSON.stringify(key.split('\u0000'));
