/**
 * Writes a batch of the change stream to the archive: one object per shard and day of arrival. A batch that comes again makes the
 * same keys with the same bytes, so an object that is there already is not written twice. It looks into no record: what cannot be
 * decoded is archived as it is.
 */
import { type ArchivedRecord, compareSequenceNumbers, dayOf, encodeRecords, objectKey } from './archive-object.ts';

/** The port to the bucket. Must leave an object alone that has the key already, and say so. */
export type PutArchiveObject = (key: string, content: Uint8Array) => Promise<'written' | 'present'>;

export interface ArchivedBatch {
  readonly records: number;
  readonly written: number;
  readonly present: number;
  /** Compressed, of the objects written. */
  readonly bytes: number;
}

export async function archiveBatch(records: readonly ArchivedRecord[], put: PutArchiveObject): Promise<ArchivedBatch> {
  const counts = { written: 0, present: 0, bytes: 0 };
  for (const group of groups(records)) {
    const content = encodeRecords(group);
    const outcome = await put(keyOf(group), content);
    counts[outcome] += 1;
    if (outcome === 'written') counts.bytes += content.byteLength;
  }
  return { records: records.length, ...counts };
}

/** By shard and day of arrival, each in the order of the shard. */
function groups(records: readonly ArchivedRecord[]): readonly (readonly ArchivedRecord[])[] {
  const byPlace = new Map<string, ArchivedRecord[]>();
  for (const record of records) {
    const place = `${record.shardId} ${dayOf(record.arrivedAtMs)}`;
    const group = byPlace.get(place);
    if (group === undefined) byPlace.set(place, [record]);
    else group.push(record);
  }
  return [...byPlace.values()].map((group) =>
    group.sort((left, right) => compareSequenceNumbers(left.sequenceNumber, right.sequenceNumber)),
  );
}

function keyOf(group: readonly ArchivedRecord[]): string {
  const [first, last] = [group[0], group.at(-1)];
  if (first === undefined || last === undefined) throw new Error('an object of the change archive holds a record');
  // Arrival times need not ascend within a shard.
  const arrivals = group.map(({ arrivedAtMs }) => arrivedAtMs);
  return objectKey({
    shardId: first.shardId,
    firstArrivedAtMs: arrivals.reduce((least, ms) => Math.min(least, ms)),
    lastArrivedAtMs: arrivals.reduce((most, ms) => Math.max(most, ms)),
    firstSequenceNumber: first.sequenceNumber,
    lastSequenceNumber: last.sequenceNumber,
  });
}
