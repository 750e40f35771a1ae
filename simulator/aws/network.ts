/**
 * The way from a client to a service and back, the same for every simulated service: both legs take time, a request can be refused for load,
 * an answer can come too late or never while the request is carried out all the same. It repeats nothing: that is the client's part.
 */
import type { Weather } from '../engine/faults.ts';
import type { Random } from '../engine/random.ts';
import type { VirtualTime } from '../engine/virtual-time.ts';

/** As the clients of the functions are set: whoever waits longer gives up. */
export const CLIENT_TIMEOUT_MS = 10_000;
/** Slow answers are partly slower than a client waits. */
const SLOW_FROM_MS = 1_000;
const SLOW_TO_MS = 14_000;
/** Of one leg; any fraction of it, so that no two things happen at one instant for ever in the same order. */
const LEG_MAX_MS = 4;

/** What the SDK throws for a service's refusal, as far as its own retries and our code look at it. */
export interface Refusal extends Error {
  readonly $fault: 'client' | 'server';
  readonly $metadata: { readonly httpStatusCode: number };
}

export function refusal(name: string, message: string, httpStatusCode = 400): Refusal {
  const $fault = httpStatusCode >= 500 ? ('server' as const) : ('client' as const);
  return Object.assign(new Error(message), { name, $fault, $metadata: { httpStatusCode } });
}

/** What the SDK throws when no answer came in time: whether the request was carried out, nobody knows. */
export function timeoutError(what: string): Error {
  return Object.assign(new Error(`no answer to ${what} within ${CLIENT_TIMEOUT_MS} ms`), { name: 'TimeoutError' });
}

export class Network {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #weather: Weather;

  constructor(time: VirtualTime, random: Random, weather: Weather) {
    this.#time = time;
    this.#random = random;
    this.#weather = weather;
  }

  /** One request and its answer. `carryOut` runs at the service, once or, when the request is throttled, never; `throttled` makes that refusal. */
  async request<T>(what: string, carryOut: () => T | Promise<T>, throttled: () => Error): Promise<T> {
    const random = this.#random;
    const { faults } = this.#weather;
    let thereMs = random.next() * LEG_MAX_MS;
    let backMs = random.next() * LEG_MAX_MS;
    if (random.chance(faults.slow)) {
      const slowMs = random.between(SLOW_FROM_MS, SLOW_TO_MS);
      if (random.chance(0.5)) thereMs += slowMs;
      else backMs += slowMs;
    }
    const isThrottled = random.chance(faults.throttle);
    const isLost = random.chance(faults.lostResponse);
    const serve = (): T | Promise<T> => {
      if (isThrottled) throw throttled();
      return carryOut();
    };
    if (thereMs + backMs > CLIENT_TIMEOUT_MS || (isLost && random.chance(0.3)))
      return this.#tooLate(what, thereMs, serve);
    await this.#time.sleep(thereMs);
    let answer: T;
    try {
      answer = await serve();
    } catch (error) {
      await this.#time.sleep(backMs);
      throw isLost ? timeoutError(what) : error;
    }
    await this.#time.sleep(backMs);
    if (isLost) throw timeoutError(what);
    return answer;
  }

  /** The client has given up, perhaps before the request even reached the service. */
  async #tooLate(what: string, thereMs: number, serve: () => unknown): Promise<never> {
    this.#time.after(thereMs, () => {
      void (async () => serve())().catch(() => {});
    });
    await this.#time.sleep(CLIENT_TIMEOUT_MS);
    throw timeoutError(what);
  }
}
