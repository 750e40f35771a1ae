/**
 * One shard of a simulated stream: records in order, each visible a little after it was accepted, and readers that wait until something comes.
 * A waiting reader costs nothing but one entry of the agenda. It knows neither how records are routed here nor what is in them.
 */
import { PositionUnavailable, type StartingPoint } from '#local/stream/stream-source.ts';
import type { VirtualTime } from '../engine/virtual-time.ts';
import { Waiters } from '../engine/waiters.ts';

export interface ShardEntry {
  readonly sequenceNumber: string;
  readonly arrivedAtMs: number;
}

export class ShardLog<E extends ShardEntry> {
  readonly shardId: string;
  readonly parents: readonly string[];
  readonly #time: VirtualTime;
  /** From the oldest that is not trimmed. Places count from the very first. */
  #entries: E[] = [];
  #visibleAtMs: number[] = [];
  #trimmed = 0;
  #closed = false;
  #latest: string | undefined;
  readonly #placeOf = new Map<string, number>();
  readonly #readers: Waiters;

  constructor(shardId: string, parents: readonly string[], time: VirtualTime) {
    this.shardId = shardId;
    this.parents = parents;
    this.#time = time;
    this.#readers = new Waiters(time);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Closed and nothing left to read: such a shard expires. */
  get spent(): boolean {
    return this.#closed && this.#trimmed > 0 && this.#entries.length === 0;
  }

  /** Number of the last record that was ever appended. */
  get latest(): string | undefined {
    return this.#latest;
  }

  /** Never visible before what was appended before it. */
  append(entry: E, visibleAfterMs: number): void {
    const visibleAtMs = Math.max(this.#visibleAtMs.at(-1) ?? 0, this.#time.nowMs() + visibleAfterMs);
    this.#placeOf.set(entry.sequenceNumber, this.#trimmed + this.#entries.length);
    this.#entries.push(entry);
    this.#latest = entry.sequenceNumber;
    this.#visibleAtMs.push(visibleAtMs);
    this.#readers.wakeAll();
  }

  close(): void {
    this.#closed = true;
    this.#readers.wakeAll();
  }

  /** Forgets the records from the oldest one on for as long as `isOld`. */
  trim(isOld: (entry: E) => boolean): void {
    let count = 0;
    for (const entry of this.#entries) {
      if (!isOld(entry)) break;
      count += 1;
    }
    this.#entries = this.#entries.slice(count);
    this.#visibleAtMs = this.#visibleAtMs.slice(count);
    this.#trimmed += count;
  }

  /** @throws PositionUnavailable for a sequence number that was trimmed or never given. */
  placeAt(from: StartingPoint): number {
    if (from.kind === 'trim-horizon') return this.#trimmed;
    if (from.kind === 'at-timestamp') {
      const first = this.#entries.findIndex(({ arrivedAtMs }) => arrivedAtMs >= from.timestampMs);
      return this.#trimmed + (first < 0 ? this.#entries.length : first);
    }
    const place = this.#placeOf.get(from.sequenceNumber);
    if (place === undefined) throw new PositionUnavailable(this.shardId, from.sequenceNumber, false, undefined);
    // The place after the last trimmed record is still there: nothing is missing between the two.
    if (place + 1 < this.#trimmed) throw new PositionUnavailable(this.shardId, from.sequenceNumber, true, undefined);
    return place + 1;
  }

  /** What can be read now from this place on; a trimmed place means the oldest record. */
  read(
    place: number,
    countMax: number,
  ): { readonly entries: readonly E[]; readonly next: number; readonly atEnd: boolean } {
    const start = Math.max(place, this.#trimmed) - this.#trimmed;
    const nowMs = this.#time.nowMs();
    let end = start;
    while (end < this.#entries.length && end - start < countMax && (this.#visibleAtMs[end] ?? 0) <= nowMs) end += 1;
    return {
      entries: this.#entries.slice(start, end),
      next: this.#trimmed + end,
      atEnd: this.#closed && end === this.#entries.length,
    };
  }

  /** Resolves when a record from this place on can be read, when the shard is at its end, after `waitMs`, or when the signal aborts. */
  async arrival(place: number, waitMs: number, signal: AbortSignal): Promise<void> {
    const endMs = this.#time.nowMs() + waitMs;
    while (!signal.aborted && this.#time.nowMs() < endMs) {
      const { entries, atEnd } = this.read(place, 1);
      if (entries.length > 0 || atEnd) return;
      const nextAtMs = this.#visibleAtMs[Math.max(place, this.#trimmed) - this.#trimmed] ?? endMs;
      await this.#readers.wait(Math.min(nextAtMs, endMs) - this.#time.nowMs(), signal);
    }
  }
}

/** The last record of each shard that has any. */
export function latestOf(shards: Iterable<ShardLog<ShardEntry>>): ReadonlyMap<string, string> {
  const latest = new Map<string, string>();
  for (const { shardId, latest: sequenceNumber } of shards)
    if (sequenceNumber !== undefined) latest.set(shardId, sequenceNumber);
  return latest;
}
