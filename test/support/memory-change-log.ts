/** A change log in memory: shards with records, places that count answers, and the troubles of the real one where a test asks for them. */
import {
  type ChangeLog,
  type LogAnswer,
  LogThrottled,
  PlaceExpired,
  type ReadFrom,
  ShardExpired,
} from '#core/replay/change-log.ts';
import type { ShardFacts } from '#core/replay/shard-generations.ts';
import type { ChangeRecord } from '#core/replication/change-record.ts';

interface Shard {
  readonly facts: ShardFacts;
  readonly records: ChangeRecord[];
}

export class MemoryChangeLog implements ChangeLog {
  readonly #shards = new Map<string, Shard>();
  readonly #nowMs: () => number;
  /** Records asked for in each call. */
  readonly calls: number[] = [];
  readonly opened: ReadFrom[] = [];
  /** Errors for the next reads, in order; undefined lets one through. */
  readonly troubles: ('throttled' | 'expired' | 'shard expired' | undefined)[] = [];
  hours = 168;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  shard(shardId: string, parents: readonly string[] = [], closed = false): this {
    this.#shards.set(shardId, { facts: { shardId, parents, closed }, records: [] });
    return this;
  }

  put(shardId: string, records: readonly ChangeRecord[]): this {
    this.#of(shardId).records.push(...records.map((record) => ({ ...record, shardId })));
    return this;
  }

  async retentionHours(): Promise<number> {
    return this.hours;
  }

  async shards(fromMs: number): Promise<readonly ShardFacts[]> {
    return [...this.#shards.values()]
      .filter(({ facts, records }) => !facts.closed || records.some(({ arrivedAtMs }) => arrivedAtMs >= fromMs))
      .map(({ facts }) => facts);
  }

  async open(shardId: string, from: ReadFrom): Promise<string> {
    this.opened.push(from);
    const records = this.#kept(shardId);
    const first =
      from.kind === 'time'
        ? records.findIndex(({ arrivedAtMs }) => arrivedAtMs >= from.ms)
        : records.findIndex(({ sequenceNumber }) => BigInt(sequenceNumber) > BigInt(from.sequenceNumber));
    const gone = this.#of(shardId).records.length - records.length;
    return String(gone + (first < 0 ? records.length : first));
  }

  async read(shardId: string, place: string, recordsMax: number): Promise<LogAnswer> {
    this.calls.push(recordsMax);
    const trouble = this.troubles.shift();
    if (trouble === 'throttled') throw new LogThrottled('too many readers');
    if (trouble === 'expired') throw new PlaceExpired('too old');
    if (trouble === 'shard expired') throw new ShardExpired(`${shardId} has left the stream`);
    const { records, facts } = this.#of(shardId);
    const from = Math.max(Number(place), records.length - this.#kept(shardId).length);
    const answer = records.slice(from, from + recordsMax);
    const next = from + answer.length;
    const atTip = next >= records.length;
    return {
      records: answer,
      next: atTip && facts.closed ? undefined : String(next),
      behindMs: atTip ? 0 : this.#nowMs() - (answer.at(-1)?.arrivedAtMs ?? 0),
    };
  }

  #of(shardId: string): Shard {
    const shard = this.#shards.get(shardId);
    if (!shard) throw new Error(`no shard ${shardId}`);
    return shard;
  }

  #kept(shardId: string): readonly ChangeRecord[] {
    const horizonMs = this.#nowMs() - this.hours * 3_600_000;
    return this.#of(shardId).records.filter(({ arrivedAtMs }) => arrivedAtMs >= horizonMs);
  }
}
