/** The command `relay` as a user has it: one process runs the pipeline, others look at it; stdout, stderr, exit codes and Ctrl-C. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXIT } from '#cli/exit-code.ts';
import { until } from './support/eventually.ts';
import { exposed } from './support/process-tree.ts';
import { gone, type RelayProcess, runRelay, startRelay } from './support/relay-process.ts';
import { openSourceWrites, type SourceWrites } from './support/source-writes.ts';

let directory: string;
let data: readonly string[];
let up: RelayProcess;
let source: SourceWrites;
let outputs: Readonly<Record<string, string>>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'relay-e2e-'));
  data = ['--data-dir', directory];
  up = startRelay(['up', '--sample', '--metrics', '22', '--events', ...data], {}, 'bin');
  await up.said(/Events as they arrive/);
  const shown = await runRelay(['outputs', '--json', ...data]);
  expect(shown.code, shown.stderr).toBe(EXIT.ok);
  outputs = JSON.parse(shown.stdout) as Record<string, string>;
  source = await openSourceWrites(outputs.sourceUrl ?? '');
});

afterAll(async () => {
  await source?.close().catch(() => {});
  up?.kill('SIGINT');
  await up?.ended;
  await rm(directory, { recursive: true, force: true });
});

interface Envelope {
  readonly detail: { readonly data: { readonly change: string; readonly metricId: string } };
}

const rename = (id: number, name: string): Promise<unknown> =>
  source.transaction(`UPDATE metrics SET name = '${name}' WHERE id = ${id}`);

test('`outputs --json` is one object with everything a program needs', () => {
  expect(Object.keys(outputs)).toEqual(
    expect.arrayContaining([
      ...['sourceUrl', 'endpoint', 'region', 'accessKeyId', 'secretAccessKey', 'metricsTable', 'sourceRowsTable'],
      ...['quarantineTable', 'quarantineBucket', 'changeStream', 'eventBus', 'projectionQueueUrl', 'pipeName'],
    ]),
  );
  expect(Object.values(outputs).every((value) => typeof value === 'string' && value !== '')).toBe(true);
  expect(outputs.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

test('`events tail --json` says `tailing` on stderr, then prints one envelope a line, until Ctrl-C', async () => {
  const tail = startRelay(['events', 'tail', '--json', ...data], {}, 'bin');
  await tail.said(/^tailing$/m);
  await rename(1, 'tailed');
  await until('the event is printed', () => tail.stdout().includes('"metricId":"1","name":"tailed"'), tail.stdout);
  tail.kill('SIGINT');
  const { code, stdout } = await tail.ended;
  expect(code).toBe(EXIT.ok);
  // Others may come before it (the full load's) and with it (those of the hybrids that consume it).
  const envelopes = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Envelope);
  expect(envelopes.filter(({ detail }) => detail.data.metricId === '1' && detail.data.change !== 'CREATED')).toEqual([
    expect.objectContaining({
      source: 'metric-relay',
      'detail-type': 'MetricChanged',
      region: 'us-east-1',
      detail: {
        metadata: expect.anything(),
        data: expect.objectContaining({ change: 'RENAMED', metricId: '1', name: 'tailed', revision: 2 }),
      },
    }),
  ]);
});

test('`events tail` with a pattern prints only what matches, and a wrong pattern is a wrong use', async () => {
  const pattern = '{"detail":{"data":{"change":["RENAMED"],"metricId":["2"]}}}';
  const tail = startRelay(['events', 'tail', '--pattern', pattern, ...data]);
  await tail.said(/^tailing$/m);
  await rename(3, 'not_for_me');
  await rename(2, 'for_me');
  await until('the event is printed', () => tail.stdout().includes('for_me r2'), tail.stdout);
  tail.kill('SIGINT');
  expect((await tail.ended).stdout).not.toContain('not_for_me');
  expect((await runRelay(['events', 'tail', '--pattern', '[1]', ...data])).code).toBe(EXIT.usage);
});

test('`up --events` prints the same events', async () => {
  await until('the rename is shown', () => /RENAMED .*→ for_me/.test(up.stdout()), up.stdout);
});

test('`metric get` shows a metric, a version, a redirect, and says when there is none', async () => {
  const current = await runRelay(['metric', 'get', 'tailed', '--json', ...data]);
  expect([current.code, current.stderr]).toEqual([EXIT.ok, '']);
  const item = JSON.parse(current.stdout) as { previousName: string };
  expect(item).toMatchObject({ name: 'tailed', version: '0', metricId: 1, revision: 2 });
  const version = await runRelay(['metric', 'get', 'tailed', '--version', '1', '--json', ...data]);
  expect(JSON.parse(version.stdout)).toMatchObject({ name: 'tailed', version: '1' });
  const redirect = await runRelay(['metric', 'get', item.previousName, '--json', ...data]);
  expect(JSON.parse(redirect.stdout)).toMatchObject({ renamedTo: 'tailed' });
  expect(redirect.stderr).toContain('now called "tailed"');
  const none = await runRelay(['metric', 'get', 'no such metric', ...data]);
  expect([none.code, none.stdout]).toEqual([EXIT.failure, '']);
  expect(none.stderr).toContain('no such metric');
  expect((await runRelay(['metric', 'get', 'tailed', '--version', '01', ...data])).code).toBe(EXIT.usage);
});

test('`metric history` lists the versions, oldest first', async () => {
  const { code, stdout } = await runRelay(['metric', 'history', 'tailed', '--json', ...data]);
  expect(code).toBe(EXIT.ok);
  const versions = (JSON.parse(stdout) as { version: string }[]).map(({ version }) => Number(version));
  expect(versions.length).toBeGreaterThan(1);
  expect(versions).toEqual([...versions].sort((a, b) => a - b));
});

test('`status --json` of a healthy pipeline knows every hop and exits with 0', async () => {
  const { code, stdout } = await runRelay(['status', '--json', ...data]);
  const { healthy, hops } = JSON.parse(stdout) as { healthy: boolean; hops: { hop: string; state: string }[] };
  expect([healthy, code], stdout).toEqual([true, EXIT.ok]);
  expect(hops.filter(({ state }) => state !== 'ok')).toEqual([]);
  expect(hops.map(({ hop }) => hop)).toEqual(
    expect.arrayContaining(['source', 'replicator', 'projector', 'pipe', 'bus']),
  );
});

test('a second pipeline on the same data directory is refused, and says who has it', async () => {
  const second = await runRelay(['up', ...data]);
  expect([second.code, second.stdout], second.stderr).toEqual([EXIT.precondition, '']);
  expect(second.stderr).toMatch(/already|in use/);
  expect((await runRelay(['outputs', ...data])).code, 'the first pipeline can still be found').toBe(EXIT.ok);
});

test('what is no pipeline and no command ends with its own exit code', async () => {
  const nowhere = await runRelay(['status', '--data-dir', join(directory, 'nowhere')]);
  expect(nowhere.code).toBe(EXIT.precondition);
  expect(nowhere.stderr).toContain('No pipeline is running here');
  expect((await runRelay(['starve'])).code).toBe(EXIT.usage);
  expect((await runRelay(['metric', 'get', ...data])).code).toBe(EXIT.usage);
  const help = await runRelay(['--help']);
  expect(help.code).toBe(EXIT.ok);
  expect(help.stdout).toMatch(/^Examples:/);
});

test('Ctrl-C ends the pipeline and everything that it had started', async () => {
  await source.close();
  const footprint = up.footprint();
  expect(footprint.processes.length).toBeGreaterThanOrEqual(5);
  expect(exposed(footprint.listeners)).toEqual([]);
  up.kill('SIGINT');
  const { code, stderr } = await up.ended;
  expect([code, stderr.includes('Stopped.')], stderr).toEqual([EXIT.ok, true]);
  await gone(footprint);
  expect((await runRelay(['outputs', ...data])).code).toBe(EXIT.precondition);
});
