import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { DescribeStreamCommand, DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { GetRecordsCommand, GetShardIteratorCommand, KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalPipeline, startLocalAws } from '#local/runtime.ts';
import { writeStateAssembly } from './local-assembly/state-assembly.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'emulators-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function start(dataDirectory: string): Promise<LocalPipeline> {
  const assemblyDirectory = join(directory, 'assembly');
  return startLocalAws({
    assemblyDirectory,
    dataDirectory,
    parameters: writeStateAssembly(assemblyDirectory),
    sourceUrl: 'mysql://nobody@127.0.0.1:1/none',
    log: () => {},
  });
}

type Reachable = Pick<LocalPipeline, 'endpoint' | 'outputs' | 'credentials'>;

function clients({ endpoint, credentials }: Reachable) {
  const settings = { endpoint, region: 'us-east-1', credentials: { ...credentials } };
  return {
    dynamodb: new DynamoDBClient(settings),
    streams: new DynamoDBStreamsClient(settings),
    kinesis: new KinesisClient(settings),
    sqs: new SQSClient(settings),
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    cloudFormation: new CloudFormationClient(settings),
  };
}

async function write(pipeline: Reachable, name: string): Promise<void> {
  const { dynamodb, kinesis, sqs, s3 } = clients(pipeline);
  const { outputs } = pipeline;
  const Item = { name: { S: name }, version: { S: '0' } };
  await dynamodb.send(new PutItemCommand({ TableName: outputs.Items, Item }));
  await kinesis.send(new PutRecordCommand({ StreamName: outputs.Changes, PartitionKey: 'k', Data: Buffer.from(name) }));
  await sqs.send(new SendMessageCommand({ QueueUrl: outputs.WorkUrl, MessageBody: name }));
  await s3.send(new PutObjectCommand({ Bucket: outputs.Aside, Key: name, Body: name }));
}

/** What is there, with the names of shards and the sequence numbers, since checkpoints are made of those. */
async function read(pipeline: Reachable) {
  const { dynamodb, streams, kinesis, sqs, s3 } = clients(pipeline);
  const { outputs } = pipeline;
  const items = await dynamodb.send(new ScanCommand({ TableName: outputs.Items }));
  const stream = await streams.send(new DescribeStreamCommand({ StreamArn: outputs.ItemsStream }));
  const records = [];
  for (const ShardId of ['shardId-000000000000', 'shardId-000000000001']) {
    const iterator = await kinesis.send(
      new GetShardIteratorCommand({ StreamName: outputs.Changes, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    const { Records = [] } = await kinesis.send(new GetRecordsCommand({ ShardIterator: iterator.ShardIterator }));
    records.push(...Records.map(({ Data, SequenceNumber }) => [Buffer.from(Data ?? []).toString(), SequenceNumber]));
  }
  const messages = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: outputs.WorkUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  const object = await s3.send(new GetObjectCommand({ Bucket: outputs.Aside, Key: 'first' }));
  return {
    items: items.Items?.map(({ name }) => name?.S).sort(),
    streamShards: stream.StreamDescription?.Shards?.map(({ ShardId }) => ShardId),
    records,
    messages: messages.Attributes?.ApproximateNumberOfMessages,
    object: await object.Body?.transformToString(),
  };
}

describe('a running pipeline', () => {
  let pipeline: LocalPipeline;
  beforeAll(async () => {
    pipeline = await start(join(directory, 'running'));
  });
  afterAll(() => pipeline?.stop());

  it('listens on the loopback interface only', () => {
    const own = listeningAddresses([process.pid, ...childrenOf(process.pid)]);
    expect(own.length).toBeGreaterThanOrEqual(4);
    for (const address of own) expect(address).toMatch(/^(0100007F|0000000000000000FFFF00000100007F):/);
  });

  it('gives the outputs of every stack, with ARNs as on AWS and queue URLs at the gateway', () => {
    expect(pipeline.stackNames).toEqual(['State', 'Work']);
    expect(pipeline.outputs).toMatchObject({
      Items: 'State-Items',
      ItemsArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/State-Items',
      WorkUrl: `${pipeline.endpoint}/000000000000/Work-Work`,
      WorkerArn: 'arn:aws:iam::000000000000:role/Work-Worker',
    });
  });

  it('moves a message to the dead-letter queue of the template after the given number of receives', async () => {
    const { sqs } = clients(pipeline);
    await sqs.send(new SendMessageCommand({ QueueUrl: pipeline.outputs.WorkUrl, MessageBody: 'hopeless' }));
    for (let receive = 0; receive < 6; receive++) {
      await sqs.send(new ReceiveMessageCommand({ QueueUrl: pipeline.outputs.WorkUrl, VisibilityTimeout: 0 }));
    }
    const dead = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: pipeline.outputs.DeadLettersUrl, WaitTimeSeconds: 5 }),
    );
    expect(dead.Messages?.map(({ Body }) => Body)).toEqual(['hopeless']);
  });

  it('answers DescribeStacks, with an error for a stack that does not exist', async () => {
    const { cloudFormation } = clients(pipeline);
    const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: 'Work' }));
    const outputs = Stacks?.[0]?.Outputs ?? [];
    expect(outputs.find(({ OutputKey }) => OutputKey === 'WorkUrl')?.OutputValue).toBe(pipeline.outputs.WorkUrl);
    await expect(cloudFormation.send(new DescribeStacksCommand({ StackName: 'Nothing' }))).rejects.toThrow(
      'Stack with id Nothing does not exist',
    );
  });

  it('shows the status of every resource without a signature', async () => {
    const answer = (await (await fetch(`${pipeline.endpoint}/_relay/status`)).json()) as { resources: unknown[] };
    expect(answer.resources).toHaveLength(7);
    expect(answer.resources).toContainEqual({
      stackName: 'State',
      logicalId: 'Items',
      type: 'AWS::DynamoDB::GlobalTable',
      status: { table: 'State-Items' },
    });
  });

  it('refuses keys that it does not know, and a second pipeline on its data directory', async () => {
    const stranger = clients({ ...pipeline, credentials: { accessKeyId: 'STRANGER', secretAccessKey: 'x' } });
    const get = new GetItemCommand({ TableName: 'State-Items', Key: { name: { S: 'a' }, version: { S: '0' } } });
    await expect(stranger.dynamodb.send(get)).rejects.toThrow(/STRANGER/);
    await expect(start(join(directory, 'running'))).rejects.toThrow(/in use by another pipeline/);
  });
});

