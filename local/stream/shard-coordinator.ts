/**
 * Runs one reader (an event source mapping or a pipe) over all shards of a stream: finds shards, reads parents before children,
 * keeps one poller per shard, and remembers finished shards. It delivers nothing itself.
 */
import { backoffMs } from './retry-decision.ts';
import { readableShards } from './shard-lineage.ts';
import { type ReaderCounts, type ReaderSettings, ShardPoller } from './shard-poller.ts';
import type { StartingPoint } from './stream-source.ts';
import { Wakeup } from './wakeup.ts';

const DISCOVERY_MS = 5_000;

export type StartingPosition =
  | { readonly kind: 'TRIM_HORIZON' | 'LATEST' }
  | { readonly kind: 'AT_TIMESTAMP'; readonly timestampMs: number };

export class ShardCoordinator {
  readonly #settings: ReaderSettings;
  readonly #position: StartingPosition;
  readonly #counts: ReaderCounts = { batches: 0, records: 0, filtered: 0, discarded: 0, lastError: undefined };
  readonly #pollers = new Map<string, { readonly poller: ShardPoller; readonly ended: Promise<void> }>();
  readonly #finished = new Set<string>();
  readonly #changed = new Wakeup();
  #running: { readonly controller: AbortController; readonly ended: Promise<void> } | undefined;

  constructor(settings: ReaderSettings, position: StartingPosition) {
    this.#settings = settings;
    this.#position = position;
  }

  /** Begins to read; does nothing when already reading. */
  start(): void {
    if (this.#running !== undefined) return;
    const controller = new AbortController();
    this.#running = { controller, ended: this.#run(controller.signal) };
  }

  /** Waits for the deliveries under way, takes no new ones; what was read and not delivered is read again after the next start. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    running.controller.abort();
    await running.ended;
    this.#running = undefined;
  }

  status(): { state: string; lagMs: number } & ReaderCounts {
    let lagMs = 0;
    for (const { poller } of this.#pollers.values()) lagMs = Math.max(lagMs, poller.lagMs);
    return { state: this.#running === undefined ? 'stopped' : 'running', lagMs, ...this.#counts };
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, checkpoints, source, log, name } = this.#settings;
    let failures = 0;
    while (!signal.aborted) {
      let waitMs = DISCOVERY_MS;
      try {
        const start = await this.#startingPoint();
        const shards = await source.listShards();
        for (const { shardId } of shards) if (checkpoints.read(shardId).finished) this.#finished.add(shardId);
        for (const shard of readableShards(shards, (shardId) => this.#finished.has(shardId))) {
          if (!this.#pollers.has(shard.shardId) && !signal.aborted) this.#poll(shard.shardId, start, signal);
        }
        if (failures > 0) this.#counts.lastError = undefined;
        failures = 0;
      } catch (error) {
        failures += 1;
        waitMs = Math.min(DISCOVERY_MS, backoffMs(failures));
        const message = `shards cannot be listed: ${error instanceof Error ? error.message : String(error)}`;
        if (this.#counts.lastError !== message) log(name, message);
        this.#counts.lastError = message;
      }
      await this.#changed.wait(clock, signal, waitMs);
    }
    await Promise.all([...this.#pollers.values()].map((running) => running.ended));
    this.#pollers.clear();
  }

  #poll(shardId: string, start: StartingPoint, signal: AbortSignal): void {
    const poller = new ShardPoller(shardId, start, this.#settings, this.#counts);
    const ended = poller.run(signal).then(
      (finished) => {
        if (finished) this.#finished.add(shardId);
        this.#pollers.delete(shardId);
        this.#changed.notify();
      },
      (error: unknown) => {
        // Without the wake-up: the next discovery starts the shard again from its checkpoint.
        this.#pollers.delete(shardId);
        this.#counts.lastError = error instanceof Error ? error.message : String(error);
        this.#settings.log(this.#settings.name, `poller stopped: ${this.#counts.lastError}`, { shardId });
      },
    );
    this.#pollers.set(shardId, { poller, ended });
  }

  async #startingPoint(): Promise<StartingPoint> {
    const position = this.#position;
    if (position.kind === 'TRIM_HORIZON') return { kind: 'trim-horizon' };
    if (position.kind === 'AT_TIMESTAMP') return { kind: 'at-timestamp', timestampMs: position.timestampMs };
    const { checkpoints, clock } = this.#settings;
    return { kind: 'at-timestamp', timestampMs: await checkpoints.firstStartMs(clock.nowMs()) };
  }
}
