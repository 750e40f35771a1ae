/** A seeded random life of a small LPH database: everything the product and its operators do to metrics, groups and dimensions. */
import type { SeededRandom } from './seeded-random.ts';
import { metricRow, SourceStory, versionRow } from './source-story.ts';

const NAMES = ['A', 'B', 'C', 'D', 'E'];
const IDS = ['1', '2', '3', '4'];

export function randomHistory(random: SeededRandom, steps: number): SourceStory {
  const story = new SourceStory();
  story.transaction(() => {
    for (const id of ['1', '2']) story.insert('dimensions', { id, name: `dim${id}` });
    for (const id of ['1', '2']) story.insert('metric_groups', { id, name: `group${id}` });
    story.insert('dimensions_metric_groups', { dimension_id: '1', metric_group_id: '1' });
    story.insert('dimensions_metric_groups', { dimension_id: '2', metric_group_id: '2' });
  });
  for (let step = 0; step < steps; step++) story.transaction(() => randomWrite(story, random, step));
  return story;
}

/** One transaction of it. `step` makes new names its own. */
export function randomWrite(story: SourceStory, random: SeededRandom, step: number): void {
  const metrics = [...story.rows('metrics').values()];
  const freeNames = NAMES.filter((name) => !metrics.some((row) => row.name === name));
  const freeIds = IDS.filter((id) => !story.rows('metrics').has(id));
  const dice = random.next();
  const metric = metrics.length > 0 ? random.pick(metrics) : undefined;
  const id = metric?.id ?? '';
  if (!metric || dice < 0.22) {
    if (freeIds.length && freeNames.length) insertMetric(story, random, random.pick(freeIds), random.pick(freeNames));
  } else if (dice < 0.32) {
    if (freeNames.length) story.update('metrics', [id], { name: random.pick(freeNames) });
  } else if (dice < 0.44 && metrics.length > 1) {
    const other = random.pick(metrics.filter((row) => row.id !== id));
    story.update('metrics', [id], { name: `tmp${step}` });
    story.update('metrics', [other.id ?? ''], { name: metric.name ?? '' });
    story.update('metrics', [id], { name: other.name ?? '' });
  } else if (dice < 0.56) {
    const versions = [...story.rows('metric_versions').values()].filter((row) => row.metric_id === id);
    const next = String(Math.max(0, ...versions.map((row) => Number(row.version))) + 1);
    story.insert('metric_versions', versionRow(id, next, { hybrid_formula: random.chance(0.5) ? `f${step}` : null }));
  } else if (dice < 0.64) {
    const version = [...story.rows('metric_versions').values()].find((row) => row.metric_id === id);
    if (version) {
      const style = version.aggregation_style === 'SUM' ? 'PERCENTILE' : 'SUM';
      story.update('metric_versions', [id, version.version ?? ''], { aggregation_style: style });
      if (random.chance(0.5))
        story.update('metric_versions', [id, version.version ?? ''], {
          aggregation_style: version.aggregation_style ?? null,
        });
      else if (random.chance(0.3)) story.delete('metric_versions', [id, version.version ?? '']);
    }
  } else if (dice < 0.76) {
    const { name } = metric;
    story.delete('metrics', [id]);
    const again = random.chance(0.5) ? id : random.pick([...freeIds, id]);
    if (random.chance(0.6)) insertMetric(story, random, again, name ?? '');
  } else if (dice < 0.84) {
    const dimension = random.pick(['1', '2']);
    if (story.rows('dimensions').has(dimension)) {
      if (random.chance(0.7)) story.update('dimensions', [dimension], { name: `dim${dimension}.${step}` });
      else story.delete('dimensions', [dimension]);
    } else story.insert('dimensions', { id: dimension, name: `dim${dimension}.${step}` });
  } else if (dice < 0.92) {
    const key = [random.pick(['1', '2']), random.pick(['1', '2'])];
    if (story.rows('dimensions_metric_groups').has(key.join('|'))) story.delete('dimensions_metric_groups', key);
    else if (story.rows('dimensions').has(key[0] ?? '')) {
      story.insert('dimensions_metric_groups', { dimension_id: key[0] ?? '', metric_group_id: key[1] ?? '' });
    }
  } else {
    const chained = random.pick([...metrics.map((row) => row.id ?? null), null]);
    story.update('metrics', [id], { chained_metric_id: chained, metric_group_id: random.pick(['1', '2']) });
  }
}

function insertMetric(story: SourceStory, random: SeededRandom, id: string, name: string): void {
  const hybrid = random.chance(0.4);
  const others = [...story.rows('metrics').keys()];
  story.insert(
    'metrics',
    metricRow(id, name, { value_type: hybrid ? 'HYBRID' : 'SCALAR', metric_group_id: random.pick(['1', '2']) }),
  );
  if (random.chance(0.9))
    story.insert('metric_versions', versionRow(id, '1', { hybrid_formula: hybrid ? 'a / b' : null }));
  if (hybrid && others.length > 0) {
    story.insert('metric_relationships', { consumed_metric_id: random.pick(others), consumer_metric_id: id });
  }
}
