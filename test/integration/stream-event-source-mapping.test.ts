import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  PutRecordsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stableUuid } from '#local/lambda/lambda-registry.ts';
import { eventSourceMappingProvider } from '#local/resources/event-source-mapping.ts';
import { lambdaFunctionProvider } from '#local/resources/lambda-function.ts';
import type { CreatedResource, Json } from '#local/resources/resource-provider.ts';
import { eventually, type Platform, POWERLESS_ROLE, REGION, ROLE, startPlatform } from './platform-rig.ts';

/** Writes what it gets to a file, one line per record; a record that says so makes it fail. */
const HANDLER = `
import { appendFileSync } from 'node:fs';
const dataOf = (record) => record.body ?? Buffer.from(record.kinesis.data, 'base64').toString();
export const handler = async (event) => {
  const data = event.Records.map(dataOf);
  if (data.includes('poison')) throw new Error('poison');
  const reported = event.Records.filter((record, index) => data[index] === 'report');
  const from = reported.length === 0 || event.Records[0].body !== undefined ? data.length : data.indexOf('report');
  for (const record of event.Records.slice(0, from)) {
    if (dataOf(record) !== 'report') appendFileSync(process.env.FILE, JSON.stringify({ data: dataOf(record), record }) + '\\n');
  }
  return { batchItemFailures: reported.map((record) => ({ itemIdentifier: record.messageId ?? record.kinesis.sequenceNumber })) };
};`;

let platform: Platform;
let kinesis: KinesisClient;
let file: string;
let streams = 0;

async function newStream(shards: number): Promise<{ name: string; arn: string }> {
  streams += 1;
  const name = `stream-${streams}`;
  await kinesis.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }));
  const arn = `arn:aws:kinesis:${REGION}:000000000000:stream/${name}`;
  await active(name);
  return { name, arn };
}

const active = (name: string) =>
  eventually(
    async () =>
      (await kinesis.send(new DescribeStreamSummaryCommand({ StreamName: name }))).StreamDescriptionSummary
        ?.StreamStatus,
    (status) => status === 'ACTIVE',
  );

const put = (stream: string, ...records: readonly (readonly [key: string, data: string])[]) =>
  kinesis.send(
    new PutRecordsCommand({
      StreamName: stream,
      Records: records.map(([PartitionKey, data]) => ({ PartitionKey, Data: Buffer.from(data) })),
    }),
  );

const lines = () =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
const received = (): string[] => lines().map((line) => line.data);

async function startMapping(properties: { readonly [name: string]: Json }, role = ROLE): Promise<CreatedResource> {
  const code = await platform.asset(HANDLER);
  const fn = await platform.create(lambdaFunctionProvider, 'Function', {
    Code: code,
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Role: role,
    Timeout: 30,
    Environment: { Variables: { FILE: file } },
  });
  const mapping = await platform.create(eventSourceMappingProvider, 'Mapping', {
    FunctionName: fn.ref,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    ...properties,
  });
  await mapping.start?.();
  return mapping;
}

beforeAll(async () => {
  platform = await startPlatform();
  kinesis = new KinesisClient(platform.access);
  file = join(platform.aws.dataDirectory, 'received');
  writeFileSync(file, '');
});
afterEach(async () => {
  await platform.stopCreated();
  platform.restarted();
  writeFileSync(file, '');
});
afterAll(async () => {
  kinesis?.destroy();
  await platform?.stop();
});

