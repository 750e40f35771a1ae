/**
 * Puts records on the Kinesis stream and keeps the order of each partition key: a record is never in flight together with, or
 * ahead of, an earlier one of the same key that has not been accepted. PutRecords can refuse single records, so one request holds
 * at most one record of a key. It retries without end, and never drops a record without saying so.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import type { Chaos } from './chaos.ts';
import type { OutgoingRecord } from './record-builder.ts';

/** Where load and CDC hand over records, in order. */
export interface RecordSink {
  /** Waits while too much is under way; the record is sent later. */
  send(record: OutgoingRecord): Promise<void>;
  /** Calls back when every record sent so far has been accepted. */
  whenAccepted(accepted: () => void): void;
}

export interface KinesisProducerOptions {
  readonly client: Pick<KinesisClient, 'send'>;
  readonly streamArn: string;
  readonly chaos: Chaos;
  /** A record larger than Kinesis takes: DMS logs it and goes on; so does this. */
  readonly onTooLarge: (record: OutgoingRecord, bytes: number) => Promise<void>;
  /** The error of the last attempt, or undefined when it succeeded. */
  readonly onState: (error: string | undefined) => void;
}

interface Pending {
  readonly record: OutgoingRecord | undefined;
  readonly data: Buffer;
  accepted: boolean;
  readonly onAccepted: (() => void) | undefined;
  /** Earliest time it may be sent, for the chaos switch that delays a shard. */
  readonly notBefore: number;
}

/** Limits of PutRecords (docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html), with room in the request size. */
const RECORDS_PER_REQUEST = 500;
const BYTES_PER_REQUEST = 4_500_000;
const RECORD_BYTES_MAX = 1_048_576;
const PENDING_MAX = 2000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

export class KinesisProducer implements RecordSink {
  readonly #options: KinesisProducerOptions;
  readonly #pending: Pending[] = [];
  readonly #room: (() => void)[] = [];
  readonly #abort = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: KinesisProducerOptions) {
    this.#options = options;
  }

  async send(record: OutgoingRecord): Promise<void> {
    const data = Buffer.from(record.text, 'utf8');
    const bytes = data.length + Buffer.byteLength(record.partitionKey);
    if (bytes > RECORD_BYTES_MAX) return this.#options.onTooLarge(record, bytes);
    while (this.#pending.length >= PENDING_MAX && !this.#abort.signal.aborted) {
      await new Promise<void>((resolve) => this.#room.push(resolve));
    }
    this.#abort.signal.throwIfAborted();
    const notBefore = Date.now() + this.#options.chaos.delayMs(record.partitionKey);
    this.#pending.push({ record, data, accepted: false, onAccepted: undefined, notBefore });
    this.#start();
  }

  whenAccepted(accepted: () => void): void {
    if (this.#pending.length === 0) {
      accepted();
      return;
    }
    this.#pending.push({
      record: undefined,
      data: Buffer.alloc(0),
      accepted: true,
      onAccepted: accepted,
      notBefore: 0,
    });
  }

  /** Stops at once; what has not been accepted is sent again after the next start, from the checkpoint. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error('The producer was stopped'));
    for (const resume of this.#room.splice(0)) resume();
    await this.#running;
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      // Something may have been handed over after the loop had looked for the last time.
      if (this.#pending.length > 0 && !this.#abort.signal.aborted) this.#start();
    });
  }

  async #run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (this.#pending.length > 0 && !this.#abort.signal.aborted) {
      const batch = this.#nextBatch();
      const refused = batch.length === 0 ? undefined : await this.#put(batch);
      this.#forgetAccepted();
      if (batch.length > 0 && refused === undefined) {
        pauseMs = FIRST_PAUSE_MS;
        this.#options.onState(undefined);
        continue;
      }
      if (refused !== undefined) this.#options.onState(refused);
      await sleep(refused === undefined ? 10 : pauseMs, undefined, { signal: this.#abort.signal }).catch(() => {});
      // Only a Kinesis that takes nothing at all is left alone for longer and longer.
      const stuck = refused !== undefined && !batch.some(({ accepted }) => accepted);
      pauseMs = stuck ? Math.min(pauseMs * 2, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
    }
  }

  /** Records in order, at most one of each key; a record that must wait holds back the later ones of its key. */
  #nextBatch(): Pending[] {
    const taken = new Set<string>();
    const batch: Pending[] = [];
    const now = Date.now();
    let bytes = 0;
    for (const entry of this.#pending) {
      if (entry.record === undefined || entry.accepted || taken.has(entry.record.partitionKey)) continue;
      taken.add(entry.record.partitionKey);
      if (entry.notBefore > now) continue;
      bytes += entry.data.length + Buffer.byteLength(entry.record.partitionKey);
      if (batch.length === RECORDS_PER_REQUEST || (batch.length > 0 && bytes > BYTES_PER_REQUEST)) break;
      batch.push(entry);
    }
    return batch;
  }

  /** Answers why something was refused, or undefined when all of the batch was accepted. */
  async #put(batch: readonly Pending[]): Promise<string | undefined> {
    const command = new PutRecordsCommand({
      StreamARN: this.#options.streamArn,
      Records: batch.map(({ record, data }) => ({ PartitionKey: record?.partitionKey ?? '', Data: data })),
    });
    try {
      const answer = await this.#unlessStopped(this.#options.client.send(command, { abortSignal: this.#abort.signal }));
      let refused: string | undefined;
      for (const [index, entry] of batch.entries()) {
        const result = answer.Records?.[index];
        if (result?.SequenceNumber === undefined)
          refused = `${result?.ErrorCode ?? 'no answer'}: ${result?.ErrorMessage ?? ''}`;
        else entry.accepted = true;
      }
      if (this.#options.chaos.putsTwice())
        await this.#options.client.send(command, { abortSignal: this.#abort.signal });
      return refused;
    } catch (error) {
      return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    }
  }

  /** A connection that never answers must not hold up the end. */
  async #unlessStopped<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#abort;
    let leave = (): void => {};
    const stopped = new Promise<never>((_, reject) => {
      leave = () => reject(signal.reason);
      signal.addEventListener('abort', leave);
    });
    try {
      return await Promise.race([work, stopped]);
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  #forgetAccepted(): void {
    let done = 0;
    while (this.#pending[done]?.accepted === true) done++;
    const finished = this.#pending.splice(0, done);
    for (const { onAccepted } of finished) onAccepted?.();
    for (const resume of this.#room.splice(0)) resume();
  }
}
