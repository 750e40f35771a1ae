/** The same template with IAM statements of three kinds taken out: what their roles may not do is refused and said, and nothing is lost by it. */
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXIT } from '#cli/exit-code.ts';
import { makeAssemblyFresh } from '#cli/pipeline/assembly.ts';
import { reportOf } from '#cli/pipeline/resource-status.ts';
import { ASSEMBLY_DIRECTORY } from '#cli/project.ts';
import type { Gateway } from '#local/gateway/gateway.ts';
import type { Credentials } from '#local/local-aws.ts';
import { ACCOUNT_ID } from '#local/runtime.ts';
import { until } from './support/eventually.ts';
import { announce, type PipelineUnderTest, startPipelineUnderTest } from './support/pipeline-under-test.ts';
import { runRelay } from './support/relay-process.ts';
import { group, inGroup, metric, version } from './support/source-writes.ts';

/** `Publish` lets the pipe put events on the bus, `KeepRawRecords` the functions keep what they set aside, `ReadWindow` a replay read the stream. */
const TAKEN_OUT = new Set(['Publish', 'KeepRawRecords', 'ReadWindow']);

let assembly: string;
/** Where commands find the pipeline, once with all permissions and once with those of an operator who may not read the stream. */
let found: { readonly everything: string; readonly noStream: string };
let pipeline: PipelineUnderTest;
beforeAll(async () => {
  await makeAssemblyFresh(() => {});
  assembly = await mkdtemp(join(tmpdir(), 'relay-e2e-assembly-'));
  expect(await copyWithout(TAKEN_OUT, assembly)).toEqual(TAKEN_OUT);
  pipeline = await startPipelineUnderTest({ assemblyDirectory: assembly });
  const { gateway } = pipeline.local;
  found = { everything: await announced(gateway.operatorCredentials), noStream: await announced(noStream(gateway)) };
});
afterAll(async () => {
  await pipeline?.stop();
  for (const directory of [assembly, found?.everything, found?.noStream])
    if (directory) await rm(directory, { recursive: true, force: true });
});

/** Everything that a replay needs, apart from the shards of the stream and what is in them. */
function noStream(gateway: Gateway): Credentials {
  const keys = gateway.newCredentials('analyst');
  const Action = ['dynamodb:*', 'states:*', 'kinesis:DescribeStreamSummary'];
  gateway.setPrincipal(keys.accessKeyId, {
    roleArn: `arn:aws:iam::${ACCOUNT_ID}:role/analyst`,
    name: 'analyst',
    statements: [{ Effect: 'Allow', Action, Resource: '*' }],
  });
  return keys;
}

/** Answers a data directory whose pipeline file names these keys. */
async function announced(credentials: Credentials): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'relay-e2e-found-'));
  await announce(pipeline, directory, credentials);
  return directory;
}

interface Template {
  readonly Resources: Record<string, { Properties?: { PolicyDocument?: { Statement?: { Sid?: string }[] } } }>;
}