describe('an event source mapping of a Kinesis stream', () => {
  it('delivers every record once, in the order of each key, in the shape that Lambda gives it', async () => {
    const stream = await newStream(2);
    const keys = ['a', 'b', 'c', 'd'];
    for (let round = 0; round < 5; round += 1) {
      await put(stream.name, ...keys.map((key) => [key, `${key}${round}`] as const));
    }
    const mapping = await startMapping({ EventSourceArn: stream.arn, StartingPosition: 'TRIM_HORIZON', BatchSize: 7 });
    await eventually(received, (all) => all.length >= 20);
    for (const key of keys) {
      expect(received().filter((data) => data.startsWith(key))).toEqual([0, 1, 2, 3, 4].map((round) => key + round));
    }
    const [{ record }] = lines();
    expect(record).toMatchObject({
      eventSource: 'aws:kinesis',
      eventVersion: '1.0',
      eventName: 'aws:kinesis:record',
      invokeIdentityArn: ROLE,
      awsRegion: REGION,
      eventSourceARN: stream.arn,
      kinesis: { kinesisSchemaVersion: '1.0' },
    });
    expect(record.eventID).toMatch(new RegExp(`^shardId-\\d{12}:${record.kinesis.sequenceNumber}$`));
    expect(record.kinesis.approximateArrivalTimestamp * 1000).toBeGreaterThan(Date.now() - 60_000);
    await eventually(
      () => mapping.status?.(),
      (status) => status?.lagMs === 0,
    );
    expect(mapping.status?.()).toMatchObject({ state: 'running', records: 20 });
  });

  it('goes on after a restart where it was: nothing lost, nothing twice', async () => {
    const stream = await newStream(1);
    await put(stream.name, ['k', '1'], ['k', '2']);
    await startMapping({ EventSourceArn: stream.arn, StartingPosition: 'TRIM_HORIZON' });
    await eventually(received, (all) => all.length === 2);
    await platform.stopCreated();
    platform.restarted();
    await put(stream.name, ['k', '3']);
    await startMapping({ EventSourceArn: stream.arn, StartingPosition: 'TRIM_HORIZON' });
    await eventually(received, (all) => all.includes('3'));
    expect(received()).toEqual(['1', '2', '3']);
  });

  it('whose checkpoint the emulator does not know (it lost its last second) reads again from the oldest record', async () => {
    const stream = await newStream(1);
    const answer = await put(stream.name, ['k', '1'], ['k', '2']);
    const lost = String(BigInt(answer.Records?.[1]?.SequenceNumber ?? 0) + 5n);
    const uuid = stableUuid('Test', 'Mapping');
    await platform.aws.checkpoints.set(`event-source-mapping/${uuid}/${stream.arn}/shardId-000000000000`, {
      sequenceNumber: lost,
      finished: false,
    });
    await startMapping({ EventSourceArn: stream.arn, StartingPosition: 'TRIM_HORIZON' });
    await eventually(received, (all) => all.length === 2);
    expect(platform.log.some((line) => line.includes(`${lost}`) && line.includes('from its oldest record'))).toBe(true);
  });

  it('reads both halves of a split and the merge of them after their parents', async () => {
    const stream = await newStream(1);
    const shards = async () =>
      (await kinesis.send(new ListShardsCommand({ StreamName: stream.name }))).Shards?.map((shard) => shard.ShardId) ??
      [];
    await put(stream.name, ['a', 'a1'], ['b', 'b1'], ['c', 'c1'], ['d', 'd1']);
    const [only] = await shards();
    await kinesis.send(
      new SplitShardCommand({ StreamName: stream.name, ShardToSplit: only, NewStartingHashKey: String(2n ** 127n) }),
    );
    await active(stream.name);
    await put(stream.name, ['a', 'a2'], ['b', 'b2'], ['c', 'c2'], ['d', 'd2']);
    const [, left, right] = await shards();
    await kinesis.send(
      new MergeShardsCommand({ StreamName: stream.name, ShardToMerge: left, AdjacentShardToMerge: right }),
    );
    await active(stream.name);
    await put(stream.name, ['a', 'a3'], ['b', 'b3'], ['c', 'c3'], ['d', 'd3']);
    await startMapping({ EventSourceArn: stream.arn, StartingPosition: 'TRIM_HORIZON', BatchSize: 1 });
    await eventually(received, (all) => all.length >= 12);
    for (const key of ['a', 'b', 'c', 'd']) {
      expect(received().filter((data) => data.startsWith(key))).toEqual([`${key}1`, `${key}2`, `${key}3`]);
    }
  });

  it('bisects down to the poison record, puts it whole into the failure bucket, and delivers all others', async () => {
    const stream = await newStream(1);
    const s3 = new S3Client({ ...platform.access, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'failures' }));
    await put(stream.name, ['k', '1'], ['k', '2'], ['k', 'poison'], ['k', '3'], ['k', '4']);
    const mapping = await startMapping({
      EventSourceArn: stream.arn,
      StartingPosition: 'TRIM_HORIZON',
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 1,
      DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::failures' } },
    });
    await eventually(received, (all) => all.length >= 4);
    expect(received()).toEqual(['1', '2', '3', '4']);
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'failures' }));
    expect(Contents).toHaveLength(1);
    expect(Contents[0]?.Key).toMatch(
      new RegExp(`^aws/lambda/${mapping.ref}/shardId-000000000000/\\d{4}/\\d\\d/\\d\\d/[\\dT.-]+-[0-9a-f-]{36}$`),
    );
    const object = await s3.send(new GetObjectCommand({ Bucket: 'failures', Key: Contents[0]?.Key }));
    const body = JSON.parse((await object.Body?.transformToString()) ?? '');
    expect(body.requestContext.condition).toBe('RetryAttemptsExhausted');
    const [failed] = JSON.parse(body.payload).Records;
    expect(Buffer.from(failed.kinesis.data, 'base64').toString()).toBe('poison');
    s3.destroy();
  });

  it('sends a pointer to a failure queue, starting at the record that the function reported', async () => {
    const stream = await newStream(1);
    const sqs = new SQSClient(platform.access);
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'stream-failures' }));
    await put(stream.name, ['k', '1'], ['k', 'report'], ['k', '2']);
    await startMapping({
      EventSourceArn: stream.arn,
      StartingPosition: 'TRIM_HORIZON',
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnFailure: { Destination: `arn:aws:sqs:${REGION}:000000000000:stream-failures` } },
    });
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 10 }));
    expect(JSON.parse(Messages[0]?.Body ?? '{}')).toMatchObject({
      requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 1 },
      KinesisBatchInfo: { batchSize: 2, streamArn: stream.arn },
    });
    await put(stream.name, ['k', '3']);
    await eventually(received, (all) => all.includes('3'));
    expect(received()).toEqual(['1', '3']);
    sqs.destroy();
  });

  it('says so when its role may not read the stream, and delivers nothing', async () => {
    const stream = await newStream(1);
    await put(stream.name, ['k', '1']);
    const mapping = await startMapping(
      { EventSourceArn: stream.arn, StartingPosition: 'TRIM_HORIZON' },
      POWERLESS_ROLE,
    );
    const status = await eventually(
      () => mapping.status?.(),
      (seen) => seen?.lastError !== undefined,
    );
    expect(status?.lastError).toMatch(/not authorized.*kinesis:ListShards/);
    expect(received()).toEqual([]);
  });

  it('can be paused and resumed through the Lambda API', async () => {
    const stream = await newStream(1);
    const mapping = await startMapping({ EventSourceArn: stream.arn, StartingPosition: 'TRIM_HORIZON' });
    const call = (method: string, body?: object) =>
      fetch(`${platform.access.endpoint}/2015-03-31/event-source-mappings/${mapping.ref}`, {
        method,
        headers: {
          authorization: `AWS4-HMAC-SHA256 Credential=${platform.access.credentials.accessKeyId}/20260101/${REGION}/lambda/aws4_request`,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }).then((answer) => answer.json());
    expect(await call('PUT', { Enabled: false })).toMatchObject({ State: 'Disabled' });
    await put(stream.name, ['k', '1']);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(received()).toEqual([]);
    expect(await call('PUT', { Enabled: true })).toMatchObject({ State: 'Enabled' });
    await eventually(received, (all) => all.length === 1);
    expect(await call('GET')).toMatchObject({ UUID: mapping.ref, LastProcessingResult: 'OK' });
  });
});

