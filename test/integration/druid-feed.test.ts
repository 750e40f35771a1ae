/** The feed's client, plans and lookups against Druid's API: what is written, what is left alone, and what is said when it does not work. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FollowPorts, followLookups } from '#cli/druid/follow-lookups.ts';
import { aborted } from '#cli/interruption.ts';
import type { CurrentMetrics, MetricEvent, MetricState } from '#druid/current-metrics.ts';
import { DruidClient, druidAddress } from '#druid/druid-client.ts';
import { DruidFailure } from '#druid/druid-failure.ts';
import { planFactDimensions } from '#druid/fact-dimensions.ts';
import type { JsonObject } from '#druid/json.ts';
import { planSpec } from '#druid/spec-plan.ts';
import { requiredSpec, supervisorSpec } from '#druid/supervisor-spec.ts';
import { type SyncedLookup, syncLookups } from '#druid/sync-lookups.ts';
import { type DruidStandIn, type StandInOptions, startDruidStandIn } from '#local/druid/druid-stand-in.ts';
import { until } from '../end-to-end/support/eventually.ts';

let standIn: DruidStandIn;
let client: DruidClient;
const start = async (options: StandInOptions = {}, url = (own: string) => own): Promise<void> => {
  await standIn?.stop();
  standIn = await startDruidStandIn(options);
  client = new DruidClient(druidAddress(url(standIn.url)));
};
beforeEach(() => start());
afterEach(() => standIn.stop());

const SPEC = {
  datasource: 'metric_changes',
  stream: 'metric-changed',
  endpoint: 'kinesis.us-east-1.amazonaws.com',
  taskDuration: 'PT1H',
};

async function present(id = 'metric_changes'): Promise<JsonObject> {
  const spec = await client.readSupervisor(id);
  if (spec === undefined) throw new Error(`there is no supervisor ${id}`);
  return spec;
}

describe('the supervisor of metric changes', () => {
  test('is accepted by Druid, and its plan is empty in the spelling in which it comes back', async () => {
    await client.writeSupervisor('metric_changes', supervisorSpec(SPEC));
    expect(planSpec(await present(), requiredSpec('metric_changes', SPEC), { prune: true }).changes).toEqual([]);
  });

  test('gets a new column and keeps the rest; applying twice restarts once', async () => {
    await client.writeSupervisor('metric_changes', supervisorSpec(SPEC));
    const wanted = requiredSpec('metric_changes', {}) as {
      spec: { dataSchema: { dimensionsSpec: { dimensions: object[] } } };
    };
    wanted.spec.dataSchema.dimensionsSpec.dimensions.push({ type: 'string', name: 'newMember' });
    const plan = planSpec(await present(), wanted as unknown as JsonObject, { prune: false });
    expect(plan.changes.map(({ path }) => path)).toEqual(['spec.dataSchema.dimensionsSpec.dimensions[newMember]']);
    await client.writeSupervisor('metric_changes', plan.spec);
    await client.writeSupervisor('metric_changes', plan.spec);
    expect(standIn.supervisors.starts('metric_changes')).toBe(2);
    expect(await present()).toMatchObject({
      spec: { ioConfig: { stream: 'metric-changed', taskDuration: 'PT3600S' } },
    });
  });

  test('of somebody else gets the related dimensions of metrics and stays suspended', async () => {
    const facts = {
      type: 'kafka',
      suspended: true,
      spec: {
        dataSchema: {
          dataSource: 'facts',
          dimensionsSpec: { dimensions: ['country'] },
          metricsSpec: [{ type: 'count', name: 'count' }],
        },
        ioConfig: {
          topic: 'facts',
          inputFormat: { type: 'json' },
          consumerProperties: { 'bootstrap.servers': 'b:9092' },
        },
      },
    };
    await client.writeSupervisor('facts', facts);
    const metric = { name: 'm', relatedDimensions: ['country', 'shop'], consumedMetrics: [] };
    const plan = planFactDimensions(await present('facts'), [metric]);
    await client.writeSupervisor('facts', plan.spec);
    expect(await present('facts')).toMatchObject({
      suspended: true,
      spec: {
        dataSchema: {
          dimensionsSpec: { dimensions: [{ name: 'country' }, { name: 'shop', type: 'string' }] },
          metricsSpec: [{ name: 'count' }],
        },
        ioConfig: { consumerProperties: { 'bootstrap.servers': 'b:9092' } },
      },
    });
    expect(planFactDimensions(await present('facts'), [metric]).changes).toEqual([]);
  });
});

const sync = (names: readonly (readonly [string, string])[], nowMs = Date.now()): Promise<readonly SyncedLookup[]> =>
  syncLookups(client, new Map([['metric_name', new Map(names)]]), {
    tier: '__default',
    nowMs: () => nowMs,
    pause: async () => {},
  });

describe('a lookup', () => {
  test('is made in a Druid that never had one, is not written again unchanged, and is updated by a clock that is behind', async () => {
    const [first] = await sync([['1', 'one']]);
    expect(first?.written).toBe(true);
    const updates = standIn.lookups.updates;
    expect((await sync([['1', 'one']]))[0]?.written).toBe(false);
    expect(standIn.lookups.updates).toBe(updates);
    const [late] = await sync([['1', 'uno']], Date.parse('2001-01-01'));
    expect(late?.difference.changed).toEqual([{ key: '1', from: 'one', to: 'uno' }]);
    expect((await client.readLookup('__default', 'metric_name'))?.map.get('1')).toBe('uno');
  });

  test('written by several at once ends with the content of one of them', async () => {
    await sync([]);
    await Promise.all([1, 2, 3, 4].map((n) => sync([['1', `writer ${n}`]], Date.now() - n)));
    expect((await client.readLookup('__default', 'metric_name'))?.map.get('1')).toMatch(/^writer \d$/);
  });

  test('of another type is left alone', async () => {
    await client.initialiseLookups();
    await fetch(`${standIn.url}/druid/coordinator/v1/lookups/config/__default/metric_name`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"version":"v1","lookupExtractorFactory":{"type":"cachedNamespace"}}',
    });
    await expect(sync([['1', 'one']])).rejects.toMatchObject({ code: 'other-lookup' });
  });
});

describe('what is said', () => {
  const codeOf = async (work: Promise<unknown>): Promise<unknown> => {
    const failure: unknown = await work.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(failure instanceof DruidFailure)) return failure;
    expect(`${failure.message} ${failure.next} ${failure.stack}`).not.toContain('hunter2');
    expect(failure.message.length).toBeLessThan(700);
    return failure.code;
  };

  test('when the user is unknown, or may not, without the password', async () => {
    const withUser = (url: string): string => url.replace('//', '//me:hunter2@');
    await start({ authorization: 'Basic other' }, withUser);
    expect(await codeOf(client.supervisorIds())).toBe('unauthorized');
    await start({ authorization: `Basic ${Buffer.from('me:hunter2').toString('base64')}` }, withUser);
    expect(await client.supervisorIds()).toEqual([]);
    await start({ allowed: false }, withUser);
    expect(await codeOf(client.readLookup('__default', 'x'))).toBe('forbidden');
  });

  test('when nothing answers, when it is no Druid, and when the extension is not loaded', async () => {
    await start({ supervisorTypes: ['kafka'] }, (url) => `${url}/`);
    expect(await codeOf(client.writeSupervisor('metric_changes', supervisorSpec(SPEC)))).toBe('extension-missing');
    const elsewhere = new DruidClient(druidAddress(`${standIn.url}/some/path`));
    expect(await codeOf(elsewhere.readSupervisor('x'))).toBe('no-such-api');
    expect(await codeOf(elsewhere.readLookup('__default', 'x'))).toBe('no-such-api');
    const { url } = standIn;
    await standIn.stop();
    expect(await codeOf(new DruidClient(druidAddress(url)).supervisorIds())).toBe('unreachable');
  });

  test('when a server is not the leader: where the leader is, and nothing is sent there', async () => {
    const follower = createServer((_, response) => {
      response.writeHead(307, { location: `${standIn.url}/druid/indexer/v1/supervisor` }).end();
    });
    await new Promise<void>((resolve) => follower.listen(0, '127.0.0.1', resolve));
    const { port } = follower.address() as AddressInfo;
    const redirected = new DruidClient(druidAddress(`http://me:hunter2@127.0.0.1:${port}`));
    await expect(redirected.writeSupervisor('metric_changes', supervisorSpec(SPEC))).rejects.toMatchObject({
      code: 'not-leader',
      message: expect.stringContaining(standIn.url),
    });
    expect(await client.supervisorIds()).toEqual([]);
    follower.closeAllConnections();
    await new Promise((resolve) => follower.close(resolve));
  });

  test('when the stream of a supervisor would change, in the words of Druid and not at length', async () => {
    await client.writeSupervisor('metric_changes', supervisorSpec(SPEC));
    const other = client.writeSupervisor('metric_changes', supervisorSpec({ ...SPEC, stream: 'other' }));
    await expect(other).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('from [metric-changed] to [other]'),
    });
  });

  test('when a version is not higher: without the whole lookup, which Druid puts into its message', async () => {
    await sync([...Array(5000).keys()].map((n) => [String(n), `name ${n}`] as const));
    const map = new Map([['1', 'x']]);
    expect(await codeOf(client.writeLookups('__default', new Map([['metric_name', { version: '0', map }]])))).toBe(
      'version-not-higher',
    );
  });
});

describe('following the events', () => {
  const state = (metricId: string, revision: bigint, name: string): MetricState => ({
    metricId,
    revision,
    attributes: new Map([['name', name]]),
  });

  /** A table and a bus in memory; the lookups are Druid's. */
  function world(table: Map<string, MetricState>) {
    const sent: MetricEvent[] = [];
    const said: string[] = [];
    const scans = { count: 0 };
    const ports: FollowPorts = {
      events: async function* (signal) {
        for (let next = 0; !signal.aborted; ) {
          const event = sent[next];
          if (event === undefined) await delay(5);
          else {
            next += 1;
            yield event;
          }
        }
      },
      scan: async () => {
        scans.count += 1;
        return [...table.values()];
      },
      read: async (name) => [...table.values()].find(({ attributes }) => attributes.get('name') === name),
      sync: (metrics: CurrentMetrics) => sync([...metrics.lookup('name')]),
      synced: () => {},
      say: (line) => void said.push(line),
    };
    const stop = new AbortController();
    const send = (metricId: string, revision: bigint, name: string, deleted = false): void => {
      sent.push({ metricId, revision, name, deleted, ...(!deleted && { attributes: new Map([['name', name]]) }) });
    };
    return { ports, stop, send, said, scans };
  }

  const names = async (): Promise<Record<string, string>> =>
    Object.fromEntries((await client.readLookup('__default', 'metric_name'))?.map ?? []);
  const becomes = (wanted: Record<string, string>) =>
    until(
      `the lookup is ${JSON.stringify(wanted)}`,
      async () => JSON.stringify(await names()) === JSON.stringify(wanted),
      names,
      10_000,
    );

  test('a rename, a deletion, a new metric and late events end in the lookup as in the table', async () => {
    const table = new Map([
      ['1', state('1', 1n, 'one')],
      ['2', state('2', 4n, 'two')],
    ]);
    const { ports, stop, send } = world(table);
    const following = followLookups(ports, { debounceMs: 20, rescanMs: 60_000 }, stop.signal);
    await becomes({ 1: 'one', 2: 'two' });
    send('9', 2n, 'a late event of a metric that was deleted before');
    table.set('3', state('3', 1n, 'three'));
    send('3', 1n, 'three');
    send('1', 3n, 'uno');
    send('1', 2n, 'late');
    await becomes({ 1: 'uno', 2: 'two', 3: 'three' });
    send('2', 5n, 'two', true);
    send('2', 4n, 'two');
    await becomes({ 1: 'uno', 3: 'three' });
    stop.abort();
    await following;
  });

  test('many changes are one update, and an event that never came is made up for by the next scan', async () => {
    const table = new Map([...Array(50).keys()].map((n) => [String(n), state(String(n), 1n, `m${n}`)]));
    const { ports, stop, send, scans } = world(table);
    const following = followLookups(ports, { debounceMs: 150, rescanMs: 600 }, stop.signal);
    await until('the lookup is there', async () => Object.keys(await names().catch(() => ({}))).length === 50);
    const updates = standIn.lookups.updates;
    const startedAtMs = Date.now();
    for (let n = 0; n < 50; n += 1) {
      table.set(String(n), state(String(n), 2n, `renamed${n}`));
      send(String(n), 2n, `renamed${n}`);
      await delay(4);
    }
    await until('the last is renamed', async () => (await names())['49'] === 'renamed49');
    // At most one in each debounce time, however slow the machine is.
    expect(standIn.lookups.updates - updates).toBeLessThanOrEqual((Date.now() - startedAtMs) / 150 + 2);
    table.set('7', state('7', 3n, 'nobody told'));
    await until('the scan finds it', async () => (await names())['7'] === 'nobody told');
    expect(scans.count).toBeGreaterThan(1);
    stop.abort();
    await following;
  });

  test('a metric that is made while a scan runs stays, though the scan did not see it', async () => {
    const table = new Map([['1', state('1', 1n, 'one')]]);
    const { ports, stop, send } = world(table);
    let scans = 0;
    const slow: FollowPorts = {
      ...ports,
      scan: async () => {
        const seen = [...table.values()];
        scans += 1;
        if (scans === 2) {
          table.set('2', state('2', 1n, 'two'));
          send('2', 1n, 'two');
          await delay(100);
        }
        // No later scan may make up for it.
        if (scans > 2) await aborted(stop.signal);
        return seen;
      },
    };
    const following = followLookups(slow, { debounceMs: 10, rescanMs: 200 }, stop.signal);
    await becomes({ 1: 'one', 2: 'two' });
    stop.abort();
    await following;
  });

  test('a Druid that is away is asked again; one that refuses the user ends it', async () => {
    const { ports, stop, said, send } = world(new Map([['1', state('1', 1n, 'one')]]));
    let away = true;
    const sometimes = {
      ...ports,
      sync: (metrics: CurrentMetrics) =>
        away ? Promise.reject(new DruidFailure('unreachable', 'away.', '')) : ports.sync(metrics),
    };
    const following = followLookups(sometimes, { debounceMs: 1, rescanMs: 60_000 }, stop.signal);
    await until('it says so', () => said.some((line) => line.includes('Trying again')));
    away = false;
    await becomes({ 1: 'one' });
    stop.abort();
    await following;
    const refused = { ...ports, sync: () => Promise.reject(new DruidFailure('unauthorized', 'no.', '')) };
    send('1', 2n, 'never written');
    await expect(
      followLookups(refused, { debounceMs: 1, rescanMs: 60_000 }, new AbortController().signal),
    ).rejects.toThrow('no.');
  });
});
