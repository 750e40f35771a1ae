/**
 * Puts records on the stream, one request at a time, in the order they were given. A refused record is put again with later ones, so others may pass it,
 * those of its own key among them: AWS promises no order after a partial failure. A request without an answer is put again
 * whole, which leaves duplicates. Nothing is given up.
 */
import type { StreamEntry } from '../aws/kinesis.ts';
import type { Weather } from '../engine/faults.ts';
import type { Random } from '../engine/random.ts';
import type { VirtualTime } from '../engine/virtual-time.ts';

/** @returns places of the entries that were refused. Rejects when there is no answer: some, all or none may have been taken. */
export type Put = (entries: readonly StreamEntry[]) => Promise<readonly number[]>;

interface Waiting {
  readonly entry: StreamEntry;
  /** Called once, when the record has been accepted. */
  readonly onAccepted: () => void;
  readonly survives: boolean;
}

/** A small number keeps several requests under way in a short history. Kinesis allows 500. */
const RECORDS_PER_REQUEST_MAX = 25;
const PAUSE_AFTER_REFUSAL_MS = 100;
const PAUSE_MAX_MS = 5000;

export class Producer {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #put: Put;
  #queue: Waiting[] = [];
  #underWay: Waiting[] = [];
  #again: StreamEntry[] = [];
  #busy = false;
  #life = 0;
  #pauseMs = PAUSE_AFTER_REFUSAL_MS;

  constructor(time: VirtualTime, random: Random, weather: Weather, put: Put) {
    this.#time = time;
    this.#random = random;
    this.#weather = weather;
    this.#put = put;
  }

  get idle(): boolean {
    return !this.#busy && this.#queue.length === 0 && this.#again.length === 0;
  }

  send(entry: StreamEntry, onAccepted: () => void): void {
    this.#queue.push({ entry, onAccepted, survives: false });
    this.#start();
  }

  /** For a record that is in no binlog: nobody would send it again. */
  sendInSpiteOfRestarts(entry: StreamEntry): void {
    this.#queue.push({ entry, onAccepted: () => {}, survives: true });
    this.#start();
  }

  /** Forgets what waits. A request that is under way may still arrive; nobody hears of it. */
  restart(): void {
    this.#life += 1;
    this.#queue = [...this.#underWay, ...this.#queue].filter(({ survives }) => survives);
    this.#underWay = [];
    this.#again = [];
    this.#busy = false;
    this.#pauseMs = PAUSE_AFTER_REFUSAL_MS;
    if (this.#queue.length > 0) this.#start();
  }

  #start(): void {
    if (this.#busy) return;
    this.#busy = true;
    const life = this.#life;
    this.#time.after(this.#random.between(1, 20), () => void this.#run(life));
  }

  async #run(life: number): Promise<void> {
    while (life === this.#life && (this.#queue.length > 0 || this.#again.length > 0)) {
      const batch = this.#queue.splice(0, this.#random.between(1, RECORDS_PER_REQUEST_MAX));
      const entries = [...batch.map(({ entry }) => entry), ...this.#again.splice(0)];
      this.#underWay = batch;
      const refused = await this.#answer(entries);
      if (life !== this.#life) return;
      this.#underWay = [];
      this.#settle(batch, new Set(refused));
      if (refused.length === 0) {
        this.#pauseMs = PAUSE_AFTER_REFUSAL_MS;
        continue;
      }
      await this.#time.sleep(this.#pauseMs);
      // Only a stream that takes nothing at all is left alone for longer and longer.
      if (refused.length === entries.length) this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MAX_MS);
    }
    if (life === this.#life) this.#busy = false;
  }

  /** Every place, when the request had no answer. */
  async #answer(entries: readonly StreamEntry[]): Promise<readonly number[]> {
    try {
      return await this.#put(entries);
    } catch {
      return entries.map((_, place) => place);
    }
  }

  /** A repetition that was refused was accepted before: it may be lost. */
  #settle(batch: readonly Waiting[], refused: ReadonlySet<number>): void {
    const back: Waiting[] = [];
    for (const [place, waiting] of batch.entries()) {
      if (refused.has(place)) {
        back.push(waiting);
        continue;
      }
      if (this.#random.chance(this.#weather.faults.producerRetry)) this.#again.push(waiting.entry);
      waiting.onAccepted();
    }
    if (back.length === 0) return;
    // Behind others or in front of them: both happen.
    const behind = this.#random.chance(0.5) ? this.#random.below(this.#queue.length + 1) : 0;
    this.#queue.splice(behind, 0, ...back);
  }
}