describe('an event source mapping of a queue', () => {
  it('deletes what the function took and leaves what it reported to the dead-letter queue', async () => {
    const sqs = new SQSClient(platform.access);
    const { QueueUrl: deadLetters } = await sqs.send(new CreateQueueCommand({ QueueName: 'dead' }));
    const redrive = { deadLetterTargetArn: `arn:aws:sqs:${REGION}:000000000000:dead`, maxReceiveCount: 2 };
    const { QueueUrl } = await sqs.send(
      new CreateQueueCommand({
        QueueName: 'work',
        Attributes: { VisibilityTimeout: '1', RedrivePolicy: JSON.stringify(redrive) },
      }),
    );
    for (const MessageBody of ['1', 'report', '2']) await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    const mapping = await startMapping({ EventSourceArn: `arn:aws:sqs:${REGION}:000000000000:work` });
    await eventually(received, (all) => all.length >= 2);
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: deadLetters, WaitTimeSeconds: 20 }));
    expect(Messages.map((message) => message.Body)).toEqual(['report']);
    expect(received().sort()).toEqual(['1', '2']);
    expect(lines()[0].record).toMatchObject({
      eventSource: 'aws:sqs',
      awsRegion: REGION,
      attributes: { ApproximateReceiveCount: '1' },
    });
    expect(mapping.status?.()).toMatchObject({ state: 'running' });
    sqs.destroy();
  });
});
