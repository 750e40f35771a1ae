/** The Metrics table is lost and rebuilt from the mirror; events of current states are sent again. Told to a running pipeline by its commands. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXIT } from '#cli/exit-code.ts';
import { compareItems, plainItems } from '#sample/compare-items.ts';
import { expectedItems } from '#sample/expected-items.ts';
import { until } from './support/eventually.ts';
import { type Reach, reachOfProcess } from './support/reach.ts';
import { type RelayProcess, runRelay, startRelay } from './support/relay-process.ts';
import { openSourceWrites, type SourceWrites } from './support/source-writes.ts';
import { Subscriber } from './support/subscriber.ts';
import { Tables } from './support/tables.ts';

let directory: string;
let data: readonly string[];
let up: RelayProcess;
let reach: Reach;
let source: SourceWrites;
let tables: Tables;
let subscriber: Subscriber;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'relay-e2e-'));
  data = ['--data-dir', directory];
  up = startRelay(['up', '--sample', '--metrics', '30', ...data]);
  reach = await reachOfProcess(directory, up.pid, up.stderr);
  await up.said(/The pipeline is ready/);
  const { stdout } = await runRelay(['outputs', '--json', ...data]);
  source = await openSourceWrites(JSON.parse(stdout).sourceUrl);
  tables = new Tables(reach);
  subscriber = new Subscriber('rebuild-subscriber');
  await subscriber.subscribe(reach);
});

afterAll(async () => {
  await subscriber?.leave();
  tables?.close();
  await source?.close().catch(() => {});
  up?.kill('SIGINT');
  await up?.ended;
  await rm(directory, { recursive: true, force: true });
});

const differences = async () =>
  compareItems(await expectedItems(source.connection), plainItems(await tables.all('MetricsTable')));
const settled = () =>
  until('the items are those of the source', async () => (await differences()).length === 0, differences);

async function relay(expected: number, ...args: readonly string[]) {
  const { code, stdout, stderr } = await runRelay([...args, '--json', ...data]);
  expect(code, stderr).toBe(expected);
  return JSON.parse(stdout);
}

/** As a new table begins. */
async function loseMetrics(): Promise<void> {
  const client = new DynamoDBClient(reach.client);
  const items = await tables.all('MetricsTable');
  for (let from = 0; from < items.length; from += 25) {
    const deletes = items.slice(from, from + 25).map(({ name, version }) => ({
      DeleteRequest: { Key: { name: name ?? { S: '' }, version: version ?? { S: '' } } },
    }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [reach.output('MetricsTable')]: deletes } }));
  }
  client.destroy();
}

test('a lost Metrics table is rebuilt: items are the source’s, revisions stay, and what is told again has the ids it had', async () => {
  await settled();
  // Something with a past: a later revision, and a metric that was deleted before the loss.
  const first = await tables.revisions();
  const next = (id: string): number => Number(first.get(id) ?? 0n) + 1;
  await source.transaction("UPDATE metric_versions SET created_by = 'later' WHERE metric_id = 2");
  await source.transaction('DELETE FROM metrics WHERE id = 3');
  await settled();
  await subscriber.awaitRevisions(2, next('2'), next('2'));
  await subscriber.awaitRevisions(3, next('3'), next('3'));
  expect(await relay(EXIT.ok, 'rebuild', 'plan')).toMatchObject({
    differing: 0,
    puts: 0,
    deletes: 0,
    eventsAgain: 0,
    eventsNew: [],
  });

  const before = await tables.revisions();
  const items = (await tables.all('MetricsTable')).length;
  const live = (await tables.all('MetricsTable')).filter(({ version }) => version?.S === '0').length;
  await loseMetrics();
  const heard = subscriber.deliveries.length;
  const plan = await relay(EXIT.ok, 'rebuild', 'plan');
  expect(plan).toMatchObject({
    differing: live,
    puts: items,
    deletes: 0,
    eventsAgain: live,
    eventsNew: [],
    failed: [],
  });
  expect(await tables.all('MetricsTable')).toEqual([]);

  // A change that comes while everything is missing.
  await source.transaction("UPDATE metric_versions SET created_by = 'meanwhile' WHERE metric_id = 4");
  await subscriber.awaitRevisions(4, next('4'), next('4'));
  const { left } = await relay(EXIT.ok, 'rebuild', 'start');
  expect(left).toMatchObject({ differing: 0 });
  await settled();
  const after = await tables.revisions();
  expect(after.get('4')).toBe((before.get('4') ?? 0n) + 1n);
  after.set('4', before.get('4') ?? 0n);
  expect(after).toEqual(before);

  await until('every lost metric was told again', () => subscriber.deliveries.length >= heard + live);
  const again = subscriber.deliveries.slice(heard).filter(({ detail }) => detail.data.metricId !== '4');
  expect(again).toHaveLength(live - 1);
  for (const { detail } of again) {
    expect(detail.metadata.replay).toBe(true);
    expect(BigInt(detail.data.revision)).toBe(before.get(detail.data.metricId));
  }
  expect(
    again.some(({ detail }) => detail.data.metricId === '3'),
    'the deleted metric',
  ).toBe(false);

  const silent = subscriber.deliveries.length;
  expect(await relay(EXIT.ok, 'rebuild', 'start')).toMatchObject({ done: { differing: 0, puts: 0 } });
  expect(subscriber.deliveries.length).toBe(silent);
});

test('a republish sends each chosen metric once, with the revision that it has; nothing is sent for a name that does not exist', async () => {
  const live = (await tables.all('MetricsTable')).filter(({ version, renamedTo }) => version?.S === '0' && !renamedTo);
  const heard = subscriber.deliveries.length;
  expect(await relay(EXIT.ok, 'republish', '--all', '--dry-run')).toMatchObject({
    ended: 'dryRun',
    events: live.length,
  });
  const missing = await runRelay(['republish', live[0]?.name?.S ?? '', 'no such metric', ...data]);
  expect(missing.code).toBe(EXIT.failure);
  expect(missing.stderr).toContain('"no such metric"');
  expect(subscriber.deliveries.length).toBe(heard);

  expect(await relay(EXIT.ok, 'republish', '--all', '--rate', '500')).toMatchObject({
    ended: 'done',
    events: live.length,
    unpublishable: [],
  });
  await until('every metric was sent again', () => subscriber.deliveries.length >= heard + live.length);
  const told = subscriber.deliveries
    .slice(heard)
    .map(({ detail }) => [detail.metadata.eventId, detail.metadata.replay]);
  const expected = live.map(({ metricId, revision }) => [`${metricId?.N}:${revision?.N}`, true]);
  expect(told.sort()).toEqual(expected.sort());

  // Items are untouched, so a consumer that follows the rule changes nothing.
  expect(await differences()).toEqual([]);
  const [first] = live.map(({ name }) => name?.S ?? '').sort();
  expect(await relay(EXIT.ok, 'republish', '--all', '--dry-run', '--after', first ?? '')).toMatchObject({
    events: live.length - 1,
  });
});
