/**
 * A standard queue: a message may come more than once and in any order, is out of sight while somebody has it, and after too many receives
 * goes to the dead-letter queue. A message that is sent is there until it is deleted.
 */
import { createHash } from 'node:crypto';
import { type QueueRecord, type QueueSource, toQueueRecord } from '#local/stream/queue-source.ts';
import type { Weather } from '../engine/faults.ts';
import type { Random } from '../engine/random.ts';
import type { VirtualTime } from '../engine/virtual-time.ts';
import { Waiters } from '../engine/waiters.ts';
import { ACCOUNT_ID, REGION } from './item-stream.ts';
import { Network, refusal } from './network.ts';

export interface QueueSettings {
  readonly visibilitySeconds: number;
  /** Receives after which a message is set aside: the redrive policy's maxReceiveCount. */
  readonly receiveMax: number;
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const DELAY_SECONDS_MAX = 900;
const BODY_BYTES_MAX = 1024 * 1024;
const RECEIVE_MAX = 10;

interface Message {
  readonly messageId: string;
  readonly body: string;
  readonly sentAtMs: number;
  firstReceivedAtMs: number | undefined;
  visibleAtMs: number;
  receives: number;
  receiptHandle: string | undefined;
}

export class SimulatedQueue {
  readonly queueArn = `arn:aws:sqs:${REGION}:${ACCOUNT_ID}:projections`;
  /** Bodies of what was set aside. Whoever redrives them takes them out. */
  readonly deadLetters: string[] = [];
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #network: Network;
  readonly #settings: QueueSettings;
  readonly #messages = new Set<Message>();
  readonly #receivers: Waiters;
  #numbered = 0;

  constructor(time: VirtualTime, random: Random, weather: Weather, settings: QueueSettings) {
    this.#time = time;
    this.#random = random;
    this.#weather = weather;
    this.#network = new Network(time, random.fork('network'), weather);
    this.#settings = settings;
    this.#receivers = new Waiters(time);
  }

  /** Messages that are not deleted: visible, delayed and received ones. */
  get depth(): number {
    return this.#messages.size;
  }

  send(body: string, delaySeconds = 0): Promise<void> {
    return this.#network.request('SendMessage', () => this.#add(body, delaySeconds), throttled);
  }

  /** For one poller. */
  source(): QueueSource {
    return {
      receive: async (recordsMax, waitSeconds, signal) => {
        const waitMs = waitSeconds * 1000;
        if (waitMs > 0 && !signal.aborted && this.#visible().length === 0) await this.#receivers.wait(waitMs, signal);
        if (signal.aborted || this.#visible().length === 0) return [];
        return this.#network.request(
          'ReceiveMessage',
          () => this.#receive(Math.min(recordsMax, RECEIVE_MAX)),
          throttled,
        );
      },
      delete: (records) => this.#network.request('DeleteMessageBatch', () => this.#delete(records), throttled),
      close: () => {},
    };
  }

  #add(body: string, delaySeconds: number): void {
    if (delaySeconds < 0 || delaySeconds > DELAY_SECONDS_MAX || !Number.isInteger(delaySeconds))
      throw refusal(
        'InvalidParameterValue',
        `Value ${delaySeconds} for parameter DelaySeconds is invalid. Reason: Must be between 0 and ${DELAY_SECONDS_MAX}, if provided.`,
      );
    const bytes = Buffer.byteLength(body);
    if (bytes < 1 || bytes > BODY_BYTES_MAX)
      throw refusal('InvalidParameterValue', `a message of ${bytes} bytes; 1 to ${BODY_BYTES_MAX} are allowed`);
    this.#addMessage(body, delaySeconds * 1000);
    // Whoever sends may hear nothing of it and send again; and the queue itself stores a message twice now and then.
    if (this.#random.chance(this.#weather.faults.duplicate)) this.#addMessage(body, delaySeconds * 1000);
  }

  #addMessage(body: string, delayMs: number): void {
    const nowMs = this.#time.nowMs();
    this.#numbered += 1;
    this.#messages.add({
      messageId: `00000000-0000-4000-8000-${String(this.#numbered).padStart(12, '0')}`,
      body,
      sentAtMs: Math.floor(nowMs),
      firstReceivedAtMs: undefined,
      visibleAtMs: nowMs + delayMs,
      receives: 0,
      receiptHandle: undefined,
    });
    this.#wakeAt(nowMs + delayMs);
  }

  #visible(): Message[] {
    const nowMs = this.#time.nowMs();
    return [...this.#messages].filter(({ visibleAtMs }) => visibleAtMs <= nowMs);
  }

  /** Some of the visible messages, in any order; perhaps none though there are some. */
  #receive(countMax: number): readonly QueueRecord[] {
    const random = this.#random;
    const candidates = random.shuffle(this.#visible());
    const records: QueueRecord[] = [];
    for (const message of candidates.slice(0, random.between(1, countMax))) {
      if (message.receives >= this.#settings.receiveMax) {
        this.#messages.delete(message);
        this.deadLetters.push(message.body);
      } else records.push(this.#handOut(message));
    }
    return records;
  }

  #handOut(message: Message): QueueRecord {
    const nowMs = this.#time.nowMs();
    message.receives += 1;
    message.firstReceivedAtMs ??= Math.floor(nowMs);
    message.receiptHandle = `${message.messageId}#${message.receives}`;
    // Rarely two receivers get the same message: the first did not take it out of everyone's sight.
    const isHidden = !this.#random.chance(this.#weather.faults.duplicate);
    if (isHidden) message.visibleAtMs = nowMs + this.#settings.visibilitySeconds * 1000;
    this.#wakeAt(message.visibleAtMs);
    return toQueueRecord(
      {
        MessageId: message.messageId,
        ReceiptHandle: message.receiptHandle,
        Body: message.body,
        MD5OfBody: createHash('md5').update(message.body).digest('hex'),
        Attributes: {
          ApproximateReceiveCount: String(message.receives),
          SentTimestamp: String(message.sentAtMs),
          SenderId: 'AROAEXAMPLE:replicator',
          ApproximateFirstReceiveTimestamp: String(message.firstReceivedAtMs),
        },
      },
      this.queueArn,
      REGION,
    );
  }

  /** The handle of an earlier receive may still delete, or have no effect; neither is an error. */
  #delete(records: readonly QueueRecord[]): void {
    for (const { identifier, receiptHandle } of records) {
      for (const message of this.#messages) {
        if (message.messageId !== identifier) continue;
        if (message.receiptHandle === receiptHandle || this.#random.chance(0.5)) this.#messages.delete(message);
        break;
      }
    }
  }

  #wakeAt(atMs: number): void {
    this.#time.after(atMs - this.#time.nowMs(), () => {
      // A long poll ends with the first message, and one message is enough for one receiver.
      if (this.#visible().length > 0) this.#receivers.wakeOne(this.#random);
    });
  }
}

const throttled = (): Error => refusal('RequestThrottled', 'Rate exceeded', 403);
