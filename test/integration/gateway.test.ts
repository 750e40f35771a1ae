import { connect } from 'node:http2';
import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams';
import { EventBridgeClient, ListEventBusesCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  GetShardIteratorCommand as GetKinesisIterator,
  GetRecordsCommand as GetKinesisRecords,
  KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Gateway, startGateway } from '#local/gateway/gateway.ts';
import type { Credentials } from '#local/local-aws.ts';
import { type Emulators, freePort, place, startEmulators } from './gateway-emulators.ts';

const tableArn = 'arn:aws:dynamodb:us-east-1:000000000000:table/Things';
let emulators: Emulators;
let gateway: Gateway;
const said: string[] = [];

beforeAll(async () => {
  emulators = await startEmulators({ dynamodb: true, kinesis: true });
  gateway = await startGateway({
    ...place,
    backends: emulators.backends,
    log: (_source, message, fields) => said.push(`${message} ${JSON.stringify(fields)}`),
  });
  const { dynamodb } = clients(gateway.operatorCredentials);
  await dynamodb.send(
    new CreateTableCommand({
      TableName: 'Things',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  );
});

afterAll(async () => {
  await gateway?.stop();
  await emulators?.stop();
});

function clients(credentials: Credentials) {
  const config = { endpoint: gateway.endpoint, region: place.region, credentials, maxAttempts: 1 };
  return {
    dynamodb: new DynamoDBClient(config),
    streams: new DynamoDBStreamsClient(config),
    kinesis: new KinesisClient(config),
    sqs: new SQSClient(config),
    s3: new S3Client(config),
    events: new EventBridgeClient(config),
  };
}

function roleWith(name: string, statements: Parameters<Gateway['setPrincipal']>[1]['statements']) {
  const credentials = gateway.newCredentials(name);
  gateway.setPrincipal(credentials.accessKeyId, {
    roleArn: `arn:aws:iam::000000000000:role/${name}`,
    name,
    statements,
  });
  return clients(credentials);
}

test('items that one principal writes are what another principal reads', async () => {
  const writer = roleWith('writer', [{ Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: tableArn }]);
  const reader = roleWith('reader', [{ Effect: 'Allow', Action: 'dynamodb:Get*', Resource: '*' }]);

  await writer.dynamodb.send(
    new PutItemCommand({ TableName: 'Things', Item: { id: { S: 'a' }, n: { N: '18446744073709551615' } } }),
  );

  const { Item } = await reader.dynamodb.send(new GetItemCommand({ TableName: 'Things', Key: { id: { S: 'a' } } }));
  expect(Item).toEqual({ id: { S: 'a' }, n: { N: '18446744073709551615' } });
});

test('an action that no policy allows is refused as AWS refuses it, and is logged', async () => {
  const { dynamodb } = roleWith('reader-only', [{ Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: tableArn }]);

  const attempt = dynamodb.send(new PutItemCommand({ TableName: 'Things', Item: { id: { S: 'x' } } }));

  await expect(attempt).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringContaining(
      `User: arn:aws:sts::000000000000:assumed-role/reader-only/local is not authorized to perform: dynamodb:PutItem on resource: ${tableArn}`,
    ),
  });
  expect(said.join('\n')).toContain('dynamodb:PutItem');
});

test('a transaction needs the permission of each of its actions', async () => {
  const { dynamodb } = roleWith('half', [{ Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: tableArn }]);
  const put = { Put: { TableName: 'Things', Item: { id: { S: 't' } } } };
  const check = {
    ConditionCheck: { TableName: 'Things', Key: { id: { S: 'u' } }, ConditionExpression: 'attribute_not_exists(id)' },
  };

  await dynamodb.send(new TransactWriteItemsCommand({ TransactItems: [put] }));
  const attempt = dynamodb.send(new TransactWriteItemsCommand({ TransactItems: [put, check] }));

  await expect(attempt).rejects.toThrow('dynamodb:ConditionCheckItem');
});

test('a failed condition reaches the caller unchanged and is billed one write unit', async () => {
  const { dynamodb } = roleWith('conditional', [{ Effect: 'Allow', Action: 'dynamodb:*', Resource: tableArn }]);
  const put = { TableName: 'Things', Item: { id: { S: 'once' } }, ConditionExpression: 'attribute_not_exists(id)' };

  await dynamodb.send(new PutItemCommand(put));
  await expect(dynamodb.send(new PutItemCommand(put))).rejects.toBeInstanceOf(ConditionalCheckFailedException);

  const line = gateway.counts().find((one) => one.principal === 'conditional' && one.operation === 'PutItem');
  expect(line).toMatchObject({ requests: 2, errors: 1, failedConditions: 1, writeRequestUnits: 2 });
});

