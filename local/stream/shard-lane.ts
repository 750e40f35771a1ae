/**
 * Delivers one lane of a shard: batches in order, one at a time, each tried until it is done or given up. A shard has as many
 * lanes as its parallelization factor, and all records of one ordering key go through the same lane. A lane tells what is
 * finished; it never moves a checkpoint.
 */
import type { BatchTarget, Delivery } from './batch-target.ts';
import type { BatchLimits, Buffered } from './batch-window.ts';
import { decideWindow } from './batch-window.ts';
import type { Clock } from './clock.ts';
import type { Attempt, Discard, RetryPolicy } from './retry-decision.ts';
import { afterDelivery, backoffMs, dropExpired } from './retry-decision.ts';
import type { StreamRecord } from './stream-source.ts';
import { Wakeup } from './wakeup.ts';

export interface LaneEvents {
  /** Resolves when the checkpoint covers these records, as far as older ones allow. */
  finished(records: readonly StreamRecord[]): Promise<void>;
  /** Rejects when the failure destination did not take them; the lane tries again. */
  discard(discard: Discard, last: { message: string; functionError?: string }): Promise<void>;
  /** A delivery that succeeded, for status. */
  delivered(records: readonly StreamRecord[]): void;
  failed(message: string): void;
}

export class ShardLane {
  readonly #buffer: Buffered<StreamRecord>[] = [];
  readonly #wakeup = new Wakeup();
  readonly #limits: BatchLimits;
  readonly #policy: RetryPolicy;
  readonly #target: BatchTarget;
  readonly #events: LaneEvents;
  readonly #clock: Clock;
  #inputEnded = false;

  constructor(limits: BatchLimits, policy: RetryPolicy, target: BatchTarget, events: LaneEvents, clock: Clock) {
    this.#limits = limits;
    this.#policy = policy;
    this.#target = target;
    this.#events = events;
    this.#clock = clock;
  }

  push(record: StreamRecord): void {
    this.#buffer.push({ record, bytes: Buffer.byteLength(record.json), bufferedAtMs: this.#clock.nowMs() });
    this.#wakeup.notify();
  }

  endInput(): void {
    this.#inputEnded = true;
    this.#wakeup.notify();
  }

  /** Returns when the input has ended and all of it is finished, or soon after the signal; then some may be unfinished. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const decision = decideWindow(this.#buffer, this.#limits, this.#clock.nowMs(), this.#inputEnded);
      if (decision.kind === 'take') {
        await this.#deliver(this.#take(decision.count), signal);
      } else if (decision.kind === 'oversized') {
        const records = this.#take(1);
        await this.#giveUp({ records, condition: 'RecordSizeExceeded', invokeCount: 0 }, undefined, signal);
      } else if (decision.kind === 'wait') {
        await this.#wakeup.wait(this.#clock, signal, decision.ms);
      } else {
        if (this.#inputEnded) return;
        await this.#wakeup.wait(this.#clock, signal);
      }
    }
  }

  #take(count: number): StreamRecord[] {
    return this.#buffer.splice(0, count).map((buffered) => buffered.record);
  }

  async #deliver(records: readonly StreamRecord[], signal: AbortSignal): Promise<void> {
    const attempts: Attempt[] = [{ records, retries: 0, failures: 0 }];
    let last: Delivery | undefined;
    while (!signal.aborted) {
      const attempt = attempts.shift();
      if (attempt === undefined) return;
      const live = dropExpired(attempt, this.#policy, this.#clock.nowMs());
      if (live.discarded !== undefined) await this.#giveUp(live.discarded, last, signal);
      const [current] = live.next;
      if (current === undefined || signal.aborted) continue;
      last = await this.#try(current.records);
      const step = afterDelivery(current, last, this.#policy);
      if (last.kind === 'delivered') this.#events.delivered(current.records);
      else this.#events.failed(last.message);
      if (step.done.length > 0) await this.#events.finished(step.done);
      if (step.discarded !== undefined) await this.#giveUp(step.discarded, last, signal);
      attempts.unshift(...step.next);
      if (step.delayMs > 0) await this.#clock.sleep(step.delayMs, signal);
    }
  }

  async #try(records: readonly StreamRecord[]): Promise<Delivery> {
    try {
      return await this.#target.deliver(records);
    } catch (error) {
      return { kind: 'throttled', message: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Until the destination has taken the records they are not finished, however long that takes. */
  async #giveUp(discard: Discard, last: Delivery | undefined, signal: AbortSignal): Promise<void> {
    const message = last === undefined || last.kind === 'delivered' ? 'never delivered' : last.message;
    const functionError = last?.kind === 'failed' ? last.functionError : undefined;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        await this.#events.discard(discard, { message, ...(functionError === undefined ? {} : { functionError }) });
        await this.#events.finished(discard.records);
        return;
      } catch (error) {
        this.#events.failed(`failure destination: ${error instanceof Error ? error.message : String(error)}`);
        await this.#clock.sleep(backoffMs(failures), signal);
      }
    }
  }
}
