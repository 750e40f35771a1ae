/** What the product writes every day, by plain SQL, to the exact items and the exact events. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { atRest } from './support/laws.ts';
import { type PipelineUnderTest, startPipelineUnderTest } from './support/pipeline-under-test.ts';
import { createPrimitive, firstItem, HYBRIDS, LATER, LATER_ISO } from './support/primitive.ts';
import { consumes, group, inGroup, metric, touch, version, WHEN, WHEN_ISO } from './support/source-writes.ts';
import { content, expectEvents, expectSteps, names, number, text } from './support/told.ts';

let pipeline: PipelineUnderTest;
beforeAll(async () => {
  pipeline = await startPipelineUnderTest();
});
afterAll(() => pipeline?.stop());

test('a primitive created in two transactions becomes two items and one CREATED event', async () => {
  await createPrimitive(pipeline, 100, 'packages');
  const { latestVersion: _, createdAt: __, createdBy: ___, ...first } = firstItem(100, 'packages');
  expect((await pipeline.tables.metricVersions('packages')).map(content)).toEqual([
    { ...firstItem(100, 'packages'), revision: number(1) },
    { ...first, version: text('1') },
  ]);
});

test('a primitive whose group and rows arrive in any order ends as it must, each event going on from the last', async () => {
  await pipeline.source.transaction(group(1101, 'stops'), inGroup(1101, 1, 2));
  const commit = await pipeline.source.transaction(metric(101, 'stops', 1101), version(101, 1));
  const window = { ...commit, after: 0n };
  await expectSteps(pipeline, 101, 1, window, { name: 'stops', item: firstItem(101, 'stops'), first: 'CREATED' });
});

test('a new version with a touch of the metric adds an item, replaces item "0" and is one UPDATED event', async () => {
  await createPrimitive(pipeline, 110, 'returns');
  const { source, tables } = pipeline;
  const commit = await source.transaction(
    version(110, 2, { style: 'PERCENTILE', param: '0.95', at: LATER, by: 'bob' }),
    touch(110),
  );
  await expectEvents(pipeline, 110, 2, commit, {
    change: 'UPDATED',
    name: 'returns',
    version: '2',
    changedAttributes: ['aggregationParam', 'aggregationStyle', 'latestVersion', 'updatedAt', 'updatedBy'],
    previous: { aggregationStyle: 'SUM', latestVersion: 1, updatedAt: WHEN_ISO, updatedBy: 'ann' },
  });
  const changed = {
    aggregationStyle: text('PERCENTILE'),
    aggregationParam: number('0.95'),
    updatedAt: text(LATER_ISO),
    updatedBy: text('bob'),
  };
  const { latestVersion: _, createdAt: __, createdBy: ___, ...whole } = firstItem(110, 'returns');
  const { relatedDimensions: ____, ...older } = whole;
  expect((await tables.metricVersions('returns')).map(content)).toEqual([
    { ...firstItem(110, 'returns'), ...changed, latestVersion: number(2), revision: number(2) },
    { ...older, version: text('1') },
    { ...whole, ...changed, version: text('2') },
  ]);
});

test('a deprecation is DEPRECATED, and the version that takes it back is RESTORED', async () => {
  await createPrimitive(pipeline, 120, 'claims');
  const { source, tables } = pipeline;
  const deprecation = await source.transaction(
    version(120, 2, { at: LATER, by: 'bob', deprecatedFor: 'too coarse' }),
    touch(120),
  );
  await expectEvents(pipeline, 120, 2, deprecation, {
    change: 'DEPRECATED',
    name: 'claims',
    version: '2',
    changedAttributes: ['deprecatedAt', 'deprecatedBy', 'deprecatedReason', 'latestVersion', 'updatedAt', 'updatedBy'],
    previous: { latestVersion: 1, updatedAt: WHEN_ISO, updatedBy: 'ann' },
  });
  expect(await tables.metric('claims')).toMatchObject({
    deprecatedAt: text(LATER_ISO),
    deprecatedBy: text('bob'),
    deprecatedReason: text('too coarse'),
  });
  const restoration = await source.transaction(version(120, 3, { at: LATER, by: 'bob' }), touch(120));
  await expectEvents(pipeline, 120, 3, restoration, {
    change: 'RESTORED',
    name: 'claims',
    version: '3',
    changedAttributes: ['deprecatedAt', 'deprecatedBy', 'deprecatedReason', 'latestVersion'],
    previous: { deprecatedAt: LATER_ISO, deprecatedBy: 'bob', deprecatedReason: 'too coarse', latestVersion: 2 },
  });
  expect(Object.keys((await tables.metric('claims')) ?? {}).filter((name) => name.startsWith('deprecated'))).toEqual(
    [],
  );
});

test('a version that is corrected in place changes item "0" and its own item, an older one its own item too', async () => {
  await createPrimitive(pipeline, 130, 'visits');
  const { source, tables } = pipeline;
  const second = await source.transaction(version(130, 2, { at: LATER }));
  await expectEvents(pipeline, 130, 2, second, {
    change: 'UPDATED',
    name: 'visits',
    version: '2',
    changedAttributes: ['latestVersion', 'updatedAt'],
    previous: { latestVersion: 1, updatedAt: WHEN_ISO },
  });
  const correction = await source.transaction(
    "UPDATE metric_versions SET created_by = 'eve' WHERE metric_id = 130 AND version = 2",
  );
  await expectEvents(pipeline, 130, 3, correction, {
    change: 'UPDATED',
    name: 'visits',
    version: '2',
    changedAttributes: ['updatedBy'],
    previous: { updatedBy: 'ann' },
  });
  expect(await tables.metric('visits', '2')).toMatchObject({ updatedBy: text('eve') });
  expect(await tables.metric('visits', '1')).toMatchObject({ updatedBy: text('ann') });
  const removal = await source.transaction('DELETE FROM metric_versions WHERE metric_id = 130 AND version = 2');
  await expectEvents(pipeline, 130, 4, removal, {
    change: 'UPDATED',
    name: 'visits',
    version: '1',
    changedAttributes: ['latestVersion', 'updatedAt', 'updatedBy'],
    previous: { latestVersion: 2, updatedAt: LATER_ISO, updatedBy: 'eve' },
  });
  expect((await tables.metricVersions('visits')).map(({ version: key }) => key?.S)).toEqual(['0', '1']);
});

test("a group's dimensions are replaced together with a new version", async () => {
  await createPrimitive(pipeline, 140, 'orders');
  const commit = await pipeline.source.transaction(
    version(140, 2, { at: LATER }),
    'DELETE FROM dimensions_metric_groups WHERE metric_group_id = 1140',
    inGroup(1140, 3, 4, 5),
  );
  const item = {
    ...firstItem(140, 'orders'),
    latestVersion: number(2),
    updatedAt: text(LATER_ISO),
    relatedDimensions: names('carrier', 'channel', 'station'),
  };
  await expectSteps(pipeline, 140, 2, commit, { name: 'orders', item, first: 'UPDATED' });
  expect(await pipeline.tables.metric('orders', '1')).not.toHaveProperty('relatedDimensions');
});

test('a hybrid bears the names of the metrics it consumes, and follows when they are replaced', async () => {
  await createPrimitive(pipeline, 150, 'late');
  await createPrimitive(pipeline, 151, 'in_time');
  await createPrimitive(pipeline, 152, 'all_of_them');
  const { source } = pipeline;
  const { relatedDimensions: _, ...rest } = firstItem(155, 'late_ratio');
  const creation = await source.transaction(
    metric(155, 'late_ratio', HYBRIDS, { type: 'HYBRID' }),
    version(155, 1, { formula: 'a / b' }),
    consumes(155, 150, 151),
  );
  const hybrid = {
    ...rest,
    valueType: text('HYBRID'),
    hybridFormula: text('a / b'),
    consumedMetrics: names('in_time', 'late'),
  };
  const revision = await expectSteps(pipeline, 155, 1, creation, {
    name: 'late_ratio',
    item: hybrid,
    first: 'CREATED',
  });

  const replacement = await source.transaction(
    version(155, 2, { formula: 'a / nullif(c, 0)', at: LATER }),
    'DELETE FROM metric_relationships WHERE consumer_metric_id = 155 AND consumed_metric_id = 151',
    consumes(155, 152),
  );
  const replaced = {
    ...hybrid,
    latestVersion: number(2),
    updatedAt: text(LATER_ISO),
    hybridFormula: text('a / nullif(c, 0)'),
    consumedMetrics: names('all_of_them', 'late'),
  };
  await expectSteps(pipeline, 155, revision + 1, replacement, { name: 'late_ratio', item: replaced, first: 'UPDATED' });
});

test('neither a rolled-back transaction nor an update that nobody can see gives an event', async () => {
  await createPrimitive(pipeline, 160, 'quiet');
  const { source, subscriber } = pipeline;
  await source.rolledBack(version(160, 2, { by: 'nobody' }), "UPDATE metrics SET name = 'loud' WHERE id = 160");
  await source.transaction(touch(160));
  await source.transaction(`UPDATE metric_groups SET name = 'quiet group', created_at = '${WHEN}' WHERE id = 1160`);
  await source.transaction('UPDATE metrics SET name = name, value_type = value_type WHERE id = 160');
  // The next visible change has the next revision: whatever came in between would have taken it.
  const commit = await source.transaction(version(160, 2, { at: LATER }));
  const event = await subscriber.awaitRevisions(160, 2, 2);
  expect(event[0]?.data).toMatchObject({ changedAttributes: ['latestVersion', 'updatedAt'], version: '2' });
  expect(BigInt(event[0]?.metadata.correlationId ?? 0) >= commit.after).toBe(true);
});

test('afterwards the items are what an independent statement says and every revision had one event', async () => {
  const { source, tables, subscriber } = pipeline;
  expect((await atRest(source, tables, subscriber)).redelivered).toBe(0);
  expect(await tables.all('QuarantineTable')).toEqual([]);
});
