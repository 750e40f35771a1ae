/** A long random life of the product, from a seed: whatever was written, at rest the laws hold and the books add up. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reportOf } from '#cli/pipeline/resource-status.ts';
import { type ProductWrite, productWriter } from '#sample/product-writes.ts';
import { WRITE_KINDS } from '#sample/write-kinds.ts';
import { batchTotals } from './support/batch-totals.ts';
import { until } from './support/eventually.ts';
import { atRest } from './support/laws.ts';
import { type PipelineUnderTest, startPipelineUnderTest } from './support/pipeline-under-test.ts';

const SEED = Number(process.env.RELAY_TEST_SEED ?? 20_261_120);
const WRITES = 110;

let pipeline: PipelineUnderTest;
beforeAll(async () => {
  pipeline = await startPipelineUnderTest({ sample: { seed: SEED, dimensions: 20, primitives: 30, hybrids: 5 } });
});
afterAll(() => pipeline?.stop());

test(`${WRITES} random writes of seed ${SEED} arrive, each visible change as one event`, async () => {
  const { source, tables, subscriber, start, local } = pipeline;
  const writer = productWriter(source.connection, SEED);
  const writes: ProductWrite[] = [];
  // Each kind once, so that no seed can leave one out; then as chance has it.
  for (const { kind } of WRITE_KINDS.filter((one) => one.kind !== 'restore')) writes.push(await writer.write(kind));
  while (writes.length < WRITES) writes.push(await writer.write());

  const rest = await atRest(source, tables, subscriber, start);
  expect(rest.events).toBeGreaterThan(WRITES / 2);
  expect(await tables.all('QuarantineTable')).toEqual([]);
  const current = (await tables.all('MetricsTable')).filter((item) => item.version?.S === '0');
  expect(
    current.filter((item) => item.incomplete !== undefined || item.claim !== undefined || item.deleted !== undefined),
  ).toEqual([]);

  const written = writes.reduce((sum, { rows }) => sum + rows, 0);
  const { replication } = reportOf(local.status());
  const counted = (replication?.tables ?? []).reduce(
    (sum, { inserts, updates, deletes }) => sum + inserts + updates + deletes,
    0,
  );
  expect(counted, 'rows that were written and rows that were captured').toBe(written);
  const loaded = (replication?.tables ?? []).reduce((sum, { rowsLoaded }) => sum + rowsLoaded, 0);
  await until(
    'the replicator has accounted for every record',
    () => batchTotals(pipeline.functionLogs()).done >= written + loaded,
    () => ({ totals: batchTotals(pipeline.functionLogs()), written, loaded }),
  );
  const totals = batchTotals(pipeline.functionLogs());
  expect(totals.batches.filter((batch) => batch.sumOfOutcomes !== batch.received)).toEqual([]);
  expect(totals.outcomes.get('quarantined') ?? 0).toBe(0);
  // Without a retry every record is received once; with one, what is received again is a duplicate.
  const receivedAgain = (totals.outcomes.get('duplicate') ?? 0) + (totals.outcomes.get('failed') ?? 0);
  expect(totals.received - (totals.outcomes.get('control') ?? 0) - receivedAgain).toBeLessThanOrEqual(written + loaded);
});
