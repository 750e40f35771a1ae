/** The metric that most stories begin with: a primitive of two dimensions, created as the product creates it. */
import { mirrored, type PipelineUnderTest } from './pipeline-under-test.ts';
import { type Commit, group, inGroup, metric, version, WHEN_ISO } from './source-writes.ts';
import type { Item } from './tables.ts';
import { expectEvents, names, number, text } from './told.ts';

export const LATER = '2026-05-06 07:08:09';
export const LATER_ISO = '2026-05-06T07:08:09Z';
/** The sample's group of all hybrids. */
export const HYBRIDS = 1;

export const groupOf = (metricId: number): number => metricId + 1000;

/** Creates the group, awaits it in the mirror, then creates the metric: so the creation is exactly one event. */
export async function createPrimitive(pipeline: PipelineUnderTest, id: number, name: string): Promise<Commit> {
  await createGroup(pipeline, groupOf(id), name);
  const commit = await pipeline.source.transaction(metric(id, name, groupOf(id)), version(id, 1));
  await expectEvents(pipeline, id, 1, commit, created(name));
  return commit;
}

export async function createGroup(pipeline: PipelineUnderTest, groupId: number, name: string): Promise<void> {
  await pipeline.source.transaction(group(groupId, name), inGroup(groupId, 1, 2));
  const links = [1, 2].map((dimensionId) => `row#dimensions_metric_groups#${dimensionId}`);
  await mirrored(pipeline, `group#${groupId}`, 'row', ...links);
}

export const created = (name: string) =>
  ({ change: 'CREATED', name, version: '1', changedAttributes: [] as string[], previous: {} }) as const;

/** Item "0" of that metric in its first version, without the revision. */
export const firstItem = (id: number, name: string): Item => ({
  name: text(name),
  version: text('0'),
  metricId: number(id),
  latestVersion: number(1),
  valueType: text('SCALAR'),
  aggregationStyle: text('SUM'),
  createdAt: text(WHEN_ISO),
  createdBy: text('ann'),
  updatedAt: text(WHEN_ISO),
  updatedBy: text('ann'),
  relatedDimensions: names('country', 'region'),
});
