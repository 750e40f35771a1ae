/**
 * Changes that are too large for one batch or one transaction: a dimension that 400 metrics share, and a metric with 1,000 versions.
 * Every metric gets exactly one event for each, and at rest the items are those of the source.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { atRest } from './support/laws.ts';
import { NO_METRICS, type PipelineUnderTest, startPipelineUnderTest } from './support/pipeline-under-test.ts';
import { group, inGroup, metric, version } from './support/source-writes.ts';

/** Four times as many as the replicator takes into a batch. */
const METRICS = 400;
const FAN_OUT_LIMIT = 100;
const VERSIONS = 1000;
const SHARED_DIMENSION = 1;
const OTHER_DIMENSION = 2;
/** Thousands of rows on a machine that may be busy with other things; only a defect reaches it. */
const PATIENCE_MS = 280_000;
/** The sample's group of all hybrids has id 1. */
const FIRST_ID = 2;
const BYSTANDER = FIRST_ID + METRICS;
const LONG = BYSTANDER + 1;

const sharing = Array.from({ length: METRICS }, (_, index) => FIRST_ID + index);
const nameOf = (id: number): string => `metric_${id}`;

let pipeline: PipelineUnderTest;
beforeAll(async () => {
  pipeline = await startPipelineUnderTest({ sample: NO_METRICS });
  const { source } = pipeline;
  const ids = [...sharing, BYSTANDER, LONG];
  await source.transaction(...ids.map((id) => group(id, nameOf(id))));
  await source.transaction(
    ...sharing.map((id) => inGroup(id, SHARED_DIMENSION, OTHER_DIMENSION)),
    ...[BYSTANDER, LONG].map((id) => inGroup(id, OTHER_DIMENSION)),
  );
  await source.transaction(...ids.map((id) => metric(id, nameOf(id), id)), ...ids.map((id) => version(id, 1)));
  await source.transaction(...Array.from({ length: VERSIONS - 1 }, (_, index) => version(LONG, index + 2)));
  await rest();
}, 2 * PATIENCE_MS);
afterAll(() => pipeline?.stop());

const rest = () => atRest(pipeline.source, pipeline.tables, pipeline.subscriber, pipeline.start, PATIENCE_MS);

/** Written transactions and sent messages of a function so far; a change of them tells who did the work. */
function workOf(part: RegExp): { readonly transactions: number; readonly messages: number } {
  const lines = pipeline.local.gateway.counts().filter(({ principal }) => part.test(principal));
  const succeeded = (name: string): number =>
    lines
      .filter(({ operation }) => operation === name)
      .reduce((sum, { requests, errors }) => sum + requests - errors, 0);
  return { transactions: succeeded('TransactWriteItems'), messages: succeeded('SendMessage') };
}

/** States that each of the metrics that share the dimension has one revision more than before, told as a change of its dimensions. */
async function expectOneRevisionMore(before: ReadonlyMap<string, bigint>): Promise<void> {
  const after = await pipeline.tables.revisions();
  const moved = sharing.map((id) => (after.get(String(id)) ?? 0n) - (before.get(String(id)) ?? 0n));
  expect(moved).toEqual(sharing.map(() => 1n));
  const told = sharing.map((id) => pipeline.subscriber.ofMetric(String(id)).get(Number(after.get(String(id))))?.data);
  expect(told.map((event) => [event?.change, event?.changedAttributes])).toEqual(
    sharing.map(() => ['UPDATED', ['relatedDimensions']]),
  );
}

test(`a dimension of ${METRICS} metrics is renamed: one event for each, by way of the projection queue`, async () => {
  const before = await pipeline.tables.revisions();
  const [replicatorBefore, projectorBefore] = [workOf(/Replicator/), workOf(/Projector/)];
  await pipeline.source.transaction(`UPDATE dimensions SET name = 'nation' WHERE id = ${SHARED_DIMENSION}`);
  await pipeline.source.transaction(version(BYSTANDER, 2));
  await rest();
  await expectOneRevisionMore(before);

  const [replicator, projector] = [workOf(/Replicator/), workOf(/Projector/)];
  expect(projector.transactions - projectorBefore.transactions).toBeGreaterThanOrEqual(METRICS);
  expect(replicator.transactions - replicatorBefore.transactions, 'the replicator only updated the bystander').toBe(1);
  expect(replicator.messages - replicatorBefore.messages, 'the whole dimension is one message').toBe(1);
  expect(projector.messages - projectorBefore.messages, 'which the projector splits').toBeGreaterThanOrEqual(
    METRICS / FAN_OUT_LIMIT,
  );
});

test(`the dimension is deleted, which writes no record of its ${METRICS} links: again one event for each`, async () => {
  const before = await pipeline.tables.revisions();
  await pipeline.source.transaction(`DELETE FROM dimensions WHERE id = ${SHARED_DIMENSION}`);
  await rest();
  await expectOneRevisionMore(before);
});

test(`a metric with ${VERSIONS} versions is renamed: one event, all items under the new name, a redirect at the old`, async () => {
  const before = await pipeline.tables.revisions();
  await pipeline.source.transaction(`UPDATE metrics SET name = 'renamed' WHERE id = ${LONG}`);
  await rest();
  const after = await pipeline.tables.revisions();
  const revision = Number(after.get(String(LONG)));
  expect(revision).toBe(Number(before.get(String(LONG))) + 1);
  const told = pipeline.subscriber.ofMetric(String(LONG)).get(revision)?.data;
  expect(told).toMatchObject({ change: 'RENAMED', previousName: nameOf(LONG), name: 'renamed' });
  expect(await pipeline.tables.metricVersions('renamed')).toHaveLength(VERSIONS + 1);
  const left = await pipeline.tables.metricVersions(nameOf(LONG));
  expect(left.map(({ version, renamedTo }) => [version?.S, renamedTo?.S])).toEqual([['0', 'renamed']]);
});

test(`a metric with ${VERSIONS} versions is deleted: one event, and no item is left`, async () => {
  const before = await pipeline.tables.revisions();
  await pipeline.source.transaction(`DELETE FROM metrics WHERE id = ${LONG}`);
  await rest();
  const after = await pipeline.tables.revisions();
  const revision = Number(after.get(String(LONG)));
  expect(revision).toBe(Number(before.get(String(LONG))) + 1);
  expect(pipeline.subscriber.ofMetric(String(LONG)).get(revision)?.data.change).toBe('DELETED');
  expect(await pipeline.tables.metricVersions('renamed')).toEqual([]);
});
