/** The rows of one metric as they are read for a recompute, while others write. */
import { expect, test } from 'vitest';
import { registerFingerprint } from '#core/mirror/register-fingerprint.ts';
import type { Item } from '#core/platform/item-store.ts';
import { readMetricRows } from '#core/projection/metric-rows.ts';
import { MemoryItemStore } from '../../support/memory-item-store.ts';
import { RelayWorld } from '../../support/relay-world.ts';
import { metricRow, SourceStory, versionRow } from '../../support/source-story.ts';

test('a metric that consumes itself covers the state of its row that was projected, not a newer one that the second reading finds', async () => {
  const story = new SourceStory();
  story.transaction(() => story.insert('metric_groups', { id: '1', name: 'group' }));
  story.transaction(() =>
    story.insert('metrics', metricRow('1', 'own', { value_type: 'HYBRID', metric_group_id: '1' })),
  );
  story.transaction(() => story.insert('metric_versions', versionRow('1', '1', { hybrid_formula: 'a' })));
  story.transaction(() => story.insert('metric_relationships', { consumed_metric_id: '1', consumer_metric_id: '1' }));
  const world = new RelayWorld();
  await world.apply(story.messages);
  story.messages.length = 0;
  const newer = (): Promise<unknown> => {
    story.transaction(() => story.update('metrics', ['1'], { chain_cutoff_date: '2021-12-31T23:59:59Z' }));
    return world.apply(story.messages.splice(0));
  };
  /** Somebody writes the metric's row after it was read as its own, before it is read as the consumed one. */
  class Overtaken extends MemoryItemStore {
    override async getMany(table: string, keys: readonly Item[]): Promise<readonly Item[]> {
      await newer();
      return super.getMany(table, keys);
    }
  }
  const rows = await readMetricRows(new Overtaken(world.tables), 'SourceRows', '1');
  const now = world.tables.table('SourceRows');
  const states = [...now.values()].filter(({ pk, sk }) => pk?.S === 'metric#1' && sk?.S === 'row');
  expect(states).toHaveLength(1);
  expect(rows.fingerprints).not.toContain(registerFingerprint(states[0] ?? {}));
  expect(rows.metric?.row?.get('chain_cutoff_date')).toBeNull();
});