test('the stream of a table is read with the permissions of the stream', async () => {
  const { TableDescription } = await clients(gateway.operatorCredentials).dynamodb.send(
    new CreateTableCommand({
      TableName: 'Streamed',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  );
  const StreamArn = TableDescription?.LatestStreamArn ?? '';
  const actions = ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'];
  const { streams } = roleWith('stream-reader', [{ Effect: 'Allow', Action: actions, Resource: StreamArn }]);
  await clients(gateway.operatorCredentials).dynamodb.send(
    new PutItemCommand({ TableName: 'Streamed', Item: { id: { S: 's' } } }),
  );

  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
  const ShardId = StreamDescription?.Shards?.[0]?.ShardId;
  const { ShardIterator } = await streams.send(
    new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
  );
  const { Records } = await streams.send(new GetRecordsCommand({ ShardIterator }));

  expect(Records?.map((record) => record.eventName)).toEqual(['INSERT']);
});

test('the Kinesis client speaks HTTP/2 in the clear through the same port', async () => {
  const { kinesis } = clients(gateway.operatorCredentials);
  await kinesis.send(new CreateStreamCommand({ StreamName: 'changes', ShardCount: 1 }));
  while (
    (await kinesis.send(new DescribeStreamSummaryCommand({ StreamName: 'changes' }))).StreamDescriptionSummary
      ?.StreamStatus !== 'ACTIVE'
  );
  const role = roleWith('putter', [
    {
      Effect: 'Allow',
      Action: ['kinesis:Put*', 'kinesis:Get*', 'kinesis:ListShards'],
      Resource: 'arn:aws:kinesis:us-east-1:000000000000:stream/changes',
    },
  ]);
  const Records = ['one', 'two'].map((text) => ({ Data: Buffer.from(text), PartitionKey: text }));

  await role.kinesis.send(new PutRecordsCommand({ StreamName: 'changes', Records }));

  const { Shards } = await role.kinesis.send(new ListShardsCommand({ StreamName: 'changes' }));
  const { ShardIterator } = await role.kinesis.send(
    new GetKinesisIterator({ StreamName: 'changes', ShardId: Shards?.[0]?.ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
  );
  const read = await role.kinesis.send(new GetKinesisRecords({ ShardIterator }));
  expect(read.Records?.map((record) => Buffer.from(record.Data ?? []).toString())).toEqual(['one', 'two']);
  expect(gateway.counts().find((line) => line.principal === 'putter' && line.operation === 'PutRecords')).toMatchObject(
    { putRecords: 2, putBytes: 12 },
  );
  kinesis.destroy();
  role.kinesis.destroy();
});

test('a plain HTTP/2 session with prior knowledge is served', async () => {
  const session = connect(gateway.endpoint);
  const status = await new Promise((resolve, reject) => {
    session.once('error', reject);
    session
      .request({ ':path': '/nowhere' })
      .once('response', (headers) => resolve(headers[':status']))
      .end();
  });
  session.close();

  expect(status).toBe(403);
});

test('bodies of ten megabytes pass in both directions over HTTP/2', async () => {
  gateway.registerPath('/echo', async ({ body }) => ({ status: 200, body }));
  const session = connect(gateway.endpoint, { maxSessionMemory: 256 });
  const exchange = (fill: number) =>
    new Promise<Buffer>((resolve, reject) => {
      const stream = session.request({ ':path': '/echo', ':method': 'POST' });
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk)).once('end', () => resolve(Buffer.concat(chunks)));
      stream.once('error', reject).end(Buffer.alloc(10_000_000, fill));
    });

  const answers = await Promise.all([1, 2, 3].map(exchange));
  session.close();

  expect(answers.map((answer, index) => answer.equals(Buffer.alloc(10_000_000, index + 1)))).toEqual([
    true,
    true,
    true,
  ]);
});

test('a queue is found under the address of the gateway, and its messages pass through it', async () => {
  const { sqs } = clients(gateway.operatorCredentials);
  const created = await sqs.send(new CreateQueueCommand({ QueueName: 'work' }));
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'work' }));
  const role = roleWith('sender', [
    { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: 'arn:aws:sqs:us-east-1:000000000000:work' },
  ]);

  await role.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));

  expect(created.QueueUrl).toBe(`${gateway.endpoint}/000000000000/work`);
  expect(QueueUrl).toBe(created.QueueUrl);
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  expect(Messages?.map((message) => message.Body)).toEqual(['hello']);
  await expect(role.sqs.send(new ReceiveMessageCommand({ QueueUrl }))).rejects.toThrow('sqs:ReceiveMessage');
});

