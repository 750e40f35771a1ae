/** A bucket in memory for the change archive. It lists in no useful order, as the port allows, and counts what was opened. */
import type { PutArchiveObject } from '#core/archive/archive-batch.ts';
import type { ArchivedRecord } from '#core/archive/archive-object.ts';
import type { ArchiveStore } from '#core/archive/read-archive.ts';

export interface MemoryArchive extends ArchiveStore {
  readonly objects: Map<string, Uint8Array>;
  readonly opened: string[];
  readonly put: PutArchiveObject;
}

export function memoryArchive(): MemoryArchive {
  const objects = new Map<string, Uint8Array>();
  const opened: string[] = [];
  return {
    objects,
    opened,
    async put(key, content) {
      if (objects.has(key)) return 'present';
      objects.set(key, content);
      return 'written';
    },
    async *list(prefix) {
      for (const key of [...objects.keys()].sort().reverse()) if (key.startsWith(prefix)) yield key;
    },
    async first(prefix) {
      return [...objects.keys()].sort().find((key) => key.startsWith(prefix));
    },
    async get(key) {
      opened.push(key);
      const content = objects.get(key);
      if (content === undefined) throw new Error(`no object ${key}`);
      return content;
    },
  };
}

/** Sequence numbers as Kinesis gives them: 56 digits, far beyond what a JavaScript number holds. */
export const sequenceNumber = (place: number): string =>
  (49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136n * 10n ** 6n + BigInt(place)).toString();

export function archivedRecord(shardId: string, place: number, arrivedAtMs: number): ArchivedRecord {
  const bytes = Buffer.from(`${shardId} ${place} é`);
  return { shardId, sequenceNumber: sequenceNumber(place), partitionKey: `lph.metrics.${place}`, arrivedAtMs, bytes };
}

export async function allOf<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}
