/**
 * Events that were published once and must stay valid for ever, and that today's code still makes from the same story. A golden event is never edited: a new
 * member gets a new file. `UPDATE_GOLDEN=1 npx vitest run --project unit golden` writes files that are missing, never one that exists.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EVENT_SCHEMA_VERSION, type MetricChanged, metricChange, metricChanged } from '#schemas/metric-changed.ts';
import { RelayWorld } from '../../support/relay-world.ts';
import { metricRow, SourceStory, versionRow } from '../../support/source-story.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'fixtures', 'events', EVENT_SCHEMA_VERSION);

/** A life of one metric that shows every kind of change once. */
async function everyChange(): Promise<readonly MetricChanged[]> {
  const story = new SourceStory();
  const world = new RelayWorld();
  const commit = async (write: () => void): Promise<void> => {
    const from = story.messages.length;
    story.transaction(write);
    await world.apply(story.messages.slice(from));
    await world.drainQueue();
  };
  await commit(() => {
    story.insert('dimensions', { id: '1', name: 'country' });
    story.insert('dimensions', { id: '2', name: 'city' });
    story.insert('metric_groups', { id: '1', name: 'packages' });
    story.insert('dimensions_metric_groups', { dimension_id: '1', metric_group_id: '1' });
    story.insert('metrics', metricRow('42', 'packages'));
    story.insert('metric_versions', versionRow('42', '1', { aggregation_param: '0.5' }));
  });
  await commit(() => {
    story.insert('metric_versions', versionRow('42', '2', { aggregation_style: 'PERCENTILE' }));
    story.insert('dimensions_metric_groups', { dimension_id: '2', metric_group_id: '1' });
  });
  const deprecation = {
    deprecated_at: '2026-11-20T12:00:00.000000Z',
    deprecated_by: 'ada',
    deprecated_reason: 'replaced',
  };
  await commit(() => story.insert('metric_versions', versionRow('42', '3', deprecation)));
  await commit(() => story.insert('metric_versions', versionRow('42', '4')));
  await commit(() => story.update('metrics', ['42'], { name: 'packages_delivered' }));
  await commit(() => story.delete('metrics', ['42']));
  return world.events();
}

const pathOf = (change: string): string => join(FOLDER, `${change.toLowerCase()}.json`);

describe('golden events', () => {
  test('stay valid, every file of them', () => {
    const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json') && !name.endsWith('.schema.json'));
    expect(files.length).toBeGreaterThanOrEqual(metricChange.options.length);
    for (const file of files) {
      const event: unknown = JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
      expect(metricChanged.safeParse(event), file).toEqual({ success: true, data: event });
    }
  });

  test("show every kind of change, and today's code makes them from the same story", async () => {
    const events = await everyChange();
    expect(events.map(({ data }) => data.change)).toEqual([
      'CREATED',
      'UPDATED',
      'DEPRECATED',
      'RESTORED',
      'RENAMED',
      'DELETED',
    ]);
    expect([...metricChange.options].sort()).toEqual(events.map(({ data }) => data.change).sort());
    for (const event of events) {
      const path = pathOf(event.data.change);
      if (process.env.UPDATE_GOLDEN && !existsSync(path)) writeFileSync(path, `${JSON.stringify(event, null, 2)}\n`);
      expect(JSON.parse(readFileSync(path, 'utf8')), event.data.change).toEqual(event);
    }
  });
});
