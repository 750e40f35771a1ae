/** The lookup of metric names as a user keeps it: `relay druid lookup --watch` beside a running pipeline, with Druid's API as its stand-in. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXIT } from '#cli/exit-code.ts';
import { type DruidStandIn, startDruidStandIn } from '#local/druid/druid-stand-in.ts';
import { until } from './support/eventually.ts';
import { type RelayProcess, runRelay, startRelay } from './support/relay-process.ts';
import { openSourceWrites, type SourceWrites } from './support/source-writes.ts';

let directory: string;
let data: readonly string[];
let up: RelayProcess;
let source: SourceWrites;
let druid: DruidStandIn;

const USER = 'Basic bWU6aHVudGVyMg=='; // me:hunter2
const environment = (): Record<string, string> => ({ DRUID_URL: druid.url.replace('//', '//me:hunter2@') });

beforeAll(async () => {
  druid = await startDruidStandIn({ authorization: USER });
  directory = await mkdtemp(join(tmpdir(), 'relay-e2e-'));
  data = ['--data-dir', directory];
  up = startRelay(['up', '--sample', '--metrics', '22', ...data]);
  await up.said(/Ctrl-C stops everything/);
  const { stdout } = await runRelay(['outputs', '--json', ...data]);
  source = await openSourceWrites((JSON.parse(stdout) as { sourceUrl: string }).sourceUrl);
});

afterAll(async () => {
  await source?.close().catch(() => {});
  up?.kill('SIGINT');
  await up?.ended;
  await druid?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function names(): Promise<ReadonlyMap<string, string>> {
  const url = `${druid.url}/druid/coordinator/v1/lookups/config/__default/metric_name`;
  const response = await fetch(url, { headers: { authorization: USER } });
  const { lookupExtractorFactory } = (await response.json()) as {
    lookupExtractorFactory?: { map: Record<string, string> };
  };
  return new Map(Object.entries(lookupExtractorFactory?.map ?? {}));
}

test('a watched lookup follows a rename, a deletion and a new name for the freed one, and the plan sees the dimensions', async () => {
  const dry = await runRelay(['druid', 'lookup', '--dry-run', ...data], environment());
  expect([dry.code, dry.stdout]).toEqual([EXIT.drift, expect.stringContaining('22 added')]);
  const watching = startRelay(['druid', 'lookup', '--watch', '--debounce-seconds', '0', ...data], environment());
  await watching.said(/watching 22 metrics/);
  const before = await names();
  expect(before.size).toBe(22);

  await source.transaction("UPDATE metrics SET name = 'renamed' WHERE id = 1");
  await until('the rename is in the lookup', async () => (await names()).get('1') === 'renamed', watching.stdout);
  await source.transaction('DELETE FROM metrics WHERE id = 2');
  await until('the deleted one is gone', async () => !(await names()).has('2'), watching.stdout);
  const freed = before.get('2') ?? '';
  await source.transaction(`UPDATE metrics SET name = '${freed}' WHERE id = 3`);
  await until('the freed name is used again', async () => (await names()).get('3') === freed, watching.stdout);
  // Whatever else there was is as it was.
  const after = await names();
  expect([...after].filter(([id, name]) => before.get(id) !== name)).toEqual([
    ['1', 'renamed'],
    ['3', freed],
  ]);
  watching.kill('SIGINT');
  const { code, stdout, stderr } = await watching.ended;
  expect(code, stderr).toBe(EXIT.ok);
  expect(stdout + stderr).not.toContain('hunter2');
  const unchanged = await runRelay(['druid', 'lookup', '--dry-run', ...data], environment());
  expect([unchanged.code, unchanged.stdout]).toEqual([EXIT.ok, expect.stringContaining('unchanged')]);

  // The dimensions of a metric in somebody's own datasource.
  const facts = {
    type: 'kafka',
    spec: {
      dataSchema: { dataSource: 'facts', dimensionsSpec: { dimensions: ['metric'] } },
      ioConfig: { topic: 'facts', inputFormat: { type: 'json' } },
    },
  };
  await fetch(`${druid.url}/druid/indexer/v1/supervisor`, {
    method: 'POST',
    headers: { authorization: USER, 'content-type': 'application/json' },
    body: JSON.stringify(facts),
  });
  const metric = ['--supervisor', 'facts', '--metric', 'renamed', ...data];
  expect((await runRelay(['druid', 'plan', ...metric], environment())).code).toBe(EXIT.drift);
  expect((await runRelay(['druid', 'apply', ...metric], environment())).code).toBe(EXIT.ok);
  const again = await runRelay(['druid', 'plan', ...metric], environment());
  expect([again.code, again.stdout]).toEqual([EXIT.ok, expect.stringContaining('no change')]);
});
