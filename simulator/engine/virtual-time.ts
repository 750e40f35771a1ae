/**
 * The one clock and the one agenda of a simulated world. Time stands still while code runs and jumps to the next thing on the agenda when all
 * code waits, so an hour of a quiet pipeline costs nothing. Nothing in a world may wait for anything that is not on its agenda.
 */
import type { Clock } from '#local/stream/clock.ts';

interface Entry {
  atMs: number;
  /** Entries of one instant keep the order in which they were made. */
  readonly order: number;
  run: (() => void) | undefined;
}

/** The agenda of a world that is stuck, or goes on for ever. */
export class NotAtRest extends Error {
  override readonly name = 'NotAtRest';
}

/** Where every world begins: past the commit times of any source story. */
export const WORLD_START_MS = Date.UTC(2026, 10, 20, 12);

const realSetImmediate = setImmediate;

export class VirtualTime implements Clock {
  #nowMs = WORLD_START_MS;
  #made = 0;
  readonly #agenda: Entry[] = [];
  /** Things done so far: a measure of work that does not depend on the machine. */
  steps = 0;

  nowMs = (): number => this.#nowMs;

  /** Runs `run` once, `delayMs` from now (whole milliseconds: as `Date.now`), unless the returned function is called before. */
  after(delayMs: number, run: () => void): () => void {
    const entry: Entry = { atMs: this.#nowMs + Math.max(0, Math.round(delayMs)), order: this.#made++, run };
    this.#push(entry);
    return () => {
      entry.run = undefined;
    };
  }

  /** Resolves after `ms`, or at once when the signal aborts; it never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const cancel = this.after(ms, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      const stop = (): void => {
        cancel();
        resolve();
      };
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  /**
   * Lives until `done()`, asked after each thing that happened.
   * @throws NotAtRest when that takes longer than `limitMs` of virtual time, or when nothing is left that could happen.
   */
  async runUntil(done: () => boolean, limitMs: number, what: string): Promise<void> {
    const endMs = this.#nowMs + limitMs;
    await allCodeWaits();
    while (!done()) {
      const entry = this.#pop();
      if (entry === undefined) throw new NotAtRest(`nothing is left to happen, and still not: ${what}`);
      if (entry.atMs > endMs) throw new NotAtRest(`not within ${limitMs} ms of virtual time: ${what}`);
      this.#nowMs = entry.atMs;
      this.steps += 1;
      entry.run?.();
      await allCodeWaits();
    }
  }

  /** Lets so much time go by in which nothing happens: whoever sleeps has as long to sleep as before. */
  skip(ms: number): void {
    this.#nowMs += ms;
    for (const entry of this.#agenda) entry.atMs += ms;
  }

  #push(entry: Entry): void {
    const heap = this.#agenda;
    let place = heap.push(entry) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(entry, heap[parent] as Entry)) break;
      heap[place] = heap[parent] as Entry;
      place = parent;
    }
    heap[place] = entry;
  }

  /** The next entry that was not cancelled. */
  #pop(): Entry | undefined {
    for (;;) {
      const first = this.#popAny();
      if (first === undefined || first.run !== undefined) return first;
    }
  }

  #popAny(): Entry | undefined {
    const heap = this.#agenda;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child++;
      if (!isBefore(heap[child] as Entry, last)) break;
      heap[place] = heap[child] as Entry;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

const isBefore = (a: Entry, b: Entry): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** Immediates asked for at once. A turn of the event loop costs more than the step for which it is made. */
const IMMEDIATES_AT_ONCE = 64;
let immediatesLeft = 0;
let proceed: (() => void) | undefined;

function immediate(): void {
  immediatesLeft -= 1;
  const waiting = proceed;
  proceed = undefined;
  waiting?.();
}

/**
 * All promises that can settle have settled: every microtask is done before the next immediate, and a rejection that nobody has taken is
 * reported, between the immediates of one turn of the event loop too. https://nodejs.org/api/timers.html#setimmediatecallback-args
 */
function allCodeWaits(): Promise<void> {
  return new Promise((resolve) => {
    proceed = resolve;
    if (immediatesLeft > 0) return;
    for (; immediatesLeft < IMMEDIATES_AT_ONCE; immediatesLeft++) realSetImmediate(immediate);
  });
}
