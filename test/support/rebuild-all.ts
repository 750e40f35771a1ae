/** What a rebuild asks of the projector: recompute every metric that has a row or a head, by its items. */
import { entityOf } from '#core/mirror/mirror-key.ts';
import type { RelayWorld } from './relay-world.ts';

export function askForRebuild(world: RelayWorld): void {
  const partitions = [...world.tables.table('SourceRows').values()]
    .filter((item) => ['row', 'head'].includes(item.sk?.S ?? '') && item.pk?.S?.startsWith('metric#'))
    .map((item) => entityOf(item.pk?.S ?? '')[1]);
  for (const metricId of new Set(partitions)) {
    const commit = { committedAt: '2026-11-20T12:00:00Z' };
    world.queue.push({
      body: { kind: 'recompute', metricIds: [metricId], commit, byItems: true },
      dueMs: world.nowMs,
    });
  }
}

export async function rebuildAll(world: RelayWorld): Promise<void> {
  askForRebuild(world);
  await world.drainQueue();
}