describe('the data directory', () => {
  it('keeps everything over a stop and a start', async () => {
    const data = join(directory, 'restarted');
    const before = await start(data);
    await write(before, 'first');
    const written = await read(before);
    await before.stop();
    const after = await start(data);
    try {
      expect(await read(after)).toEqual(written);
      expect(written).toMatchObject({ items: ['first'], messages: '1', object: 'first' });
      expect(written.records).toHaveLength(1);
    } finally {
      await after.stop();
    }
  });

  it('keeps everything when the pipeline is killed, and no process of it stays', async () => {
    const data = join(directory, 'killed');
    const { child, pipeline } = await startInOwnProcess(data);
    await write(pipeline, 'first');
    const written = await read(pipeline);
    const children = childrenOf(child.pid ?? 0);
    expect(children).toHaveLength(3);
    child.kill('SIGKILL');
    await expect.poll(() => children.filter(isAlive), { timeout: 15_000 }).toEqual([]);
    const after = await start(data);
    try {
      expect(await read(after)).toEqual(written);
    } finally {
      await after.stop();
    }
  });

  it('keeps everything that was answered when the emulators are killed in the same moment', async () => {
    const data = join(directory, 'power-cut');
    const { child, pipeline } = await startInOwnProcess(data);
    await write(pipeline, 'first');
    const all = [...childrenOf(child.pid ?? 0), child.pid ?? 0];
    const written = await read(pipeline);
    await putMany(pipeline, 200);
    for (const pid of all) process.kill(pid, 'SIGKILL');
    const after = await start(data);
    try {
      const found = await read(after);
      expect(found.records).toHaveLength(201);
      expect({ ...found, records: found.records.slice(0, 1) }).toEqual(written);
    } finally {
      await after.stop();
    }
  });
});

/** One request after another, so that the last is answered just now. */
async function putMany({ endpoint, credentials, outputs }: Reachable, count: number): Promise<void> {
  const { kinesis } = clients({ endpoint, credentials, outputs });
  for (let put = 0; put < count; put++) {
    await kinesis.send(
      new PutRecordCommand({ StreamName: outputs.Changes, PartitionKey: 'k', Data: Buffer.from(`record ${put}`) }),
    );
  }
}

describe('an emulator that is killed', () => {
  it('is started again with everything that was answered, and the pipeline goes on through the same gateway', async () => {
    const data = join(directory, 'goes-on');
    const { child, pipeline } = await startInOwnProcess(data);
    try {
      await write(pipeline, 'first');
      const written = await read(pipeline);
      const before = childrenOf(child.pid ?? 0);
      for (const pid of before) process.kill(pid, 'SIGKILL');
      await expect.poll(() => read(pipeline).catch(String), { timeout: 60_000 }).toEqual(written);
      const now = childrenOf(child.pid ?? 0);
      expect(now).toHaveLength(3);
      expect(now.filter((pid) => before.includes(pid))).toEqual([]);
      await write(pipeline, 'second');
      expect((await read(pipeline)).items).toEqual(['first', 'second']);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('is given up with one reason when it is killed again and again, and the next pipeline has everything', async () => {
    const data = join(directory, 'given-up');
    const pipeline = await start(data);
    await write(pipeline, 'first');
    const written = await read(pipeline);
    let reason: string | undefined;
    void pipeline.broken.then((why) => {
      reason = why;
    });
    while (reason === undefined) {
      const fauxqs = childrenOf(process.pid).find((pid) => commandOf(pid).includes(join(data, 'fauxqs')));
      if (fauxqs !== undefined) process.kill(fauxqs, 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(reason).toMatch(/fauxqs.*ended 6 times within 60 s/s);
    await pipeline.stop();
    const after = await start(data);
    try {
      expect(await read(after)).toEqual(written);
    } finally {
      await after.stop();
    }
  });
});

async function startInOwnProcess(dataDirectory: string): Promise<{ child: ChildProcess; pipeline: Reachable }> {
  const program = join(import.meta.dirname, 'local-assembly', 'pipeline-process.ts');
  const child = spawn(process.execPath, [program, join(directory, 'assembly'), dataDirectory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) return { child, pipeline: JSON.parse(line) };
  throw new Error('the pipeline process ended before it was ready');
}

function childrenOf(parent: number): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.map(Number).filter((pid) => parentOf(pid) === parent);
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Local addresses, as in /proc/net/tcp, of the listening sockets of these processes. */
function listeningAddresses(pids: readonly number[]): string[] {
  const sockets = new Set(pids.flatMap(openSockets));
  const table = ['tcp', 'tcp6'].flatMap((name) =>
    readFileSync(`/proc/net/${name}`, 'utf8').trim().split('\n').slice(1),
  );
  const LISTEN = '0A';
  return table
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === LISTEN && sockets.has(inode ?? ''))
    .map(([, address]) => address ?? '');
}

function openSockets(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(join(directory, fd)))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}