/** Copies the assembly; answers the ids of the statements that were taken out. */
async function copyWithout(sids: ReadonlySet<string>, target: string): Promise<ReadonlySet<string>> {
  const removed = new Set<string>();
  for (const entry of await readdir(ASSEMBLY_DIRECTORY, { withFileTypes: true })) {
    const [from, to] = [join(ASSEMBLY_DIRECTORY, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) await symlink(from, to);
    else if (!entry.name.endsWith('.template.json')) await cp(from, to);
    else {
      const template = JSON.parse(await readFile(from, 'utf8')) as Template;
      for (const { Properties } of Object.values(template.Resources)) {
        const document = Properties?.PolicyDocument;
        if (document?.Statement === undefined) continue;
        const kept = document.Statement.filter(({ Sid = '' }) => !sids.has(Sid));
        for (const { Sid = '' } of document.Statement) if (sids.has(Sid)) removed.add(Sid);
        document.Statement = kept;
      }
      await writeFile(to, JSON.stringify(template));
    }
  }
  return removed;
}

test('a pipe that may not publish says so in its status, the items arrive all the same, and no event gets through', async () => {
  const { source, tables, local, subscriber } = pipeline;
  await source.transaction(group(1300, 'mute'), inGroup(1300, 1));
  await source.transaction(metric(300, 'mute', 1300), version(300, 1));
  await until('the item is there', async () => (await tables.metric('mute')) !== undefined);
  const pipe = () => reportOf(local.status()).pipe;
  await until('the pipe says what it was refused', () => /AccessDenied/.test(pipe()?.lastError ?? ''), pipe);
  expect(pipe()?.lastError).toContain('events:PutEvents');
  await until('the record waits', () => (pipe()?.lagMs ?? 0) > 0, pipe);
  expect(subscriber.deliveries).toEqual([]);
});

test('a replicator that may not keep raw records says so in its log and does not go past the bad record', async () => {
  const { reach, tables, local } = pipeline;
  const kinesis = new KinesisClient(reach.client);
  await kinesis.send(
    new PutRecordCommand({ StreamName: reach.output('ChangeStream'), Data: Buffer.from('bad'), PartitionKey: 'x' }),
  );
  kinesis.destroy();
  const refused = () =>
    pipeline
      .functionLogs()
      .split('\n')
      .filter((line) => line.includes('AccessDenied'));
  await until(
    'the refusal is in the log',
    () => refused().length > 0,
    () => pipeline.functionLogs().slice(-2000),
  );
  expect(refused().join('\n')).toContain('s3:PutObject');
  const lag = () => Math.max(...reportOf(local.status()).mappings.map(({ lagMs }) => lagMs ?? 0));
  await until(
    'the mapping lags behind the record',
    () => lag() > 0,
    () => local.status(),
  );
  expect(await tables.all('QuarantineTable')).toEqual([]);
});

test('an operator who may not read the stream is told so by plan and start, with what is needed, and nothing is started', async () => {
  const window = ['--from', '-1h', '--to', 'now'];
  for (const command of ['plan', 'start']) {
    const { code, stdout, stderr } = await runRelay(['replay', command, ...window, '--data-dir', found.noStream]);
    expect([code, stdout], stderr).toEqual([EXIT.failure, '']);
    expect(stderr).toMatch(/A permission is missing: .*analyst.*kinesis:ListShards/);
    expect(stderr).toContain('Replays need kinesis:');
  }
  expect(await replays()).toEqual([]);
});

test('a replay whose function may not read the stream says so in its status while it is tried again, and can be stopped', async () => {
  const { code, stdout, stderr } = await relay('replay', 'start', '--from', '-1h', '--to', 'now');
  expect(code, stderr).toBe(EXIT.ok);
  const { replayId } = JSON.parse(stdout);
  const status = async () => JSON.parse((await relay('replay', 'status', replayId)).stdout);
  const reasons = async (): Promise<string[]> =>
    (await status()).shards.flatMap(({ failure }: { failure: string | null }) => failure ?? []);
  await until('each shard says what it was refused', async () => (await reasons()).length === 2, status);
  for (const reason of await reasons()) expect(reason).toMatch(/^tried again after: .*kinesis:/);
  expect(await status()).toMatchObject({ state: 'running', counts: { received: 0 } });
  expect((await relay('replay', 'stop', replayId)).code).toBe(EXIT.ok);
  await until('it is stopped', async () => (await status()).state === 'stopped', status);
  expect(await replays()).toMatchObject([{ replayId, state: 'stopped' }]);
});

const relay = (...args: readonly string[]) => runRelay([...args, '--json', '--data-dir', found.everything]);

async function replays(): Promise<unknown> {
  const { code, stdout, stderr } = await relay('replay', 'list');
  expect(code, stderr).toBe(EXIT.ok);
  return JSON.parse(stdout);
}
