/** Names that move, metrics that go and come again, and names that other metrics bear, by plain SQL. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from './support/eventually.ts';
import { atRest } from './support/laws.ts';
import { mirrored, type PipelineUnderTest, startPipelineUnderTest } from './support/pipeline-under-test.ts';
import { created, createGroup, createPrimitive, firstItem, groupOf, HYBRIDS, LATER } from './support/primitive.ts';
import { consumes, dimension, group, inGroup, metric, version } from './support/source-writes.ts';
import { content, expectEvents, expectSteps, names, number, text } from './support/told.ts';

let pipeline: PipelineUnderTest;
beforeAll(async () => {
  pipeline = await startPipelineUnderTest();
});
afterAll(() => pipeline?.stop());

const renamed = (previousName: string, name: string) => ({
  change: 'RENAMED' as const,
  name,
  version: '1',
  previousName,
  changedAttributes: ['name'],
  previous: { name: previousName },
});

const rename = (id: number, name: string): string => `UPDATE metrics SET name = '${name}' WHERE id = ${id}`;

test('a rename moves all items, leaves a redirect, and is one RENAMED event', async () => {
  await createPrimitive(pipeline, 200, 'parcels');
  const { source, tables } = pipeline;
  const commit = await source.transaction(
    rename(200, 'packages'),
    "UPDATE metric_groups SET name = 'packages' WHERE id = 1200",
  );
  await expectEvents(pipeline, 200, 2, commit, renamed('parcels', 'packages'));
  const { latestVersion: _, createdAt: __, createdBy: ___, ...first } = firstItem(200, 'packages');
  expect((await tables.metricVersions('packages')).map(content)).toEqual([
    { ...firstItem(200, 'packages'), revision: number(2), previousName: text('parcels') },
    { ...first, version: text('1') },
  ]);
  const [redirect, ...others] = await tables.metricVersions('parcels');
  expect(others).toEqual([]);
  expect(redirect).toEqual({
    name: text('parcels'),
    version: text('0'),
    renamedTo: text('packages'),
    expiresAt: { N: expect.any(String) },
  });
  expect(Number(redirect?.expiresAt?.N)).toBeGreaterThan(Date.now() / 1000);
});

test('a rename that changes nothing but upper and lower case is a rename', async () => {
  await createPrimitive(pipeline, 205, 'Cpu');
  const commit = await pipeline.source.transaction(rename(205, 'CPU'));
  await expectEvents(pipeline, 205, 2, commit, renamed('Cpu', 'CPU'));
  expect((await pipeline.tables.metric('Cpu'))?.renamedTo).toEqual(text('CPU'));
});

test('a name that was left is taken by a new metric, and the redirect gives way', async () => {
  await createPrimitive(pipeline, 207, 'old_name');
  const commit = await pipeline.source.transaction(
    rename(207, 'new_name'),
    "UPDATE metric_groups SET name = 'new_name' WHERE id = 1207",
  );
  await expectEvents(pipeline, 207, 2, commit, renamed('old_name', 'new_name'));
  await createPrimitive(pipeline, 208, 'old_name');
  expect((await pipeline.tables.metric('old_name'))?.metricId).toEqual(number(208));
});

test('two metrics swap names in one transaction: each is RENAMED, and nothing else is told', async () => {
  await createPrimitive(pipeline, 210, 'left');
  await createPrimitive(pipeline, 211, 'right');
  const { source, tables, subscriber } = pipeline;
  await source.transaction(rename(210, 'between'), rename(211, 'left'), rename(210, 'right'));
  const [right, left] = await eventually(
    "both metrics are under each other's name",
    async () => {
      const found = [await tables.metric('right'), await tables.metric('left')];
      return found[0]?.metricId?.N === '210' && found[1]?.metricId?.N === '211' ? found : undefined;
    },
    async () => [await tables.metric('right'), await tables.metric('left')],
  );
  expect([right?.aggregationStyle, left?.aggregationStyle]).toEqual([text('SUM'), text('SUM')]);
  expect((await tables.metricVersions('right')).length + (await tables.metricVersions('left')).length).toBe(4);
  const second = await subscriber.awaitRevisions(211, 2, Number(left?.revision?.N));
  expect(second.map(({ data }) => [data.change, data.previousName, data.name])).toEqual([['RENAMED', 'right', 'left']]);
  // The first metric had a third name for a moment; the records of one row may be seen one by one.
  const first = await subscriber.awaitRevisions(210, 2, Number(right?.revision?.N));
  const path = first.map(({ data }) => [data.change, data.previousName, data.name].join(' '));
  expect([['RENAMED left right'], ['RENAMED left between', 'RENAMED between right']]).toContainEqual(path);
});

test('a delete takes all items away, rows that went by cascade included, and is one DELETED event', async () => {
  await createPrimitive(pipeline, 220, 'doomed');
  const { source, tables, subscriber } = pipeline;
  await source.transaction(version(220, 2));
  await subscriber.awaitRevisions(220, 2, 2);
  const commit = await source.transaction(
    'DELETE FROM metrics WHERE id = 220',
    'DELETE FROM metric_groups WHERE id = 1220',
  );
  await expectEvents(pipeline, 220, 3, commit, {
    change: 'DELETED',
    name: 'doomed',
    version: '2',
    changedAttributes: [],
    previous: {},
  });
  const [event] = await subscriber.awaitRevisions(220, 3, 3);
  expect(event?.data.metric).toMatchObject({
    metricId: 220,
    latestVersion: 2,
    relatedDimensions: ['country', 'region'],
    revision: 3,
  });
  await eventually('no item is left', async () =>
    (await tables.metricVersions('doomed')).length === 0 ? true : undefined,
  );
});

test('a metric that comes again under its id begins a new life: DELETED, CREATED, and no version of the old one', async () => {
  await createPrimitive(pipeline, 230, 'phoenix');
  const { source, tables, subscriber } = pipeline;
  await source.transaction(version(230, 2, { by: 'old' }));
  await subscriber.awaitRevisions(230, 2, 2);
  const end = await source.transaction('DELETE FROM metrics WHERE id = 230');
  await expectEvents(pipeline, 230, 3, end, {
    change: 'DELETED',
    name: 'phoenix',
    version: '2',
    changedAttributes: [],
    previous: {},
  });
  const birth = await source.transaction(metric(230, 'phoenix', 1230), version(230, 1));
  await expectEvents(pipeline, 230, 4, birth, created('phoenix'));
  expect((await tables.metricVersions('phoenix')).map(({ version: key }) => key?.S)).toEqual(['0', '1']);
});

test('a metric deleted and created again at once keeps nothing of the old life and no revision is missing', async () => {
  await createPrimitive(pipeline, 235, 'hasty');
  const { source, tables, subscriber } = pipeline;
  await source.transaction(version(235, 2, { by: 'old' }));
  await subscriber.awaitRevisions(235, 2, 2);
  await source.transaction(
    'DELETE FROM metrics WHERE id = 235',
    metric(235, 'hasty', groupOf(235)),
    version(235, 7, { by: 'new' }),
  );
  const item = await eventually(
    'item "0" is the new life\'s',
    async () => {
      const found = await tables.metric('hasty');
      return found?.latestVersion?.N === '7' && found.updatedBy?.S === 'new' ? found : undefined;
    },
    () => tables.metricVersions('hasty'),
  );
  expect((await tables.metricVersions('hasty')).map(({ version: key }) => key?.S)).toEqual(['0', '7']);
  const events = await subscriber.awaitRevisions(235, 3, Number(item.revision?.N));
  expect(['UPDATED', 'DELETED CREATED']).toContain(events.map(({ data }) => data.change).join(' '));
});

test('a chained metric is borne by name: set, renamed, and gone when it is deleted', async () => {
  await createPrimitive(pipeline, 240, 'before_2026');
  await createPrimitive(pipeline, 241, 'since_2026');
  const { source, tables } = pipeline;
  const told = { change: 'UPDATED' as const, name: 'since_2026', version: '1' };
  const set = await source.transaction(
    "UPDATE metrics SET chained_metric_id = 240, chain_cutoff_date = '2026-01-01 00:00:00' WHERE id = 241",
  );
  await expectEvents(pipeline, 241, 2, set, {
    ...told,
    changedAttributes: ['chainCutoffDate', 'chainedMetric'],
    previous: {},
  });
  expect(await tables.metric('since_2026', '1')).toMatchObject({
    chainedMetric: text('before_2026'),
    chainCutoffDate: text('2026-01-01T00:00:00Z'),
  });

  const move = await source.transaction(rename(240, 'until_2025'));
  await expectEvents(pipeline, 240, 2, move, renamed('before_2026', 'until_2025'));
  await expectEvents(pipeline, 241, 3, move, {
    ...told,
    changedAttributes: ['chainedMetric'],
    previous: { chainedMetric: 'before_2026' },
  });

  const end = await source.transaction('DELETE FROM metrics WHERE id = 240');
  await expectEvents(pipeline, 240, 3, end, {
    change: 'DELETED',
    name: 'until_2025',
    version: '1',
    changedAttributes: [],
    previous: {},
  });
  await expectEvents(pipeline, 241, 4, end, {
    ...told,
    changedAttributes: ['chainedMetric'],
    previous: { chainedMetric: 'until_2025' },
  });
  expect(await tables.metric('since_2026', '1')).toMatchObject({ chainCutoffDate: text('2026-01-01T00:00:00Z') });
  expect(await tables.metric('since_2026', '1')).not.toHaveProperty('chainedMetric');
});

test('a hybrid follows when a metric that it consumes is renamed or deleted', async () => {
  await createPrimitive(pipeline, 250, 'part');
  await createPrimitive(pipeline, 251, 'total');
  const { source } = pipeline;
  const creation = await source.transaction(
    metric(255, 'share', HYBRIDS, { type: 'HYBRID' }),
    version(255, 1, { formula: 'a / b' }),
    consumes(255, 250, 251),
  );
  const { relatedDimensions: _, ...rest } = firstItem(255, 'share');
  const item = {
    ...rest,
    valueType: text('HYBRID'),
    hybridFormula: text('a / b'),
    consumedMetrics: names('part', 'total'),
  };
  const revision = await expectSteps(pipeline, 255, 1, creation, { name: 'share', item, first: 'CREATED' });
  const told = { change: 'UPDATED' as const, name: 'share', version: '1', changedAttributes: ['consumedMetrics'] };
  const move = await source.transaction(rename(250, 'piece'));
  await expectEvents(pipeline, 255, revision + 1, move, { ...told, previous: { consumedMetrics: ['part', 'total'] } });
  const end = await source.transaction('DELETE FROM metrics WHERE id = 250');
  await expectEvents(pipeline, 255, revision + 2, end, { ...told, previous: { consumedMetrics: ['piece', 'total'] } });
});

test('the rename of a dimension reaches every metric that bears it, also when they are too many for one batch', async () => {
  const { source, subscriber } = pipeline;
  const ids = Array.from({ length: 120 }, (_, index) => 3000 + index);
  await source.transaction(
    dimension(60, 'hub'),
    ...ids.flatMap((id) => [group(id + 1000, `many_${id}`), inGroup(id + 1000, 60)]),
  );
  for (const id of ids) await mirrored(pipeline, `group#${id + 1000}`, 'row', 'row#dimensions_metric_groups#60');
  await source.transaction(...ids.flatMap((id) => [metric(id, `many_${id}`, id + 1000), version(id, 1)]));
  for (const id of ids) await subscriber.awaitRevisions(id, 1, 1);
  const commit = await source.transaction("UPDATE dimensions SET name = 'depot' WHERE id = 60");
  for (const id of ids) {
    const told = {
      change: 'UPDATED' as const,
      name: `many_${id}`,
      version: '1',
      changedAttributes: ['relatedDimensions'],
    };
    await expectEvents(pipeline, id, 2, commit, { ...told, previous: { relatedDimensions: ['hub'] } });
  }
});

test('a dimension that is deleted leaves the metrics that bore it, without a record of its links', async () => {
  await createDimension(61, 'gone_soon');
  await createGroup(pipeline, 1260, 'with_gone');
  await pipeline.source.transaction(inGroup(1260, 61));
  await mirrored(pipeline, 'group#1260', 'row#dimensions_metric_groups#61');
  const creation = await pipeline.source.transaction(metric(260, 'with_gone', 1260), version(260, 1, { at: LATER }));
  await expectEvents(pipeline, 260, 1, creation, created('with_gone'));
  const end = await pipeline.source.transaction('DELETE FROM dimensions WHERE id = 61');
  await expectEvents(pipeline, 260, 2, end, {
    change: 'UPDATED',
    name: 'with_gone',
    version: '1',
    changedAttributes: ['relatedDimensions'],
    previous: { relatedDimensions: ['country', 'gone_soon', 'region'] },
  });
});

async function createDimension(id: number, name: string): Promise<void> {
  await pipeline.source.transaction(dimension(id, name));
  await mirrored(pipeline, `dimension#${id}`, 'row');
}

test('afterwards the items are what an independent statement says and every revision had one event', async () => {
  const { source, tables, subscriber } = pipeline;
  expect((await atRest(source, tables, subscriber)).redelivered).toBe(0);
  expect(await tables.all('QuarantineTable')).toEqual([]);
});
