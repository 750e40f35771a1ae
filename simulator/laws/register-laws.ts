/**
 * L3 at every write to the row mirror: an older change never replaces a newer one, births, deaths, fences and revisions only grow, and nothing is
 * forgotten that a replay could ask for. The order of changes is decided here once more, in other words than in the code under test.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { RETENTION_HOURS } from '../aws/kinesis-api.ts';
import { Violation } from './violation.ts';

type Item = Readonly<Record<string, AttributeValue>>;

/** No record is older that a replay of the stream could bring. */
const STREAM_REACHES_MS = RETENTION_HOURS * 3_600_000;

export function checkRegisterWrite(key: string, before: Item | undefined, after: Item | undefined): void {
  if (!before) return;
  if (!after) throw new Violation('L3', `the mirror item ${key} was removed; only its expiry may do that`);
  if (after.fence !== undefined) checkHead(key, before, after);
  if (after.moment !== undefined) checkRegister(key, before, after);
}

/** DynamoDB has removed an item of the mirror because its time to live was over. */
export function checkExpiry(key: string, item: Item, nowMs: number): void {
  if (item.moment === undefined || item.row !== undefined)
    throw new Violation('L3', `the mirror item ${key} has expired, and it is no tombstone`);
  const ageMs = nowMs - Date.parse(builtAt(item.moment));
  if (ageMs <= STREAM_REACHES_MS)
    throw new Violation(
      'L3',
      `the tombstone ${key} has expired after ${ageMs} ms; a replay reaches back ${STREAM_REACHES_MS}`,
    );
}

function checkRegister(key: string, before: Item, after: Item): void {
  for (const name of ['birth', 'death']) {
    if (before[name] === undefined) continue;
    if (after[name] === undefined) throw new Violation('L3', `${key} lost its ${name}`);
    if (isOlder(after[name], before[name]))
      throw new Violation('L3', `${name} of ${key} went back ${shown(before, after, name)}`);
  }
  const rowChanged = before.row?.S !== after.row?.S;
  if (rowChanged && isOlderChange(before, after))
    throw new Violation('L3', `an older change replaced a newer one at ${key} ${shown(before, after, 'moment')}`);
}

function checkHead(key: string, before: Item, after: Item): void {
  for (const name of ['fence', 'revision']) {
    if (BigInt(after[name]?.N ?? '0') < BigInt(before[name]?.N ?? '0'))
      throw new Violation('L5', `${name} of ${key} went back from ${before[name]?.N} to ${after[name]?.N}`);
  }
}

function isOlderChange(before: Item, after: Item): boolean {
  // A full load has no position: build times decide against it.
  if (before.loaded?.BOOL || after.loaded?.BOOL) return builtAt(after.moment) < builtAt(before.moment);
  return isOlder(after.moment, before.moment);
}

function isOlder(after: AttributeValue | undefined, before: AttributeValue | undefined): boolean {
  const [a, b] = [placeOf(after), placeOf(before)];
  if (!a || !b || a.lineage !== b.lineage) return builtAt(after) < builtAt(before);
  return a.transaction < b.transaction || (a.transaction === b.transaction && a.record < b.record);
}

const builtAt = (moment: AttributeValue | undefined): string => moment?.M?.builtAt?.S ?? '';

function placeOf(moment: AttributeValue | undefined) {
  const { lineage, transactionId, recordId } = moment?.M ?? {};
  if (lineage?.S === undefined || transactionId?.N === undefined || recordId?.N === undefined) return undefined;
  return { lineage: lineage.S, transaction: BigInt(transactionId.N), record: BigInt(recordId.N) };
}

const shown = (before: Item, after: Item, name: string): string =>
  `(${JSON.stringify(before[name]?.M)} → ${JSON.stringify(after[name]?.M)})`;
