/**
 * The form of the change archive: how an object is named and what is in it. The archive holds raw change records of the stream, for longer
 * than the stream does. What is written once is read for years: a change of this form needs a reader that knows both.
 *
 * Key: `changes/year=2026/month=11/day=21/<shard>/<first arrival>-<last arrival>-<first number>-<last number>.ndjson.gz`, arrivals in epoch
 * milliseconds (15 digits), sequence numbers as Kinesis gives them (56 digits). All records of an object arrived on its day (UTC), so
 * the days of a window hold the whole window. Content: gzip of one JSON object per line, `{sequenceNumber, partitionKey,
 * arrivedAtMs, data}` with the bytes in base64, ascending by sequence number. The same records make the same key and bytes.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod/mini';
import type { ChangeRecord } from '../replication/change-record.ts';

/** A record as the stream had it; the partition key is kept for whoever wants to put it back on a stream. */
export interface ArchivedRecord extends ChangeRecord {
  readonly partitionKey: string;
}

/** What a key says of its object. Both ends belong to it. */
export interface ArchiveObject {
  readonly shardId: string;
  readonly firstArrivedAtMs: number;
  readonly lastArrivedAtMs: number;
  readonly firstSequenceNumber: string;
  readonly lastSequenceNumber: string;
}

/** All days. */
export const YEARS_PREFIX = 'changes/year=';
export const DAY_MS = 24 * 3_600_000;

const ARRIVAL_DIGITS = 15;
const SEQUENCE_DIGITS = 56;
const KEY = /^changes\/year=\d{4}\/month=\d\d\/day=\d\d\/([^/]+)\/(\d{15})-(\d{15})-(\d{56,})-(\d{56,})\.ndjson\.gz$/;

/** Start of the day (UTC) in which this moment lies; epoch milliseconds. */
export const dayOf = (ms: number): number => Math.floor(ms / DAY_MS) * DAY_MS;

/** Everything that arrived on a day, of all shards or of one. */
export function dayPrefix(dayMs: number, shardId?: string): string {
  const [year, month, day] = new Date(dayMs).toISOString().slice(0, 10).split('-');
  const prefix = `${YEARS_PREFIX}${year}/month=${month}/day=${day}/`;
  return shardId === undefined ? prefix : `${prefix}${shardId}/`;
}

export function objectKey(object: ArchiveObject): string {
  const { shardId, firstArrivedAtMs, lastArrivedAtMs, firstSequenceNumber, lastSequenceNumber } = object;
  const name = [
    String(firstArrivedAtMs).padStart(ARRIVAL_DIGITS, '0'),
    String(lastArrivedAtMs).padStart(ARRIVAL_DIGITS, '0'),
    firstSequenceNumber.padStart(SEQUENCE_DIGITS, '0'),
    lastSequenceNumber.padStart(SEQUENCE_DIGITS, '0'),
  ].join('-');
  return `${dayPrefix(dayOf(firstArrivedAtMs), shardId)}${name}.ndjson.gz`;
}

/** Undefined for a key that no archiver wrote: somebody else's object is passed over. */
export function parseObjectKey(key: string): ArchiveObject | undefined {
  const [, shardId, firstArrival, lastArrival, first, last] = KEY.exec(key) ?? [];
  if (shardId === undefined || first === undefined || last === undefined) return undefined;
  return {
    shardId,
    firstArrivedAtMs: Number(firstArrival),
    lastArrivedAtMs: Number(lastArrival),
    firstSequenceNumber: trimmed(first),
    lastSequenceNumber: trimmed(last),
  };
}

/** Order of two records of one shard; sequence numbers are larger than any exact JavaScript number. */
export function compareSequenceNumbers(left: string, right: string): number {
  const [a, b] = [trimmed(left), trimmed(right)];
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : Number(a > b);
}

/** The records of one object, which must be of one shard and in order. */
export function encodeRecords(records: readonly ArchivedRecord[]): Uint8Array {
  const lines = records.map(({ sequenceNumber, partitionKey, arrivedAtMs, bytes }) => {
    const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
    return `${JSON.stringify({ sequenceNumber, partitionKey, arrivedAtMs, data })}\n`;
  });
  return gzipSync(lines.join(''));
}

const line = z.object({
  sequenceNumber: z.string().check(z.regex(/^\d+$/)),
  partitionKey: z.string(),
  arrivedAtMs: z.number().check(z.int()),
  data: z.base64(),
});

/** An object cannot be read, or does not hold what its name says. Its message names it; reading it again finds the same. */
export class ArchiveObjectDamaged extends Error {
  override readonly name = 'ArchiveObjectDamaged';

  constructor(key: string, reason: string, cause?: unknown) {
    super(
      `the object ${key} of the change archive cannot be read: ${reason}. ` +
        'Bring an earlier version of it back, or replay the windows before and after it and reload the tables',
      { cause },
    );
  }
}

/** @throws ArchiveObjectDamaged, also for an object that was written by something else. */
export function decodeRecords(key: string, content: Uint8Array, shardId: string): readonly ArchivedRecord[] {
  try {
    return gunzipSync(content)
      .toString('utf8')
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => {
        const { data, ...record } = line.parse(JSON.parse(text));
        return { shardId, ...record, bytes: Buffer.from(data, 'base64') };
      });
  } catch (error) {
    throw new ArchiveObjectDamaged(key, error instanceof Error ? error.message : String(error), error);
  }
}

const trimmed = (digits: string): string => digits.replace(/^0+(?=\d)/, '');
