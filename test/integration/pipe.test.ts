import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventBusProvider } from '#local/resources/event-bus.ts';
import { eventSourceMappingProvider } from '#local/resources/event-source-mapping.ts';
import { lambdaFunctionProvider } from '#local/resources/lambda-function.ts';
import { pipeProvider } from '#local/resources/pipe.ts';
import type { CreatedResource, Json } from '#local/resources/resource-provider.ts';
import { eventually, type Platform, POWERLESS_ROLE, REGION, ROLE, startPlatform } from './platform-rig.ts';

/** One event per record but for names that begin with `skip`; fails while the file MOOD says so, and always for `poison`. */
const ENRICHMENT = `
import { appendFileSync, readFileSync } from 'node:fs';
export const handler = async (records) => {
  appendFileSync(process.env.SEEN, JSON.stringify(records) + '\\n');
  if (readFileSync(process.env.MOOD, 'utf8') === 'fail') throw new Error('not now');
  if (records.some((record) => record.dynamodb.Keys.name.S === 'poison')) throw new Error('poison');
  return records
    .filter((record) => !record.dynamodb.Keys.name.S.startsWith('skip'))
    .map((record) => ({ name: record.dynamodb.Keys.name.S, change: record.eventName, n: record.dynamodb.NewImage?.n?.N }));
};`;

let platform: Platform;
let dynamodb: DynamoDBClient;
let sqs: SQSClient;
let seen: string;
let mood: string;
let serial = 0;
let table: { name: string; streamArn: string };
let inbox: string;
let busArn: string;
let busName: string;

async function newTable(): Promise<{ name: string; streamArn: string }> {
  const name = `table-${serial}`;
  await dynamodb.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'name', KeyType: 'HASH' },
        { AttributeName: 'version', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'name', AttributeType: 'S' },
        { AttributeName: 'version', AttributeType: 'S' },
      ],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  );
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: name }));
  return { name, streamArn: Table?.LatestStreamArn ?? '' };
}

const put = (name: string, n: number, version = '0') =>
  dynamodb.send(
    new PutItemCommand({
      TableName: table.name,
      Item: { name: { S: name }, version: { S: version }, n: { N: String(n) } },
    }),
  );

/** Creates the bus, a queue that gets all its events, the enrichment and the pipe, and starts them. */
async function startPipe(properties: { readonly [name: string]: Json } = {}, role = ROLE): Promise<CreatedResource> {
  const bus = await platform.create(eventBusProvider, 'Bus', { Name: busName });
  busArn = bus.attributes.Arn ?? '';
  await bus.start?.();
  const events = new EventBridgeClient(platform.access);
  await events.send(
    new PutRuleCommand({ EventBusName: busName, Name: 'all', EventPattern: '{"source":["metric-relay"]}' }),
  );
  const Targets = [{ Id: 'inbox', Arn: `arn:aws:sqs:${REGION}:000000000000:inbox-${serial}` }];
  await events.send(new PutTargetsCommand({ EventBusName: busName, Rule: 'all', Targets }));
  events.destroy();
  const enrichment = await platform.create(lambdaFunctionProvider, 'Enrichment', {
    Code: await platform.asset(ENRICHMENT),
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Role: ROLE,
    Timeout: 10,
    Environment: { Variables: { SEEN: seen, MOOD: mood } },
  });
  const pipe = await platform.create(pipeProvider, 'Pipe', {
    RoleArn: role,
    Name: `pipe-${serial}`,
    Source: table.streamArn,
    SourceParameters: {
      DynamoDBStreamParameters: { StartingPosition: 'TRIM_HORIZON', BatchSize: 5, ...properties },
      FilterCriteria: { Filters: [{ Pattern: '{"dynamodb":{"Keys":{"version":{"S":["0"]}}}}' }] },
    },
    Enrichment: enrichment.attributes.Arn ?? '',
    Target: busArn,
    TargetParameters: { EventBridgeEventBusParameters: { Source: 'metric-relay', DetailType: 'MetricChanged' } },
  });
  await pipe.start?.();
  return pipe;
}

