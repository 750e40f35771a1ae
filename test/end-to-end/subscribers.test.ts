/**
 * The worked subscribers on the real path: while the product writes, an SQS worker keeps a SQL copy and a stream gets every event. At rest the
 * copy is the Metrics table, row by row, and says in SQL what the source says; the stream has exactly the events.
 */
import { KinesisClient } from '@aws-sdk/client-kinesis';
import type { RowDataPacket } from 'mysql2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseMetricChanged } from '#consumer/parse.ts';
import { productWriter } from '#sample/product-writes.ts';
import { WRITE_KINDS } from '#sample/write-kinds.ts';
import { streamRecords } from '../support/stream-records.ts';
import { until } from './support/eventually.ts';
import { atRest } from './support/laws.ts';
import { type PipelineUnderTest, startPipelineUnderTest } from './support/pipeline-under-test.ts';

const SEED = Number(process.env.RELAY_TEST_SEED ?? 20_261_121);
const WRITES = 50;

let pipeline: PipelineUnderTest;
beforeAll(async () => {
  pipeline = await startPipelineUnderTest({
    subscribers: true,
    sample: { seed: SEED, dimensions: 10, primitives: 15, hybrids: 3 },
  });
});
afterAll(() => pipeline?.stop());

/** What both sides can say in SQL of every live metric; dimensions and consumed metrics as sorted lists of names. */
const SOURCE = `
  SELECT CAST(m.id AS CHAR), m.name, m.value_type, CAST(v.version AS CHAR), v.aggregation_style, CAST(v.aggregation_param AS CHAR),
    v.hybrid_formula, chained.name, CAST(m.chain_cutoff_date AS DATETIME(6)), m.created_at, m.created_by, v.created_at, v.created_by,
    v.deprecated_at, v.deprecated_by, v.deprecated_reason,
    (SELECT GROUP_CONCAT(d.name ORDER BY BINARY d.name SEPARATOR '\\n') FROM lph.dimensions_metric_groups g
       JOIN lph.dimensions d ON d.id = g.dimension_id WHERE g.metric_group_id = m.metric_group_id AND m.value_type <> 'HYBRID'),
    (SELECT GROUP_CONCAT(c.name ORDER BY BINARY c.name SEPARATOR '\\n') FROM lph.metric_relationships r
       JOIN lph.metrics c ON c.id = r.consumed_metric_id WHERE r.consumer_metric_id = m.id AND m.value_type = 'HYBRID')
  FROM lph.metrics m
  JOIN lph.metric_versions v ON v.metric_id = m.id
    AND v.version = (SELECT MAX(version) FROM lph.metric_versions WHERE metric_id = m.id)
  LEFT JOIN lph.metrics chained ON chained.id = m.chained_metric_id
  ORDER BY m.id`;
const COPY = `
  SELECT metric_id, name, value_type, CAST(latest_version AS CHAR), aggregation_style, CAST(aggregation_param AS CHAR), hybrid_formula,
    chained_metric, chain_cutoff_date, created_at, created_by, updated_at, updated_by, deprecated_at, deprecated_by, deprecated_reason,
    related_dimensions, consumed_metrics
  FROM metrics_copy.metrics WHERE deleted = 0 ORDER BY CAST(metric_id AS UNSIGNED)`;
const LISTS = 2;

async function rowsOf(sql: string): Promise<unknown[][]> {
  const [rows] = await pipeline.source.connection.query<RowDataPacket[]>({ sql, rowsAsArray: true });
  return rows as unknown as unknown[][];
}

/** A set is a JSON array in the copy and one name a line in the source. */
async function copied(): Promise<unknown[][]> {
  const lines = (value: unknown) => (typeof value === 'string' ? (JSON.parse(value) as string[]).join('\n') : null);
  return (await rowsOf(COPY)).map((row) => [...row.slice(0, -LISTS), ...row.slice(-LISTS).map(lines)]);
}

async function eventsOfStream(): Promise<string[]> {
  const client = new KinesisClient(pipeline.reach.client);
  const records = await streamRecords(client, { StreamName: pipeline.reach.output('FeedStream') });
  client.destroy();
  return records.map(({ record }) => {
    const { metadata, data } = parseMetricChanged(record);
    expect(record.PartitionKey).toBe(data.metricId);
    return metadata.eventId;
  });
}

test(`the SQL copy and the stream follow ${WRITES} random writes of seed ${SEED}`, async () => {
  const { source, tables, subscriber, start } = pipeline;
  const writer = productWriter(source.connection, SEED);
  for (const { kind } of WRITE_KINDS.filter((one) => one.kind !== 'restore')) await writer.write(kind);
  for (let written = WRITE_KINDS.length; written < WRITES; written++) await writer.write();
  await atRest(source, tables, subscriber, start);

  const wanted = await rowsOf(SOURCE);
  expect(wanted.length).toBeGreaterThan(10);
  await until(
    'the copy has the row of every metric',
    async () => JSON.stringify(await copied()) === JSON.stringify(wanted),
    async () => {
      const found = new Map((await copied()).map((row) => [row[0], JSON.stringify(row)]));
      return wanted
        .filter((row) => found.get(row[0]) !== JSON.stringify(row))
        .slice(0, 3)
        .map((row) => [row, found.get(row[0])]);
    },
  );
  expect(await copied()).toEqual(wanted);

  const items = (await tables.all('MetricsTable')).filter((item) => item.version?.S === '0' && !item.renamedTo);
  const live = await rowsOf(
    'SELECT metric_id, name, CAST(revision AS CHAR) FROM metrics_copy.metrics WHERE deleted = 0',
  );
  expect(live.map(String).sort()).toEqual(
    items.map(({ metricId, name, revision }) => String([metricId?.N, name?.S, revision?.N])).sort(),
  );
  // Deleted metrics too: their last revision is remembered, so that nothing old brings them back.
  const remembered = await rowsOf('SELECT metric_id, CAST(revision AS CHAR) FROM metrics_copy.metrics');
  const revisions = [...(await tables.revisions())].filter(([, revision]) => revision > 0n);
  expect(remembered.map(String).sort()).toEqual(revisions.map(String).sort());

  const told = new Set(subscriber.deliveries.map(({ detail }) => detail.metadata.eventId));
  await until(
    'the stream has every event',
    async () => new Set(await eventsOfStream()).size >= told.size,
    async () => [told.size, (await eventsOfStream()).length],
  );
  expect(new Set(await eventsOfStream())).toEqual(told);
});
