/**
 * The Druid feed as a user runs it: the stream that a rule fills, read as the generated spec says, and `relay druid lookup --watch` beside a
 * running pipeline, with Druid's API as its stand-in.
 */
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXIT } from '#cli/exit-code.ts';
import { type DruidStandIn, startDruidStandIn } from '#local/druid/druid-stand-in.ts';
import { streamRecords } from '../support/stream-records.ts';
import { eventually, until } from './support/eventually.ts';
import { runRelay, startRelay } from './support/relay-process.ts';
import { type RelayUnderTest, startRelayUnderTest } from './support/relay-under-test.ts';

let pipeline: RelayUnderTest;
let druid: DruidStandIn;

const USER = 'Basic bWU6aHVudGVyMg=='; // me:hunter2
const environment = (): Record<string, string> => ({ DRUID_URL: druid.url.replace('//', '//me:hunter2@') });

beforeAll(async () => {
  druid = await startDruidStandIn({ authorization: USER });
  pipeline = await startRelayUnderTest(22, '--subscribers');
});

afterAll(async () => {
  await pipeline?.stop();
  await druid?.stop();
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
  const { source, data } = pipeline;
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

interface Spec {
  readonly spec: {
    readonly dataSchema: { readonly timestampSpec: { readonly column: string } };
    readonly ioConfig: {
      readonly stream: string;
      readonly inputFormat: {
        readonly valueFormat: { readonly flattenSpec: { readonly fields: readonly { name: string; expr: string }[] } };
      };
    };
  };
}

test('the stream of the spec carries the changes, and the paths of the spec find its columns', async () => {
  const { dataSchema, ioConfig } = ((await pipeline.relay(EXIT.ok, 'druid', 'spec')) as Spec).spec;
  expect(ioConfig.stream).toBe(pipeline.reach.output('FeedStream'));
  const row = (record: unknown): Record<string, unknown> =>
    Object.fromEntries(
      ioConfig.inputFormat.valueFormat.flattenSpec.fields.map(({ name, expr }) => {
        const members = expr.split('.').slice(1);
        return [
          name,
          members.reduce<unknown>((at, member) => (at as Record<string, unknown> | undefined)?.[member], record),
        ];
      }),
    );
  const kinesis = new KinesisClient(pipeline.reach.client);
  const rows = await eventually('the last change is on the stream', async () => {
    const records = await streamRecords(kinesis, { StreamName: ioConfig.stream });
    const found = records.map(({ text }) => row(JSON.parse(text)));
    return found.some(({ metricId, change }) => metricId === '3' && change === 'RENAMED') ? found : undefined;
  });
  kinesis.destroy();
  // One at least: a rule delivers at least once, and Druid's queries have to bear it.
  expect(new Set(rows.map(({ metricId }) => metricId)).size).toBeGreaterThanOrEqual(22);
  for (const one of rows) {
    expect(Date.parse(String(one[dataSchema.timestampSpec.column]))).toBeGreaterThan(0);
    expect([typeof one.metricId, typeof one.revision, typeof one.valueType]).toEqual(['string', 'number', 'string']);
  }
  const changes = rows.filter(({ change }) => change !== 'CREATED' && change !== 'UPDATED');
  expect(changes).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ metricId: '1', change: 'RENAMED', name: 'renamed' }),
      expect.objectContaining({ metricId: '2', change: 'DELETED' }),
    ]),
  );
});
