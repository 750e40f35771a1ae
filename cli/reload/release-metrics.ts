/** After a lost mirror: lets the items of its metrics follow their rows again, and has the projector look at each of them. */
import { setTimeout as delay } from 'node:timers/promises';
import { queueDrained, sendRebuild } from '../rebuild/projection-queue.ts';
import type { RebuildConnection } from '../rebuild/rebuild-connection.ts';
import { counted } from '../render/counted.ts';
import type { Terminal } from '../terminal.ts';
import type { MirrorOfReload } from './row-mirror.ts';

const METRICS_PER_SECOND = 200;

/** @returns false when it was interrupted before the projector was done; all metrics are handed over then, and it goes on by itself. */
export async function releaseMetrics(
  mirror: Pick<MirrorOfReload, 'release'>,
  projector: Pick<RebuildConnection, 'queue' | 'queueUrl'>,
  metricIds: readonly string[],
  progress: Terminal['progress'],
  signal: AbortSignal,
): Promise<boolean> {
  await mirror.release(metricIds);
  await sendRebuild(projector, metricIds, {
    rate: METRICS_PER_SECOND,
    committedAt: new Date().toISOString(),
    // A metric that is released and not handed over would be looked at by nobody.
    sleep: (ms) => delay(ms),
    mustStop: () => false,
    progress: (done) => progress(`${done} of ${counted(metricIds.length, 'metric')} released`),
  });
  return queueDrained(projector, signal, (left) => progress(`${counted(left, 'message')} left to the projector`));
}
