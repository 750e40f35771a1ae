/**
 * Sets a record aside whole: its raw bytes in the bucket, its reason in the table. The keys are the record's place in the stream, so setting
 * it aside twice is setting it aside once. The bytes come first: a reason without bytes could not be redriven.
 */
import { createHash } from 'node:crypto';
import type { RelayError } from '../error/relay-error.ts';
import type { ItemStore } from '../platform/item-store.ts';
import type { ChangeRecord } from '../replication/change-record.ts';

/** The port to the bucket. */
export type PutObject = (key: string, bytes: Uint8Array) => Promise<void>;

export class Quarantine {
  readonly #store: ItemStore;
  readonly #table: string;
  readonly #putObject: PutObject;
  readonly #nowMs: () => number;

  constructor(store: ItemStore, table: string, putObject: PutObject, nowMs: () => number) {
    this.#store = store;
    this.#table = table;
    this.#putObject = putObject;
    this.#nowMs = nowMs;
  }

  async setAside(record: ChangeRecord, error: RelayError): Promise<void> {
    const objectKey = `quarantine/${record.shardId}/${record.sequenceNumber}.record`;
    await this.#putObject(objectKey, record.bytes);
    // A single put: it is the one operation on this table that the replicator's role has.
    await this.#store.write({
      kind: 'put',
      table: this.#table,
      item: {
        pk: { S: record.shardId },
        sk: { S: record.sequenceNumber.padStart(56, '0') },
        sequenceNumber: { S: record.sequenceNumber },
        code: { S: error.code },
        reason: { S: error.message },
        objectKey: { S: objectKey },
        bytes: { N: String(record.bytes.byteLength) },
        sha256: { S: createHash('sha256').update(record.bytes).digest('hex') },
        arrivedAt: { S: new Date(record.arrivedAtMs).toISOString() },
        quarantinedAt: { S: new Date(this.#nowMs()).toISOString() },
      },
    });
  }
}
