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
  | { readonly kind: 'refused'; readonly event: OutgoingEvent; readonly reason: string };

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
    let rest = request;
    for (let round = 0; ; round++) {
      const answers = await put(rest);
      const refused = rest.filter((_, index) => answers[index] !== undefined);
      const [first] = refused;
      if (first === undefined) break;
      rest = refused;
      const isLast = round + 1 >= ROUNDS_MAX;
      if (!isLast) await sleep(Math.min(PAUSE_MS_MAX, FIRST_PAUSE_MS * 2 ** round));
      if (!isLast && !mustStop()) continue;
      // Those before the refused one are told as sent: whoever goes on begins with the refused one.
      for (const event of request.slice(0, request.indexOf(first))) sent(event);
      const reason = answers.find((answer) => answer !== undefined) ?? '';
      return isLast ? { kind: 'refused', event: first, reason } : { kind: 'stopped' };
    }
    for (const event of request) sent(event);
    this.#sent += request.length;
    return undefined;
  }
}
