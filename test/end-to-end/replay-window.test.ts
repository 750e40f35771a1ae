/**
 * A window with a split, a merge and a beginning that is older than the retention, replayed after a part of the target was lost. Told to a
 * running pipeline by its commands; the items are held against an independent SQL statement.
 */
import {
  DecreaseStreamRetentionPeriodCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  type Shard,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXIT } from '#cli/exit-code.ts';
import { until } from './support/eventually.ts';
import { differences, settled } from './support/laws.ts';
import { runRelay } from './support/relay-process.ts';
import { type RelayUnderTest, startRelayUnderTest } from './support/relay-under-test.ts';
import { group, inGroup, metric, version } from './support/source-writes.ts';

let pipeline: RelayUnderTest;
let kinesis: KinesisClient;
/** Begins before the first and ends behind the last of the writes; the emulator dates records by whole seconds. */
let window: readonly string[];

beforeAll(async () => {
  pipeline = await startRelayUnderTest(30);
  kinesis = new KinesisClient({ ...pipeline.reach.client, requestHandler: { requestTimeout: 30_000 } });
  await settled(pipeline);
  const from = wholeSecond(0);
  await writeRound(0);
  await split();
  await writeRound(1);
  await merge();
  await writeRound(2);
  await pipeline.source.transaction('DELETE FROM metrics WHERE id IN (3, 9000)');
  await settled(pipeline);
  const to = wholeSecond(1);
  await until('the window is over', () => Date.now() >= Date.parse(to));
  window = ['--from', from, '--to', to];
});

afterAll(async () => {
  kinesis?.destroy();
  await pipeline?.stop();
});

const wholeSecond = (later: number): string => new Date((Math.floor(Date.now() / 1000) + later) * 1000).toISOString();

const ROUNDS = [0, 1, 2];
const CREATED_PER_ROUND = 8;
const createdIn = (round: number): number[] =>
  Array.from({ length: CREATED_PER_ROUND }, (_, index) => 9000 + round * 100 + index);
/** Metrics of the sample that every round changes. */
const UPDATED = [1, 2];

/** New metrics of the round, new values for those of all earlier rounds and for two that were there before. */
async function writeRound(round: number): Promise<void> {
  const { source } = pipeline;
  for (const id of createdIn(round)) {
    await source.transaction(group(id, `group ${id}`), inGroup(id, 1, 2));
    await source.transaction(metric(id, `replayed_${id}`, id), version(id, 1));
  }
  const earlier = ROUNDS.filter((one) => one < round).flatMap(createdIn);
  for (const id of [...UPDATED, ...earlier])
    await source.transaction(
      `UPDATE metric_versions SET created_by = 'round ${round}' WHERE metric_id = ${id}`,
      `UPDATE metrics SET updated_at = NOW(6) WHERE id = ${id}`,
    );
  await settled(pipeline);
}

async function openShards(): Promise<Shard[]> {
  const StreamName = pipeline.reach.output('ChangeStream');
  const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName }));
  const first = ({ HashKeyRange }: Shard): bigint => BigInt(HashKeyRange?.StartingHashKey ?? '0');
  return Shards.filter(({ SequenceNumberRange }) => SequenceNumberRange?.EndingSequenceNumber === undefined).sort(
    (one, other) => (first(one) < first(other) ? -1 : 1),
  );
}

async function streamIsActive(openNow: number): Promise<void> {
  const StreamName = pipeline.reach.output('ChangeStream');
  await until(`the stream has ${openNow} open shards`, async () => {
    const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }));
    return StreamDescriptionSummary?.StreamStatus === 'ACTIVE' && (await openShards()).length === openNow;
  });
}

