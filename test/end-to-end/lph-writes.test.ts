import { afterAll, beforeAll, expect, test } from 'vitest';
import { atRest } from './support/laws.ts';
import { type PipelineUnderTest, startPipelineUnderTest } from './support/pipeline-under-test.ts';
import { dimension, group, inGroup, metric, touch, version, WHEN_ISO } from './support/source-writes.ts';
import { content, expectEvents, names, number, text } from './support/told.ts';

let pipeline: PipelineUnderTest;
beforeAll(async () => {
  pipeline = await startPipelineUnderTest();
});
afterAll(() => pipeline?.stop());

test('a primitive that is created in two transactions becomes two items and one CREATED event', async () => {
  const { source, tables } = pipeline;
  await source.transaction(group(1000, 'packages'), inGroup(1000, 1, 2));
  const commit = await source.transaction(
    metric(100, 'packages', 1000),
    version(100, 1, { style: 'PERCENTILE', param: '0.95' }),
  );
  await expectEvents(pipeline, 100, 1, commit, { change: 'CREATED', name: 'packages', version: '1', changedAttributes: [], previous: {} });
  const common = {
    name: text('packages'),
    metricId: number(100),
    valueType: text('SCALAR'),
    aggregationStyle: text('PERCENTILE'),
    aggregationParam: number('0.95'),
    updatedAt: text(WHEN_ISO),
    updatedBy: text('ann'),
    relatedDimensions: names('country', 'region'),
  };
  const current = { ...common, version: text('0'), latestVersion: number(1), revision: number(1), createdAt: text(WHEN_ISO), createdBy: text('ann') };
  expect((await tables.metricVersions('packages')).map(content)).toEqual([current, { ...common, version: text('1') }]);
});

test('afterwards', async () => {
  console.log(await atRest(pipeline.source, pipeline.tables, pipeline.subscriber));
});
