/**
 * An EventBridge bus: it takes events in requests of a few, perhaps only some of them, and delivers each to every subscriber after a while, in
 * no order and at least once. An event that was accepted is never lost.
 */
import type { Weather } from '../engine/faults.ts';
import type { Random } from '../engine/random.ts';
import type { VirtualTime } from '../engine/virtual-time.ts';
import { Network, refusal } from './network.ts';

/** As the API has it; all members that are sent. */
export interface BusEntry {
  readonly Source?: string | undefined;
  readonly DetailType?: string | undefined;
  readonly Detail?: string | undefined;
  readonly Resources?: readonly string[] | undefined;
}

export interface PutEventsAnswer {
  readonly FailedEntryCount: number;
  readonly Entries: readonly (
    | { readonly EventId: string }
    | { readonly ErrorCode: string; readonly ErrorMessage: string }
  )[];
}

export interface AcceptedEvent {
  readonly id: string;
  readonly source: string;
  readonly detailType: string;
  /** JSON text, as it came. */
  readonly detail: string;
  readonly acceptedAtMs: number;
}

type Listener = (detail: string, event: AcceptedEvent) => void;

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
const ENTRIES_MAX = 10;
const BYTES_MAX = 1_048_576;

const DELIVERED_FROM_MS = 20;
const DELIVERED_TO_MS = 400;
/** A subscriber that is busy gets an event much later. */
const LATE_CHANCE = 0.05;
const LATE_TO_MS = 60_000;

export class SimulatedBus {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #network: Network;
  readonly #events: AcceptedEvent[] = [];
  readonly #acceptedListeners: Listener[] = [];
  readonly #subscribers: Listener[] = [];
  #onTheWay = 0;

  constructor(time: VirtualTime, random: Random, weather: Weather) {
    this.#time = time;
    this.#random = random;
    this.#weather = weather;
    this.#network = new Network(time, random.fork('network'), weather);
  }

  /** Everything accepted, in the order of acceptance. */
  get events(): readonly AcceptedEvent[] {
    return this.#events;
  }

  /** Whether everything accepted has been delivered. */
  get idle(): boolean {
    return this.#onTheWay === 0;
  }

  /** Hears of each event once, at the instant when it is accepted. */
  onAccepted(listener: Listener): void {
    this.#acceptedListeners.push(listener);
  }

  /** Gets each event at least once, in any order. */
  subscribe(listener: Listener): void {
    this.#subscribers.push(listener);
  }

  /** One PutEvents. */
  putEvents(entries: readonly BusEntry[]): Promise<PutEventsAnswer> {
    return this.#network.request(
      'PutEvents',
      () => this.#accept(entries),
      () => refusal('ThrottlingException', 'Rate exceeded'),
    );
  }

  #accept(entries: readonly BusEntry[]): PutEventsAnswer {
    refuseWhole(entries);
    const isPartial = this.#random.chance(this.#weather.faults.partial);
    let failed = 0;
    const answers = entries.map((entry) => {
      const error = errorOf(entry) ?? (isPartial && this.#random.chance(0.5) ? internalFailure : undefined);
      if (error === undefined) return { EventId: this.#take(entry) };
      failed += 1;
      return error;
    });
    return { FailedEntryCount: failed, Entries: answers };
  }

  #take({ Source = '', DetailType = '', Detail = '' }: BusEntry): string {
    const number = String(this.#events.length + 1).padStart(12, '0');
    const id = `00000000-0000-4000-9000-${number}`;
    const event = { id, source: Source, detailType: DetailType, detail: Detail, acceptedAtMs: this.#time.nowMs() };
    this.#events.push(event);
    for (const listener of this.#acceptedListeners) listener(Detail, event);
    for (const subscriber of this.#subscribers) {
      do this.#deliverLater(subscriber, event);
      while (this.#random.chance(this.#weather.faults.duplicate));
    }
    return id;
  }

  #deliverLater(subscriber: Listener, event: AcceptedEvent): void {
    const random = this.#random;
    const isLate = random.chance(LATE_CHANCE);
    const delayMs = isLate
      ? random.between(DELIVERED_TO_MS, LATE_TO_MS)
      : random.between(DELIVERED_FROM_MS, DELIVERED_TO_MS);
    this.#onTheWay += 1;
    this.#time.after(delayMs, () => {
      this.#onTheWay -= 1;
      subscriber(event.detail, event);
    });
  }
}

const internalFailure = { ErrorCode: 'InternalFailure', ErrorMessage: 'Internal failure' };

function refuseWhole(entries: readonly BusEntry[]): void {
  if (entries.length < 1 || entries.length > ENTRIES_MAX)
    throw refusal('ValidationException', `PutEvents takes 1 to ${ENTRIES_MAX} entries, not ${entries.length}`);
  const bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
  if (bytes > BYTES_MAX)
    throw refusal(
      'ValidationException',
      `Total size of the entries in the request is over the limit: ${bytes} of ${BYTES_MAX}`,
    );
}

const entryBytes = ({ Source, DetailType, Detail, Resources = [] }: BusEntry): number =>
  [Source, DetailType, Detail, ...Resources].reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), 0);

function errorOf({ Source, DetailType, Detail }: BusEntry): { ErrorCode: string; ErrorMessage: string } | undefined {
  for (const [name, text] of Object.entries({ Source, DetailType, Detail })) {
    if (!text)
      return {
        ErrorCode: 'InvalidArgument',
        ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
      };
  }
  return isJsonObject(Detail ?? '')
    ? undefined
    : { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
