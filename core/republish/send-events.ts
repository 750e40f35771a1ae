/**
 * Sends events to the bus at a pace, entry by entry accounted for. PutEvents answers for each entry: those that it refused are sent again,
 * after a growing pause. It never goes on past an event that was not accepted, so that a run can be taken up again behind the last name.
 */
import { type OutgoingEvent, requestsOf } from './put-events-entry.ts';

/** One answer per event, in order: undefined when the bus has it, else why not. */
export type PutEvents = (events: readonly OutgoingEvent[]) => Promise<readonly (string | undefined)[]>;

export interface SendOptions {
  readonly put: PutEvents;
  /** Events a second. */
  readonly rate: number;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Asked before every request, those of a refused event too; true ends the run cleanly. */
  readonly mustStop: () => boolean;
  readonly sent: (event: OutgoingEvent) => void;
}

export type SendOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'refused'; readonly event: OutgoingEvent; readonly reason: string }
  /** A request, after the client's own attempts; whether the bus has its events is not known. */
  | { readonly kind: 'failed'; readonly error: unknown };

/** Rounds for the entries of one request that the bus refused; the pauses add up to about two minutes. */
const ROUNDS_MAX = 9;
const FIRST_PAUSE_MS = 250;
const PAUSE_MS_MAX = 30_000;

export class EventSender {
  readonly #options: SendOptions;
  #firstMs: number | undefined;
  #sent = 0;

  constructor(options: SendOptions) {
    this.#options = options;
  }

  /** May be called for one slice of events after the other; the pace is kept over all of them. */
  async send(events: readonly OutgoingEvent[]): Promise<SendOutcome> {
    const { rate, mustStop } = this.#options;
    for (const request of requestsOf(events, rate)) {
      await this.#keepPace();
      if (mustStop()) return { kind: 'stopped' };
      const ended = await this.#sendWhole(request);
      if (ended) return ended;
    }
    return { kind: 'done' };
  }

  async #keepPace(): Promise<void> {
    const { rate, nowMs, sleep } = this.#options;
    this.#firstMs ??= nowMs();
    const waitMs = this.#firstMs + (this.#sent * 1000) / rate - nowMs();
    if (waitMs > 0) await sleep(waitMs);
  }

  async #sendWhole(request: readonly OutgoingEvent[]): Promise<SendOutcome | undefined> {
    const { put, sleep, sent, mustStop } = this.#options;
    // Those before the first that the bus is not known to have are told as sent: whoever goes on begins with that one.
    const endBefore = (place: number, outcome: SendOutcome): SendOutcome => {
      for (const event of request.slice(0, place)) sent(event);
      return outcome;
    };
    let rest = request;
    let place = 0;
    for (let round = 0; ; round++) {
      let answers: Awaited<ReturnType<PutEvents>>;
      try {
        answers = await put(rest);
      } catch (error) {
        return endBefore(place, { kind: 'failed', error });
      }
      const refused = rest.filter((_, index) => answers[index] !== undefined);
      const [first] = refused;
      if (first === undefined) break;
      rest = refused;
      place = request.indexOf(first);
      const isLast = round + 1 >= ROUNDS_MAX;
      if (!isLast) await sleep(Math.min(PAUSE_MS_MAX, FIRST_PAUSE_MS * 2 ** round));
      if (!isLast && !mustStop()) continue;
      const reason = answers.find((answer) => answer !== undefined) ?? '';
      return endBefore(place, isLast ? { kind: 'refused', event: first, reason } : { kind: 'stopped' });
    }
    for (const event of request) sent(event);
    this.#sent += request.length;
    return undefined;
  }
}