/** Events that have arrived, in order of arrival; each is taken once. */
async function arrived(): Promise<{ detail: { name: string; change: string; n?: string }; [name: string]: unknown }[]> {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: inbox, MaxNumberOfMessages: 10 }));
  if (Messages.length > 0) {
    const Entries = Messages.map((message, index) => ({ Id: String(index), ReceiptHandle: message.ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: inbox, Entries }));
  }
  return Messages.map((message) => JSON.parse(message.Body ?? ''));
}

async function collect(count: number): Promise<Awaited<ReturnType<typeof arrived>>> {
  const all: Awaited<ReturnType<typeof arrived>> = [];
  await eventually(
    async () => all.push(...(await arrived())),
    () => all.length >= count,
  );
  all.push(...(await arrived()));
  // A bus keeps no order; what the enrichment saw does.
  return all.sort((left, right) => (JSON.stringify(left.detail) < JSON.stringify(right.detail) ? -1 : 1));
}

/** Keys and images in the order in which the enrichment got them. */
const enriched = (): string[] =>
  readFileSync(seen, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => JSON.parse(line))
    .map(({ eventName, dynamodb: { Keys, NewImage } }) => `${eventName} ${Keys.name.S} ${NewImage?.n.N}`);

beforeAll(async () => {
  platform = await startPlatform();
  dynamodb = new DynamoDBClient(platform.access);
  sqs = new SQSClient(platform.access);
});
beforeEach(async () => {
  serial += 1;
  seen = join(platform.aws.dataDirectory, `seen-${serial}`);
  mood = join(platform.aws.dataDirectory, `mood-${serial}`);
  writeFileSync(seen, '');
  writeFileSync(mood, '');
  busName = `bus-${serial}`;
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `inbox-${serial}` }));
  inbox = QueueUrl ?? '';
  table = await newTable();
});
afterEach(async () => {
  await platform.stopCreated();
  platform.restarted();
});
afterAll(async () => {
  dynamodb?.destroy();
  sqs?.destroy();
  await platform?.stop();
});

