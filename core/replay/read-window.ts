/**
 * Reads the records of a window from one shard, answer by answer: paced, patient with throttling, renewing places that expire, and ending
 * when no record of the window can follow. It applies nothing and keeps nothing durable; it can be started after any record.
 */
import type { ChangeRecord } from '../replication/change-record.ts';
import { type ChangeLog, type LogAnswer, LogThrottled, PlaceExpired, type ReadFrom } from './change-log.ts';
import type { ReadPace } from './read-pace.ts';
import { ARRIVAL_SLACK_MS, placeInWindow, type ReplayWindow } from './replay-window.ts';

export interface WindowRead {
  /** Those of the window, in the order of the shard. */
  readonly records: readonly ChangeRecord[];
  /** Last record that was looked at, inside the window or not; absent when the answer was empty. */
  readonly last: ChangeRecord | undefined;
  /** Records looked at, and their bytes. */
  readonly looked: number;
  readonly bytes: number;
  /** Nothing of the window can follow. */
  readonly end: boolean;
}

export interface ReadingContext {
  readonly log: ChangeLog;
  readonly pace: ReadPace;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Waits after a throttled call: those of the live consumer come first. */
const THROTTLED_MS = [1_000, 2_000, 4_000, 8_000];
/** Places renewed for one answer: each is read at once, so none of them has a reason to expire. */
const RENEWALS_MAX = 3;
/** A DMS message, before the first is seen; rather too large than too small. */
const FIRST_MEAN_BYTES = 2_000;
/** At the newest record and still before the end of the window: so often the shard is asked. */
const AT_TIP_MS = 1_000;

export class WindowReader {
  readonly #context: ReadingContext;
  readonly #shardId: string;
  readonly #window: ReplayWindow;
  #from: ReadFrom;
  #place: string | undefined;
  #meanBytes = FIRST_MEAN_BYTES;
  /** Nothing more was there when it was asked last. */
  atTip = false;
  /** Calls that were throttled. */
  throttled = 0;

  constructor(context: ReadingContext, shardId: string, window: ReplayWindow, after: string | undefined) {
    this.#context = context;
    this.#shardId = shardId;
    this.#window = window;
    this.#from =
      after === undefined
        ? { kind: 'time', ms: Math.max(0, window.fromMs - ARRIVAL_SLACK_MS) }
        : { kind: 'after', sequenceNumber: after };
  }

  async next(recordsMax: number): Promise<WindowRead> {
    const { nowMs, sleep } = this.#context;
    if (this.atTip) await sleep(AT_TIP_MS);
    const askedAtMs = nowMs();
    const answer = await this.#read(Math.min(recordsMax, this.#context.pace.recordsFor(this.#meanBytes)));
    const { records } = answer;
    const last = records.at(-1);
    if (last) this.#from = { kind: 'after', sequenceNumber: last.sequenceNumber };
    this.#place = answer.next;
    this.atTip = answer.behindMs === 0;
    if (records.length > 0) this.#meanBytes = Math.max(1, bytesOf(answer) / records.length);
    return {
      records: records.filter(({ arrivedAtMs }) => placeInWindow(this.#window, arrivedAtMs) === 'inside'),
      last,
      looked: records.length,
      bytes: bytesOf(answer),
      end: this.#isEnd(answer, askedAtMs),
    };
  }

  /** The end of the shard, a record well behind the window, or the newest record when the window has been over for a while. */
  #isEnd({ records, next, behindMs }: LogAnswer, askedAtMs: number): boolean {
    const overAtMs = this.#window.toMs + ARRIVAL_SLACK_MS;
    if (next === undefined) return true;
    if (records.some(({ arrivedAtMs }) => arrivedAtMs >= overAtMs)) return true;
    return behindMs === 0 && askedAtMs >= overAtMs;
  }

  async #read(recordsMax: number): Promise<LogAnswer> {
    const { log, pace, nowMs, sleep } = this.#context;
    for (let refusals = 0, renewals = 0; ; ) {
      const waitMs = pace.waitMs(nowMs());
      if (waitMs > 0) await sleep(waitMs);
      try {
        this.#place ??= await log.open(this.#shardId, this.#from);
        const calledAtMs = nowMs();
        const answer = await log.read(this.#shardId, this.#place, recordsMax);
        pace.spent(calledAtMs, bytesOf(answer));
        return answer;
      } catch (error) {
        if (error instanceof PlaceExpired && renewals++ < RENEWALS_MAX) this.#place = undefined;
        else if (error instanceof LogThrottled && refusals < THROTTLED_MS.length) {
          this.throttled += 1;
          await sleep(THROTTLED_MS[refusals++] ?? 0);
        } else throw error;
      }
    }
  }
}

const bytesOf = ({ records }: LogAnswer): number => records.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
