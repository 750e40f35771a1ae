/** Values that a careless pipeline spoils on the way: 64-bit ids, decimals, fractions of a second, names of any script, NULL and ''. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { atRest } from './support/laws.ts';
import { mirrored, type PipelineUnderTest, startPipelineUnderTest } from './support/pipeline-under-test.ts';
import { created, createGroup, createPrimitive } from './support/primitive.ts';
import { dimension, inGroup, metric, quoted, version } from './support/source-writes.ts';
import { expectEvents, number, text } from './support/told.ts';

let pipeline: PipelineUnderTest;
beforeAll(async () => {
  pipeline = await startPipelineUnderTest();
  await createGroup(pipeline, 5000, 'shared');
});
afterAll(() => pipeline?.stop());

/** A metric of the shared group, with one version and its CREATED event. */
async function create(id: string, name: string, columns: Parameters<typeof version>[2] = {}): Promise<void> {
  const commit = await pipeline.source.transaction(metric(id, name, 5000), version(id, 1, columns));
  await expectEvents(pipeline, id, 1, commit, created(name));
}

test('ids next to 2^64 and 2^53 keep every digit and stay apart', async () => {
  const ids = ['18446744073709551615', '18446744073709551614', '9007199254740993', '9007199254740992'];
  for (const id of ids) {
    await create(id, `id_${id}`);
    expect((await pipeline.tables.metric(`id_${id}`))?.metricId).toEqual(number(id));
    const [event] = await pipeline.subscriber.awaitRevisions(id, 1, 1);
    expect(event?.metadata.eventId).toBe(`${id}:1`);
    expect(event?.data.metric?.metricId).toBe(id);
  }
});

test('a version number at the end of INT UNSIGNED is the latest one', async () => {
  await create('610', 'many_versions');
  const commit = await pipeline.source.transaction(version(610, 10), version(610, 9), version(610, 4_294_967_295));
  const found = await pipeline.subscriber.awaitRevisions(610, 2, 2);
  expect(BigInt(found[0]?.metadata.correlationId ?? 0) >= commit.after).toBe(true);
  await mirrored(
    pipeline,
    'metric#610',
    'row#metric_versions#9',
    'row#metric_versions#10',
    'row#metric_versions#4294967295',
  );
  const { source, tables, subscriber } = pipeline;
  await atRest(source, tables, subscriber);
  expect((await tables.metric('many_versions'))?.latestVersion).toEqual(number('4294967295'));
});

test.each([
  ['9999999999.9999999999', '9999999999.9999999999', '9999999999.9999999999'],
  ['-0.0000000001', '-0.0000000001', '-0.0000000001'],
  ['0.1234567891', '0.1234567891', 0.1234567891],
  ['0.5000000000', '0.5', 0.5],
  ['1200.0000000000', '1200', 1200],
  ['0.0000000000', '0', 0],
])('DECIMAL(20,10) %s is the number %s in the item', async (sql, stored, inEvent) => {
  const id = String(620 + DECIMALS.indexOf(sql));
  await create(id, `decimal ${sql}`, { style: 'PERCENTILE', param: sql });
  expect((await pipeline.tables.metric(`decimal ${sql}`, '1'))?.aggregationParam).toEqual(number(stored));
  const [event] = await pipeline.subscriber.awaitRevisions(id, 1, 1);
  expect(event?.data.metric?.aggregationParam).toBe(inEvent);
});
const DECIMALS = [
  '9999999999.9999999999',
  '-0.0000000001',
  '0.1234567891',
  '0.5000000000',
  '1200.0000000000',
  '0.0000000000',
];

test.each([
  ['630', 'with an emoji', '📦 delivered'],
  ['631', 'composed', 'caf\u00e9'],
  ['632', 'decomposed', 'cafe\u0301'],
  ['633', 'of a prototype', '__proto__'],
  ['634', 'of a constructor', 'constructor'],
  ['635', 'of a method', 'hasOwnProperty'],
  ['636', 'with the separators of keys', 'a#b|c/d:e%20"f"\\g'],
  ['637', 'in Arabic and Chinese', 'مقياس 指标'],
  ['638', 'with white space and line breaks', ' two\nlines\t'],
  ['639', 'of 255 characters of three bytes', '指'.repeat(255)],
])('a name (%s, %s) arrives exactly', async (id, _, name) => {
  await create(id, name);
  expect((await pipeline.tables.metric(name))?.name).toEqual(text(name));
  expect((await pipeline.tables.metric(name, '1'))?.metricId).toEqual(number(id));
});