async function split(): Promise<void> {
  const open = await openShards();
  const [first] = open;
  const from = BigInt(first?.HashKeyRange?.StartingHashKey ?? '0');
  const to = BigInt(first?.HashKeyRange?.EndingHashKey ?? '0');
  const NewStartingHashKey = String((from + to) / 2n);
  const StreamName = pipeline.reach.output('ChangeStream');
  await kinesis.send(new SplitShardCommand({ StreamName, ShardToSplit: first?.ShardId, NewStartingHashKey }));
  await streamIsActive(open.length + 1);
}

/** One half of the split and the neighbour that was not split: its parents are of two generations. */
async function merge(): Promise<void> {
  const open = await openShards();
  const [, one, other] = open;
  const StreamName = pipeline.reach.output('ChangeStream');
  await kinesis.send(
    new MergeShardsCommand({ StreamName, ShardToMerge: one?.ShardId, AdjacentShardToMerge: other?.ShardId }),
  );
  await streamIsActive(open.length - 1);
}

/**
 * Everything of the metrics and groups that came in the window, tombstones included; and of those that were there before, what the window
 * wrote: the register of the version, the head, and the items.
 */
async function loseWhatTheWindowWrote(): Promise<void> {
  const inWindow = new Set(ROUNDS.flatMap(createdIn).flatMap((id) => [`metric#${id}`, `group#${id}`]));
  const before = new Set(UPDATED.map((id) => `metric#${id}`));
  const rows = await pipeline.tables.lose('SourceRowsTable', ({ pk, sk }) => {
    const partition = pk?.S ?? '';
    const isOfWindow = sk?.S === 'head' || sk?.S?.startsWith('row#metric_versions') === true;
    return inWindow.has(partition) || (before.has(partition) && isOfWindow);
  });
  expect(rows).toBeGreaterThan(ROUNDS.length * CREATED_PER_ROUND * 4);
  const lost = new Set([...UPDATED, ...ROUNDS.flatMap(createdIn)].map(String));
  const items = await pipeline.tables.lose('MetricsTable', ({ metricId }) => lost.has(metricId?.N ?? ''));
  expect(items).toBeGreaterThanOrEqual(2 * (ROUNDS.length * CREATED_PER_ROUND - 1 + UPDATED.length));
  expect((await differences(pipeline)).length).toBeGreaterThan(0);
}

interface Plan {
  readonly nothing: boolean;
  readonly records: number;
  readonly gone: unknown;
  readonly shards: readonly { shardId: string; closed: boolean; generation: number; records: number }[];
}

test('a caught-up window across a split and a merge lists its closed shards, parents first, and would change nothing', async () => {
  const plan: Plan = await pipeline.relay(EXIT.ok, 'replay', 'plan', ...window);
  expect(plan).toMatchObject({ nothing: true, items: [], events: [], gone: null });
  const shards = plan.shards.map(({ closed, generation, records }) => ({ closed, generation, any: records > 0 }));
  // Two at first; the first was split; its upper half was merged with the second.
  expect(shards.map(({ generation }) => generation)).toEqual([1, 1, 2, 2, 3]);
  expect(shards.filter(({ closed }) => closed)).toHaveLength(3);
  expect(
    shards.every(({ any }) => any),
    'every generation holds records of the window',
  ).toBe(true);
});

test('what the window wrote is lost and replayed by two overlapping replays at once; a second one of the same window is refused', async () => {
  const { relay, data } = pipeline;
  await loseWhatTheWindowWrote();
  const planned: Plan = await relay(EXIT.ok, 'replay', 'plan', ...window);
  expect(planned.nothing).toBe(false);
  // It ends now, so it waits for late arrivals and surely still runs when the others are asked for.
  const [, from = ''] = window;
  const now = ['--from', from, '--to', new Date().toISOString()];
  const { replayId: first } = await relay(EXIT.ok, 'replay', 'start', ...now);
  const refused = await runRelay(['replay', 'start', ...now, ...data]);
  expect(refused.code).toBe(EXIT.failure);
  expect(refused.stderr).toContain(`being replayed already, by ${first}`);
  expect(await relay(EXIT.ok, 'replay', 'list')).toHaveLength(1);

  const second = await relay(EXIT.ok, 'replay', 'start', ...window, '--wait');
  expect(second).toMatchObject({ state: 'succeeded', shardsDone: 5 });
  const status = async () => relay(EXIT.ok, 'replay', 'status', first);
  await until('the first replay has succeeded', async () => (await status()).state === 'succeeded', status);
  const { counts } = await status();
  expect(counts.received).toBeGreaterThan(0);
  expect(counts.applied + second.counts.applied).toBeGreaterThan(0);
  expect(counts.quarantined + second.counts.quarantined).toBe(0);
  await settled(pipeline);
  expect(await relay(EXIT.ok, 'replay', 'plan', ...window)).toMatchObject({ nothing: true, items: [], events: [] });
});

