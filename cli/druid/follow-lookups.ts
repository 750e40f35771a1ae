/**
 * Keeps lookups in step with the Metrics table: a scan, then the events that came since, then from time to time a scan again in case one was
 * missed. The subscription must be there before the first scan. Changes are collected for the debounce time and written as one update; a
 * Druid that is away for a while is asked again until it is back.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { CurrentMetrics, type MetricEvent, type MetricState } from '#druid/current-metrics.ts';
import { DruidFailure, isPassing } from '#druid/druid-failure.ts';
import type { SyncedLookup } from '#druid/sync-lookups.ts';

export interface FollowPorts {
  /** Every event after the subscription was made, until the signal is aborted. */
  readonly events: (signal: AbortSignal) => AsyncIterable<MetricEvent>;
  readonly scan: () => Promise<readonly MetricState[]>;
  /** The metric under a name now. */
  readonly read: (name: string) => Promise<MetricState | undefined>;
  readonly sync: (metrics: CurrentMetrics) => Promise<readonly SyncedLookup[]>;
  /** Told of every sync, also of one that wrote nothing. */
  readonly synced: (lookups: readonly SyncedLookup[], metrics: CurrentMetrics) => void;
  readonly say: (line: string) => void;
}

export interface FollowTiming {
  readonly debounceMs: number;
  readonly rescanMs: number;
}

const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;

export async function followLookups(ports: FollowPorts, timing: FollowTiming, signal: AbortSignal): Promise<void> {
  const metrics = new CurrentMetrics();
  // Whatever fails ends the other half too.
  const stop = new AbortController();
  const ending = AbortSignal.any([signal, stop.signal]);
  let changed = new Wakeup();
  let turn: Promise<unknown> = Promise.resolve();
  /** A scan counts as newer than every applied event, so no event is applied while one runs. */
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  };
  const scan = () => alone(async () => metrics.replaceAll(await ports.scan()));

  await scan();
  await syncUntilDone();
  const halves = [listen(), write()];
  try {
    await Promise.all(halves);
  } finally {
    stop.abort();
    await Promise.allSettled(halves);
  }

  async function listen(): Promise<void> {
    for await (const event of ports.events(ending)) {
      if (await alone(() => applyEvent(event))) changed.wake();
      if (ending.aborted) return;
    }
  }

  /** Whether anything is different now. */
  async function applyEvent(event: MetricEvent): Promise<boolean> {
    const applied = metrics.apply(event);
    if (applied !== 'ask-table') return applied === 'applied';
    // Another metric may have the name by now: what the table says is right for that one too.
    const state = await ports.read(event.name);
    return state !== undefined && metrics.learn(state) === 'applied';
  }

  async function write(): Promise<void> {
    let scannedAtMs = Date.now();
    while (!ending.aborted) {
      const woken = await changed.within(scannedAtMs + timing.rescanMs - Date.now(), ending);
      if (ending.aborted) return;
      if (woken) await pause(timing.debounceMs);
      changed = new Wakeup();
      if (Date.now() - scannedAtMs >= timing.rescanMs) {
        await scan();
        scannedAtMs = Date.now();
      }
      await syncUntilDone();
    }
  }

  async function syncUntilDone(): Promise<void> {
    for (let waitMs = RETRY_FIRST_MS; !ending.aborted; waitMs = Math.min(2 * waitMs, RETRY_MAX_MS)) {
      try {
        ports.synced(await ports.sync(metrics), metrics);
        return;
      } catch (error) {
        if (!(error instanceof DruidFailure && isPassing(error))) throw error;
        ports.say(`${error.message} Trying again in ${waitMs / 1000} s.`);
        await pause(waitMs);
      }
    }
  }

  function pause(ms: number): Promise<void> {
    return delay(ms, undefined, { signal: ending }).catch(() => {});
  }
}

/** Something that happens once and can be waited for. */
class Wakeup {
  readonly #happened: Promise<void>;
  wake: () => void = () => {};

  constructor() {
    this.#happened = new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  /** False when the time was over, or the signal aborted, first. */
  async within(ms: number, signal: AbortSignal): Promise<boolean> {
    const over = new AbortController();
    const timer = delay(Math.max(0, ms), false, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => false);
    const woken = await Promise.race([this.#happened.then(() => true), timer]);
    over.abort();
    return woken;
  }
}