test('names of dimensions and people are as free as names of metrics', async () => {
  const { source, tables } = pipeline;
  await source.transaction(dimension(70, '__proto__'), dimension(71, '🚚'));
  await mirrored(pipeline, 'dimension#70', 'row');
  await mirrored(pipeline, 'dimension#71', 'row');
  await createGroup(pipeline, 5001, 'free');
  await source.transaction(inGroup(5001, 70, 71));
  await mirrored(pipeline, 'group#5001', 'row#dimensions_metric_groups#70', 'row#dimensions_metric_groups#71');
  const commit = await source.transaction(metric(640, 'free', 5001), version(640, 1, { by: 'constructor' }));
  await expectEvents(pipeline, 640, 1, commit, created('free'));
  const item = await tables.metric('free');
  expect(item?.relatedDimensions?.SS?.toSorted()).toEqual(['__proto__', 'country', 'region', '🚚']);
  expect(item?.updatedBy).toEqual(text('constructor'));
});

test('a metric renamed from one Unicode form to the other is renamed', async () => {
  await createPrimitive(pipeline, 645, 'u\u0308ber');
  const commit = await pipeline.source.transaction(`UPDATE metrics SET name = ${quoted('\u00fcber')} WHERE id = 645`);
  const [event] = await pipeline.subscriber.awaitRevisions(645, 2, 2);
  expect(event?.data).toMatchObject({ change: 'RENAMED', previousName: 'u\u0308ber', name: '\u00fcber' });
  expect(BigInt(event?.metadata.correlationId ?? 0) >= commit.after).toBe(true);
});

test('NULL is an absent attribute, the empty string is an empty string', async () => {
  const { source, tables, subscriber } = pipeline;
  await create('650', 'empties', { by: '' });
  expect((await tables.metric('empties'))?.updatedBy).toEqual(text(''));
  expect(await tables.metric('empties')).not.toHaveProperty('deprecatedReason');
  expect(await tables.metric('empties')).not.toHaveProperty('hybridFormula');
  await source.transaction(version(650, 2, { deprecatedFor: '' }));
  await subscriber.awaitRevisions(650, 2, 2);
  expect((await tables.metric('empties'))?.deprecatedReason).toEqual(text(''));
  const commit = await source.transaction(
    'UPDATE metric_versions SET deprecated_reason = NULL WHERE metric_id = 650 AND version = 2',
  );
  await expectEvents(pipeline, 650, 3, commit, {
    change: 'UPDATED',
    name: 'empties',
    version: '2',
    changedAttributes: ['deprecatedReason'],
    previous: { deprecatedReason: '' },
  });
  expect(await tables.metric('empties')).not.toHaveProperty('deprecatedReason');
});

test.each([
  ['660', '2018-02-15 18:23:45.500000', '2018-02-15T18:23:45.5Z'],
  ['661', '2018-02-15 18:23:45.000001', '2018-02-15T18:23:45.000001Z'],
  ['662', '2018-02-15 18:23:45.000000', '2018-02-15T18:23:45Z'],
  ['663', '9999-12-31 23:59:59.999999', '9999-12-31T23:59:59.999999Z'],
  ['664', '1000-01-01 00:00:00.100000', '1000-01-01T00:00:00.1Z'],
])('the date (%s) %s is %s', async (id, sql, iso) => {
  await create(id, `date_${id}`, { at: sql });
  expect((await pipeline.tables.metric(`date_${id}`, '1'))?.updatedAt).toEqual(text(iso));
});

test('a formula of 60,000 bytes and a reason of 1,024 characters arrive whole', async () => {
  const { source, tables, subscriber } = pipeline;
  const formula = `a + ${'ß'.repeat(29_998)}`;
  await source.transaction(metric(670, 'long', 5000), version(670, 1, { formula, deprecatedFor: 'é'.repeat(1024) }));
  await subscriber.awaitRevisions(670, 1, 1);
  expect(await tables.metric('long')).toMatchObject({
    hybridFormula: text(formula),
    deprecatedReason: text('é'.repeat(1024)),
  });
});

test('afterwards the items are what an independent statement says and every revision had one event', async () => {
  const { source, tables, subscriber } = pipeline;
  expect((await atRest(source, tables, subscriber)).redelivered).toBe(0);
  expect(await tables.all('QuarantineTable')).toEqual([]);
});
