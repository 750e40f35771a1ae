/**
 * Watches the pipeline and the machine during one phase: how far each hop is behind, and how busy processor and event loop are, so that a
 * slow answer of this machine can be told from a queue inside the pipeline. Everything local runs in one Node process and its children.
 */
import { cpus } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { reportOf } from '#cli/pipeline/resource-status.ts';
import type { LocalPipeline } from '#local/runtime.ts';

const LOOK_EVERY_MS = 200;

export interface WatchReport {
  readonly seconds: number;
  /** Iterator age of the replicator's mapping; milliseconds. */
  readonly replicatorLagMaxMs: number;
  /** Age of the oldest message in the projector's hands; milliseconds. */
  readonly projectorLagMaxMs: number;
  /** Share of all processors of the machine that was busy, other programs included; percent. */
  readonly cpuBusyPercent: number;
  /** Delay of the event loop that carries gateway, pollers and twin; milliseconds. */
  readonly loopDelayP50Ms: number;
  readonly loopDelayP99Ms: number;
}

export interface Lags {
  readonly replicator: number;
  readonly projector: number;
  readonly pipe: number;
}

/** Lags of all hops; a hop that does not say how far it is counts as endlessly far behind. */
export function lagsOf(local: LocalPipeline): Lags {
  const { mappings, pipe } = reportOf(local.status());
  const lag = (part: RegExp): number =>
    mappings.find(({ logicalId }) => part.test(logicalId))?.lagMs ?? Number.POSITIVE_INFINITY;
  return {
    replicator: lag(/^Replicator/),
    projector: lag(/^Projector/),
    pipe: pipe?.lagMs ?? Number.POSITIVE_INFINITY,
  };
}

/** Watches until the returned function is called. */
export function watch(local: LocalPipeline): () => Promise<WatchReport> {
  const loop = monitorEventLoopDelay({ resolution: 5 });
  loop.enable();
  const [startedAtMs, cpuBefore] = [performance.now(), cpuTimes()];
  // The pipe's lag is left out: DynamoDB Local dates stream records by the minute. The time from item to event says it better.
  const highest = { replicator: 0, projector: 0 };
  const done = new AbortController();
  const looking = (async () => {
    while (!done.signal.aborted) {
      const lags = lagsOf(local);
      for (const hop of ['replicator', 'projector'] as const) highest[hop] = Math.max(highest[hop], lags[hop]);
      await delay(LOOK_EVERY_MS);
    }
  })();
  looking.catch(() => {}); // Told by the await below, if the phase gets so far.
  return async () => {
    done.abort();
    await looking;
    loop.disable();
    const cpu = cpuTimes();
    const busy = 1 - (cpu.idle - cpuBefore.idle) / (cpu.total - cpuBefore.total);
    return {
      seconds: Math.round((performance.now() - startedAtMs) / 100) / 10,
      replicatorLagMaxMs: Math.round(highest.replicator),
      projectorLagMaxMs: Math.round(highest.projector),
      cpuBusyPercent: Math.round(busy * 100),
      loopDelayP50Ms: Math.round(loop.percentile(50) / 1e6),
      loopDelayP99Ms: Math.round(loop.percentile(99) / 1e6),
    };
  };
}

function cpuTimes(): { readonly idle: number; readonly total: number } {
  const times = cpus().map((cpu) => cpu.times);
  const idle = times.reduce((sum, { idle: one }) => sum + one, 0);
  const total = times.reduce((sum, { user, nice, sys, idle: one, irq }) => sum + user + nice + sys + one + irq, 0);
  return { idle, total };
}