describe('a pipe from a DynamoDB stream', () => {
  it('publishes one event per change that passes its filter, in the order of each item', async () => {
    for (const n of [1, 2, 3]) await put('cpu', n);
    await put('cpu', 1, '1');
    await put('skipped', 1);
    await dynamodb.send(
      new DeleteItemCommand({ TableName: table.name, Key: { name: { S: 'cpu' }, version: { S: '0' } } }),
    );
    const pipe = await startPipe();
    const events = await collect(4);
    expect(events.map((event) => `${event.detail.change} ${event.detail.n}`).sort()).toEqual([
      'INSERT 1',
      'MODIFY 2',
      'MODIFY 3',
      'REMOVE undefined',
    ]);
    expect(enriched()).toEqual([
      'INSERT cpu 1',
      'MODIFY cpu 2',
      'MODIFY cpu 3',
      'INSERT skipped 1',
      'REMOVE cpu undefined',
    ]);
    expect(events[0]).toMatchObject({ source: 'metric-relay', 'detail-type': 'MetricChanged', region: REGION });
    await eventually(
      () => pipe.status?.(),
      (status) => status?.lagMs === 0,
    );
    expect(pipe.status?.()).toMatchObject({ state: 'running', records: 5, filtered: 1 });
  });

  it('publishes nothing for a put that changes nothing', async () => {
    await startPipe();
    await put('cpu', 1);
    await put('cpu', 1);
    await put('mem', 1);
    expect((await collect(2)).map((event) => event.detail.name)).toEqual(['cpu', 'mem']);
  });

  it('holds back while the enrichment fails and then publishes everything, each once', async () => {
    writeFileSync(mood, 'fail');
    const pipe = await startPipe();
    await put('cpu', 1);
    await put('mem', 1);
    await eventually(
      () => pipe.status?.(),
      (status) => String(status?.lastError).includes('not now'),
    );
    expect(await arrived()).toEqual([]);
    writeFileSync(mood, '');
    expect((await collect(2)).map((event) => event.detail.name)).toEqual(['cpu', 'mem']);
  });

  it('goes on after a restart where it was: nothing lost, nothing twice', async () => {
    await put('cpu', 1);
    await startPipe();
    await collect(1);
    await platform.stopCreated();
    platform.restarted();
    await put('cpu', 2);
    await startPipe();
    expect((await collect(1)).map((event) => event.detail.n)).toEqual(['2']);
  });

  it('with bisect gives up the poison record alone, with a pointer in the dead-letter queue', async () => {
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `dead-${serial}` }));
    for (const name of ['a', 'b', 'poison', 'c']) await put(name, 1);
    const pipe = await startPipe({
      MaximumRetryAttempts: 1,
      OnPartialBatchItemFailure: 'AUTOMATIC_BISECT',
      DeadLetterConfig: { Arn: `arn:aws:sqs:${REGION}:000000000000:dead-${serial}` },
    });
    expect((await collect(3)).map((event) => event.detail.name)).toEqual(['a', 'b', 'c']);
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 10 }));
    expect(JSON.parse(Messages[0]?.Body ?? '{}')).toMatchObject({
      context: { partnerResourceArn: pipe.attributes.Arn, condition: 'RetryAttemptsExhausted' },
      DDBStreamBatchInfo: { batchSize: 1, streamArn: table.streamArn },
    });
  });

  it('says so when its role may not read the stream', async () => {
    await put('cpu', 1);
    const pipe = await startPipe({}, POWERLESS_ROLE);
    const status = await eventually(
      () => pipe.status?.(),
      (one) => one?.lastError !== undefined,
    );
    expect(status?.lastError).toMatch(/not authorized.*dynamodb:DescribeStream/);
    expect(await arrived()).toEqual([]);
  });

  it('can be described, stopped and started through the Pipes API', async () => {
    const pipe = await startPipe();
    const call = async (method: string, path: string) => {
      const { endpoint, credentials } = platform.access;
      const scope = `${credentials.accessKeyId}/20260101/${REGION}/pipes/aws4_request`;
      const answer = await fetch(`${endpoint}/v1/pipes/${pipe.ref}${path}`, {
        method,
        headers: { authorization: `AWS4-HMAC-SHA256 Credential=${scope}` },
      });
      return answer.json();
    };
    expect(await call('GET', '')).toMatchObject({ Name: pipe.ref, CurrentState: 'RUNNING', Target: busArn });
    expect(await call('POST', '/stop')).toMatchObject({ CurrentState: 'STOPPED' });
    await put('cpu', 1);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await arrived()).toEqual([]);
    await call('POST', '/start');
    expect(await collect(1)).toHaveLength(1);
  });
});

describe('an event source mapping of a DynamoDB stream', () => {
  it('delivers changes in the shape that Lambda gives them', async () => {
    const fn = await platform.create(lambdaFunctionProvider, 'Function', {
      Code: await platform.asset(ENRICHMENT.replace('(records) =>', '({ Records: records }) =>')),
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Role: ROLE,
      Environment: { Variables: { SEEN: seen, MOOD: mood } },
    });
    const mapping = await platform.create(eventSourceMappingProvider, 'Mapping', {
      FunctionName: fn.attributes.Arn ?? '',
      EventSourceArn: table.streamArn,
      StartingPosition: 'TRIM_HORIZON',
    });
    await mapping.start?.();
    await put('cpu', 1);
    const text = await eventually(
      () => readFileSync(seen, 'utf8'),
      (content) => content !== '',
    );
    const [record] = JSON.parse(text.split('\n')[0] ?? '');
    expect(record).toMatchObject({
      eventName: 'INSERT',
      eventSource: 'aws:dynamodb',
      eventSourceARN: table.streamArn,
      awsRegion: REGION,
      dynamodb: {
        Keys: { name: { S: 'cpu' }, version: { S: '0' } },
        NewImage: { n: { N: '1' } },
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
    });
    expect(record.dynamodb.SequenceNumber).toMatch(/^\d+$/);
    expect(record.dynamodb.ApproximateCreationDateTime).toBeGreaterThan(1_700_000_000);
  });
});
