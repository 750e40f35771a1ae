/** The Metrics table is lost and rebuilt from the mirror; events of current states are sent again. Told to a running pipeline by its commands. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXIT } from '#cli/exit-code.ts';
import { until } from './support/eventually.ts';
import { differences, settled } from './support/laws.ts';
import { runRelay } from './support/relay-process.ts';
import { type RelayUnderTest, startRelayUnderTest } from './support/relay-under-test.ts';

let pipeline: RelayUnderTest;
beforeAll(async () => {
  pipeline = await startRelayUnderTest(30);
});
afterAll(() => pipeline?.stop());

test('a lost Metrics table is rebuilt: items are the source’s, revisions stay, and what is told again has the ids it had', async () => {
  const { relay, source, tables, subscriber } = pipeline;
  await settled(pipeline);
  // Something with a past: a later revision, and a metric that was deleted before the loss.
  const first = await tables.revisions();
  const next = (id: string): number => Number(first.get(id) ?? 0n) + 1;
  await source.transaction("UPDATE metric_versions SET created_by = 'later' WHERE metric_id = 2");
  await source.transaction('DELETE FROM metrics WHERE id = 3');
  await settled(pipeline);
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
  await tables.lose('MetricsTable');
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
  await settled(pipeline);
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
  const { relay, tables, subscriber, data } = pipeline;
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
  expect(await differences(pipeline)).toEqual([]);
  const [first] = live.map(({ name }) => name?.S ?? '').sort();
  expect(await relay(EXIT.ok, 'republish', '--all', '--dry-run', '--after', first ?? '')).toMatchObject({
    events: live.length - 1,
  });
});