test('replayed once more it changes no item and tells nobody', async () => {
  const { relay, source, tables, subscriber } = pipeline;
  // Events come in the order of the table's stream, so whatever came before a write is told before it.
  const writeAndHear = async (text: string): Promise<number> => {
    const next = Number((await tables.revisions()).get('4') ?? 0n) + 1;
    // One row: those of one transaction travel apart, and each may be a revision.
    await source.transaction(
      `UPDATE metric_versions SET created_by = '${text}' WHERE metric_id = 4 ORDER BY version DESC LIMIT 1`,
    );
    await subscriber.awaitRevisions(4, next, next);
    return subscriber.deliveries.length;
  };
  const heard = await writeAndHear('before');
  const items = await tables.all('MetricsTable');
  const revisions = await tables.revisions();
  const again = await relay(EXIT.ok, 'replay', 'start', ...window, '--wait');
  expect(again).toMatchObject({ state: 'succeeded', counts: { applied: 0, quarantined: 0 } });
  expect(await tables.all('MetricsTable')).toEqual(items);
  expect(await tables.revisions()).toEqual(revisions);
  await writeAndHear('behind');
  const since = subscriber.deliveries.slice(heard).map(({ detail }) => detail.metadata.eventId);
  expect(since).toEqual([`4:${(await tables.revisions()).get('4')}`]);
});

test('a window whose beginning has left the stream: plan names the gap, start refuses it, and the rest is replayed when that is allowed', async () => {
  const { relay, data } = pipeline;
  const StreamName = pipeline.reach.output('ChangeStream');
  await kinesis.send(new DecreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours: 24 }));
  const from = new Date(Date.now() - 30 * 3_600_000).toISOString();
  const [, , , to = ''] = window;
  const trimmed = ['--from', from, '--to', to];
  const before = Date.now();
  const plan = await relay(EXIT.ok, 'replay', 'plan', ...trimmed);
  const horizonMs = Date.parse(plan.gone.to) + 24 * 3_600_000;
  expect(plan).toMatchObject({ nothing: true, retentionHours: 24, gone: { from } });
  expect(horizonMs).toBeGreaterThanOrEqual(before);
  expect(horizonMs).toBeLessThanOrEqual(Date.now());
  expect(plan.gone.ms).toBe(Date.parse(plan.gone.to) - Date.parse(from));

  const listed = (await relay(EXIT.ok, 'replay', 'list')).length;
  const refused = await runRelay(['replay', 'start', ...trimmed, ...data]);
  expect(refused.code).toBe(EXIT.precondition);
  expect(refused.stderr).toMatch(/has left the stream[\s\S]*--allow-gap[\s\S]*relay reload/);
  expect(await relay(EXIT.ok, 'replay', 'list')).toHaveLength(listed);

  const rest = await relay(EXIT.ok, 'replay', 'start', ...trimmed, '--allow-gap', '--wait');
  expect(rest).toMatchObject({ state: 'succeeded', counts: { applied: 0, quarantined: 0 } });
  expect(rest.counts.received).toBeGreaterThan(plan.shards.length);
  expect(await differences(pipeline)).toEqual([]);
});