test('objects keep their bytes, and S3 refusals are S3 errors', async () => {
  const { s3 } = clients(gateway.operatorCredentials);
  await s3.send(new CreateBucketCommand({ Bucket: 'quarantine' }));
  const body = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256));
  const role = roleWith('putter-of-objects', [
    { Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::quarantine/*' },
  ]);

  await role.s3.send(new PutObjectCommand({ Bucket: 'quarantine', Key: 'a b/c', Body: body }));

  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'quarantine', Key: 'a b/c' }));
  expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(body)).toBe(true);
  expect((await s3.send(new HeadObjectCommand({ Bucket: 'quarantine', Key: 'a b/c' }))).ContentLength).toBe(70_000);
  await expect(role.s3.send(new GetObjectCommand({ Bucket: 'quarantine', Key: 'a b/c' }))).rejects.toMatchObject({
    name: 'AccessDenied',
  });
});

test('an unknown access key is refused by every service in its own words', async () => {
  const stranger = clients({ accessKeyId: 'NOBODY', secretAccessKey: 'x' });

  await expect(stranger.dynamodb.send(new GetItemCommand({ TableName: 'Things', Key: {} }))).rejects.toMatchObject({
    name: 'UnrecognizedClientException',
  });
  await expect(stranger.sqs.send(new GetQueueUrlCommand({ QueueName: 'work' }))).rejects.toMatchObject({
    name: 'InvalidClientTokenId',
  });
  await expect(stranger.s3.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }))).rejects.toMatchObject({
    name: 'InvalidAccessKeyId',
  });
});

test('a service that nobody stands in for is named, with those that are there', async () => {
  const { events } = clients(gateway.operatorCredentials);

  await expect(events.send(new ListEventBusesCommand({}))).rejects.toThrow(
    'there is no events on this machine; there are dynamodb, kinesis, sqs, s3',
  );
});

test('a front end gets the action and the body, and its failure is an internal error', async () => {
  gateway.registerFrontEnd('events', async ({ action, body }) => {
    if (action === 'ListEventBuses')
      return { status: 200, body: JSON.stringify({ EventBuses: [{ Name: body.toString() }] }) };
    throw new Error('broken');
  });
  const { events } = clients(gateway.operatorCredentials);

  const { EventBuses } = await events.send(new ListEventBusesCommand({}));

  expect(EventBuses).toEqual([{ Name: '{}' }]);
});

test('a throttle and a lost response strike as asked, and a lost response was carried out', async () => {
  const { dynamodb } = roleWith('unlucky', [{ Effect: 'Allow', Action: 'dynamodb:*', Resource: tableArn }]);
  const put = (id: string) => dynamodb.send(new PutItemCommand({ TableName: 'Things', Item: { id: { S: id } } }));

  gateway.setFaults({ seed: 1, rules: [{ service: 'dynamodb', operation: 'PutItem', fault: 'throttle', rate: 1 }] });
  await expect(put('throttled')).rejects.toMatchObject({ name: 'ProvisionedThroughputExceededException' });
  gateway.setFaults({
    seed: 1,
    rules: [{ service: 'dynamodb', operation: 'PutItem', fault: 'lost-response', rate: 1 }],
  });
  await expect(put('lost')).rejects.toThrow();
  gateway.setFaults();

  const get = async (id: string) =>
    (await dynamodb.send(new GetItemCommand({ TableName: 'Things', Key: { id: { S: id } }, ConsistentRead: true })))
      .Item;
  expect(await get('throttled')).toBeUndefined();
  expect(await get('lost')).toBeDefined();
});

test('an emulator that is down is an AWS error that names it', async () => {
  const nobody = `http://127.0.0.1:${await freePort()}`;
  const lonely = await startGateway({
    ...place,
    backends: { dynamodb: nobody, kinesis: nobody, sqs: nobody, s3: nobody },
    log: () => {},
  });
  const dynamodb = new DynamoDBClient({
    endpoint: lonely.endpoint,
    region: place.region,
    credentials: lonely.operatorCredentials,
    maxAttempts: 1,
  });

  await expect(dynamodb.send(new GetItemCommand({ TableName: 'T', Key: {} }))).rejects.toThrow(
    `the dynamodb emulator at ${nobody} does not answer`,
  );
  await lonely.stop();
});

test('a taken port is one sentence that names the port', async () => {
  const port = Number(new URL(gateway.endpoint).port);

  await expect(startGateway({ ...place, port, backends: emulators.backends, log: () => {} })).rejects.toThrow(
    `port ${port} on 127.0.0.1 is already in use`,
  );
});
