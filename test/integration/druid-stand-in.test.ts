/**
 * The stand-in of Druid refuses what Druid refuses, in Druid's words: each rule of its LookupCoordinatorManager, SupervisorManager and their
 * resources that a client can meet. Whoever changes one looks it up in Druid's source first.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DruidStandIn, type StandInOptions, startDruidStandIn } from '#local/druid/druid-stand-in.ts';

let druid: DruidStandIn;
const CONFIG = '/druid/coordinator/v1/lookups/config';
const SUPERVISOR = '/druid/indexer/v1/supervisor';

const restart = async (options: StandInOptions = {}): Promise<void> => {
  await druid?.stop();
  druid = await startDruidStandIn(options);
};
beforeEach(() => restart());
afterEach(() => druid.stop());

async function ask(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(`${druid.url}${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : text };
}

const lookup = (version: string | undefined, name = 'one') => ({
  ...(version !== undefined && { version }),
  lookupExtractorFactory: { type: 'map', map: { '1': name } },
});

describe('lookups', () => {
  test('are 404 everywhere before the first empty map, and an update is refused with 500', async () => {
    expect(await ask('GET', CONFIG)).toEqual({ status: 404, body: '' });
    expect((await ask('GET', `${CONFIG}/__default`)).body).toEqual({ error: 'No lookups found' });
    expect(await ask('GET', `${CONFIG}/__default/x`)).toEqual({ status: 404, body: { error: 'lookup [x] not found' } });
    expect(await ask('POST', `${CONFIG}/__default/x`, lookup('v1'))).toEqual({
      status: 500,
      body: { error: 'Not initialized. If this is the first lookup, post an empty map to initialize' },
    });
    expect(await ask('POST', CONFIG, {})).toEqual({ status: 202, body: {} });
    expect(await ask('GET', CONFIG)).toEqual({ status: 200, body: [] });
    expect((await ask('POST', CONFIG, {})).status).toBe(202);
  });

  test('take an update only with a version that is higher as text, and answer 500 otherwise', async () => {
    await ask('POST', CONFIG, {});
    expect(await ask('POST', `${CONFIG}/__default/x`, lookup('v9'))).toEqual({ status: 202, body: '' });
    for (const version of ['v9', 'v10', 'v8']) {
      const { status, body } = await ask('POST', `${CONFIG}/__default/x`, lookup(version, 'two'));
      expect([status, String((body as { error: string }).error)]).toEqual([
        500,
        expect.stringMatching(/^given update for lookup \[__default\]:\[x\] can't replace existing spec \[/),
      ]);
    }
    expect((await ask('GET', `${CONFIG}/__default/x`)).body).toEqual(lookup('v9'));
    expect((await ask('POST', `${CONFIG}/__default/x`, lookup('v90', 'two'))).status).toBe(202);
    expect((await ask('GET', `${CONFIG}/__default/x`)).body).toEqual(lookup('v90', 'two'));
  });

  test('of a bulk update are all taken or none', async () => {
    await ask('POST', CONFIG, {});
    await ask('POST', CONFIG, { __default: { a: lookup('2'), b: lookup('2') } });
    expect((await ask('POST', CONFIG, { __default: { a: lookup('3', 'new'), b: lookup('1') } })).status).toBe(500);
    expect((await ask('GET', `${CONFIG}/__default/a`)).body).toEqual(lookup('2'));
  });

  test('need a version (500) and a factory (400), and JSON', async () => {
    await ask('POST', CONFIG, {});
    expect(await ask('POST', `${CONFIG}/t/x`, lookup(undefined))).toEqual({
      status: 500,
      body: { error: 'lookup [t]:[x] does not have version.' },
    });
    expect((await ask('POST', `${CONFIG}/t/x`, { version: 'v1' })).status).toBe(400);
    expect((await ask('POST', `${CONFIG}/t/x`, '{')).status).toBe(400);
    expect((await ask('POST', `${CONFIG}/t/x`, '{}', { 'content-type': 'text/plain' })).status).toBe(415);
  });

  test('go with DELETE, the last one of a tier with its tier', async () => {
    await ask('POST', CONFIG, {});
    await ask('POST', CONFIG, { t: { a: lookup('1'), b: lookup('1') } });
    expect(await ask('GET', '/druid/coordinator/v1/lookups/status')).toEqual({
      status: 200,
      body: { t: { a: { loaded: true }, b: { loaded: true } } },
    });
    expect((await ask('DELETE', `${CONFIG}/t/a`)).status).toBe(202);
    expect((await ask('DELETE', `${CONFIG}/t/a`)).status).toBe(404);
    expect((await ask('GET', `${CONFIG}/t`)).body).toEqual(['b']);
    await ask('DELETE', `${CONFIG}/t/b`);
    expect(await ask('GET', `${CONFIG}/t`)).toEqual({ status: 404, body: { error: 'Tier [t] not found' } });
  });
});

const spec = (stream = 's', extra: object = {}) => ({
  type: 'kinesis',
  spec: {
    dataSchema: { dataSource: 'd', timestampSpec: { column: 't' }, dimensionsSpec: { dimensions: ['a'] } },
    ioConfig: { stream, inputFormat: { type: 'json' }, taskDuration: 'PT1H' },
    ...extra,
  },
});

describe('supervisors', () => {
  test('are created by their datasource and come back in the spelling of Druid, with defaults and copies', async () => {
    expect(await ask('POST', SUPERVISOR, spec())).toEqual({ status: 200, body: { id: 'd' } });
    expect((await ask('GET', SUPERVISOR)).body).toEqual(['d']);
    const { body } = await ask('GET', `${SUPERVISOR}/d`);
    expect(body).toMatchObject({
      type: 'kinesis',
      suspended: false,
      ioConfig: { taskDuration: 'PT3600S', taskCount: 1 },
      spec: {
        dataSchema: {
          dimensionsSpec: { dimensions: [{ type: 'string', name: 'a', multiValueHandling: 'SORTED_ARRAY' }] },
          granularitySpec: { queryGranularity: { type: 'none' }, segmentGranularity: 'DAY' },
        },
        tuningConfig: { type: 'kinesis', useListShards: false },
      },
    });
  });

  test('restart at every POST, but not for the same spec with skipRestartIfUnmodified', async () => {
    await ask('POST', SUPERVISOR, spec());
    await ask('POST', `${SUPERVISOR}?skipRestartIfUnmodified=true`, spec());
    expect(druid.supervisors.starts('d')).toBe(1);
    await ask('POST', SUPERVISOR, spec());
    expect(druid.supervisors.starts('d')).toBe(2);
    const { body: present } = await ask('GET', `${SUPERVISOR}/d`);
    await ask('POST', `${SUPERVISOR}?skipRestartIfUnmodified=true`, present);
    expect(druid.supervisors.starts('d')).toBe(2);
    await ask(
      'POST',
      `${SUPERVISOR}?skipRestartIfUnmodified=true`,
      spec('s', { tuningConfig: { maxRowsInMemory: 1 } }),
    );
    expect(druid.supervisors.starts('d')).toBe(3);
    expect((await ask('GET', `${SUPERVISOR}/d/history`)).body).toHaveLength(2);
  });

  test('cannot move to another stream or type', async () => {
    await ask('POST', SUPERVISOR, spec('first'));
    const { status, body } = await ask('POST', SUPERVISOR, spec('second'));
    expect([status, body]).toEqual([
      400,
      expect.objectContaining({
        error: 'druidException',
        errorCode: 'invalidInput',
        errorMessage: expect.stringContaining('from [first] to [second] is not supported for a running supervisor'),
      }),
    ]);
  });

  test('of an unknown type, or without stream, dataSource or a payload format, or with a column twice are refused with 400', async () => {
    await restart({ supervisorTypes: ['kafka'] });
    const unknown = await ask('POST', SUPERVISOR, spec());
    expect([unknown.status, String((unknown.body as { error: string }).error)]).toEqual([
      400,
      expect.stringContaining("Could not resolve type id 'kinesis'"),
    ]);
    await restart();
    const broken: readonly object[] = [
      { ...spec(), type: undefined },
      spec(''),
      spec('s', { dataSchema: {} }),
      spec('s', { ioConfig: { stream: 's', inputFormat: { type: 'kinesis' } } }),
      spec('s', { ioConfig: { stream: 's', inputFormat: { type: 'xml' } } }),
      spec('s', { ioConfig: { stream: 's', taskDuration: 'an hour' } }),
      spec('s', { dataSchema: { dataSource: 'd', dimensionsSpec: { dimensions: ['a', { name: 'a' }] } } }),
      spec('s', { dataSchema: { dataSource: 'a/b' } }),
    ];
    for (const one of broken) expect((await ask('POST', SUPERVISOR, one)).status, JSON.stringify(one)).toBe(400);
    expect((await ask('GET', SUPERVISOR)).body).toEqual([]);
  });

  test('are suspended, resumed and terminated once, and 404 when there is none', async () => {
    await ask('POST', SUPERVISOR, spec());
    expect(await ask('POST', `${SUPERVISOR}/d/resume`)).toEqual({
      status: 400,
      body: { error: '[d] is already running' },
    });
    expect((await ask('POST', `${SUPERVISOR}/d/suspend`)).body).toMatchObject({ suspended: true });
    expect((await ask('GET', `${SUPERVISOR}/d/status`)).body).toMatchObject({ payload: { state: 'SUSPENDED' } });
    expect(await ask('POST', `${SUPERVISOR}/d/terminate`)).toEqual({ status: 200, body: { id: 'd' } });
    for (const path of ['d', 'd/status']) {
      expect(await ask('GET', `${SUPERVISOR}/${path}`)).toEqual({ status: 404, body: { error: '[d] does not exist' } });
    }
    expect((await ask('POST', `${SUPERVISOR}/d/terminate`)).status).toBe(404);
    expect(await ask('GET', `${SUPERVISOR}/e/history`)).toEqual({
      status: 404,
      body: { error: 'No history for [e].' },
    });
  });
});

test('health needs no user; everything else answers 401 without one and 403 to one who may not', async () => {
  await restart({ authorization: 'Basic dTpw' });
  expect(await ask('GET', '/status/health')).toEqual({ status: 200, body: true });
  expect((await ask('GET', CONFIG)).status).toBe(401);
  expect((await ask('GET', SUPERVISOR, undefined, { authorization: 'Basic dTpw' })).body).toEqual([]);
  await restart({ allowed: false });
  expect(await ask('GET', SUPERVISOR)).toEqual({ status: 403, body: expect.stringContaining('Access-Check-Result') });
});

test('a path that Druid does not have is a page of the web server', async () => {
  for (const path of ['/druid/v2/sql', `${SUPERVISOR}/a/b/c`, '/druid/indexer/v1/task'])
    expect(await ask('GET', path)).toEqual({ status: 404, body: expect.stringContaining('<html>') });
});
