/** Metrics with so many versions that publishing them takes several transactions, and what can happen to them. */
import { RelayWorld } from './relay-world.ts';
import { metricRow, SourceStory, versionRow } from './source-story.ts';

/** A story and what a worker receives of it: everything before the change under test, and the change. */
export interface LargeStory {
  readonly story: SourceStory;
  /** Messages of what `write` does, taken out of the story's order. */
  during(write: () => void): readonly string[];
}

export function largeStory(): LargeStory {
  const story = new SourceStory();
  story.transaction(() => {
    story.insert('dimensions', { id: '1', name: 'country' });
    story.insert('metric_groups', { id: '1', name: 'group' });
    story.insert('dimensions_metric_groups', { dimension_id: '1', metric_group_id: '1' });
  });
  return {
    story,
    during: (write) => {
      const from = story.messages.length;
      write();
      return story.messages.slice(from);
    },
  };
}

export function insertLarge(story: SourceStory, id: string, name: string, versions: number): void {
  story.transaction(() => {
    story.insert('metrics', metricRow(id, name));
    for (let version = 1; version <= versions; version++)
      story.insert('metric_versions', versionRow(id, String(version)));
  });
}

export function rename(story: SourceStory, id: string, name: string): void {
  story.transaction(() => story.update('metrics', [id], { name }));
}

/** As the product's operators swap two names: through a third one, in one transaction. */
export function swap(story: SourceStory, a: string, b: string): void {
  const nameOfA = story.rows('metrics').get(a)?.name ?? '';
  const nameOfB = story.rows('metrics').get(b)?.name ?? '';
  story.transaction(() => {
    story.update('metrics', [a], { name: 'swapping' });
    story.update('metrics', [b], { name: nameOfA });
    story.update('metrics', [a], { name: nameOfB });
  });
}

/** Touches an attribute that every item of the metric carries. */
export function changeValueType(story: SourceStory, id: string): void {
  const isScalar = story.rows('metrics').get(id)?.value_type === 'SCALAR';
  story.transaction(() => story.update('metrics', [id], { value_type: isScalar ? 'PERCENTILE' : 'SCALAR' }));
}

export function remove(story: SourceStory, id: string): void {
  story.transaction(() => story.delete('metrics', [id]));
}

/** A world in which everything so far is published. */
export async function publishedWorld(story: SourceStory): Promise<RelayWorld> {
  const world = new RelayWorld();
  await world.apply(story.messages);
  await world.drainQueue();
  return world;
}
