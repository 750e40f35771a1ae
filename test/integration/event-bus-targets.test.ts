/** Rules of a template that deliver to a stream and to a FIFO queue of the real emulators, through the gateway. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { DeleteMessageCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Gateway, startGateway } from '#local/gateway/gateway.ts';
import type { LocalAws } from '#local/local-aws.ts';
import { type EventBus, eventBusProvider } from '#local/resources/event-bus.ts';
import { eventRuleProvider } from '#local/resources/event-rule.ts';
import { kinesisStreamProvider } from '#local/resources/kinesis-stream.ts';
import type { CreatedResource, Json, ResourceProvider } from '#local/resources/resource-provider.ts';
import { sqsQueueProvider } from '#local/resources/sqs-queue.ts';
import { streamRecords } from '../support/stream-records.ts';
import { type Emulators, place, startEmulators } from './gateway-emulators.ts';

const METRIC_ID = '$.detail.data.metricId';

let emulators: Emulators;
let gateway: Gateway;
let directory: string;
const made: CreatedResource[] = [];
let bus: EventBus;
let access: { endpoint: string; region: string; credentials: Gateway['operatorCredentials'] };

beforeAll(async () => {
  emulators = await startEmulators({ kinesis: true });
  directory = mkdtempSync(join(tmpdir(), 'event-bus-targets-'));
  gateway = await startGateway({ ...place, backends: emulators.backends, log: () => {} });
  access = { endpoint: gateway.endpoint, region: place.region, credentials: gateway.operatorCredentials };
  const aws: LocalAws = {
    ...place,
    endpoint: gateway.endpoint,
    dataDirectory: directory,
    assemblyDirectory: directory,
    log: () => {},
    checkpoints: { get: () => undefined, set: async () => {} },
    credentialsOf: () => gateway.operatorCredentials,
    registerFrontEnd: gateway.registerFrontEnd,
    created: new Map(),
  };
  const create = async (provider: ResourceProvider, logicalId: string, properties: Record<string, Json>) => {
    const resource = await provider.create({ stackName: 'Test', logicalId, type: provider.type, properties }, aws);
    made.push(resource);
    return resource;
  };
  const rule = (name: string, target: Record<string, Json>) =>
    create(eventRuleProvider, name, {
      EventBusName: 'metric-events',
      EventPattern: { source: ['metric-relay'] },
      Targets: [{ Id: 'Target0', ...target }],
    });
  const eventBus = await create(eventBusProvider, 'Bus', { Name: 'metric-events' });
  const stream = await create(kinesisStreamProvider, 'Stream', { Name: 'feed', ShardCount: 2 });
  const queue = await create(sqsQueueProvider, 'Queue', {
    QueueName: 'inbox.fifo',
    FifoQueue: true,
    ContentBasedDeduplication: true,
  });
  await rule('ToStream', {
    Arn: String(stream.attributes.Arn),
    RoleArn: 'arn:aws:iam::000000000000:role/feed',
    KinesisParameters: { PartitionKeyPath: METRIC_ID },
  });
  await rule('ToQueue', { Arn: String(queue.attributes.Arn), SqsParameters: { MessageGroupId: METRIC_ID } });
  for (const resource of made) await resource.start?.();
  bus = aws.created.get(String(eventBus.attributes.Arn)) as EventBus;
  for (const [metricId, revision] of EVENTS)
    await bus.putEvents([
      {
        Source: 'metric-relay',
        DetailType: 'MetricChanged',
        Detail: `{"data":{"metricId":"${metricId}","revision":${revision}}}`,
      },
    ]);
});
afterAll(async () => {
  for (const resource of made.toReversed()) await resource.stop?.();
  await gateway?.stop();
  await emulators?.stop();
  if (directory) rmSync(directory, { recursive: true });
});

const EVENTS = [
  ['18446744073709551615', 1],
  ['7', 1],
  ['18446744073709551615', 2],
] as const;

const keyOf = (envelope: string): string => {
  const { metricId, revision } = JSON.parse(envelope).detail.data;
  return `${metricId}:${revision}`;
};
const WANTED = EVENTS.map(([metricId, revision]) => `${metricId}:${revision}`).sort();

test('a stream gets every event, partitioned by what its path finds in the event', async () => {
  const client = new KinesisClient(access);
  const read = async () =>
    (await streamRecords(client, { StreamName: 'feed' })).map(({ text, record }) => ({
      key: keyOf(text),
      partition: record.PartitionKey,
    }));
  await expect.poll(async () => (await read()).map(({ key }) => key).sort(), { timeout: 10_000 }).toEqual(WANTED);
  for (const { key, partition } of await read()) expect(partition).toBe(key.split(':')[0]);
  client.destroy();
});

test('a FIFO queue gets every event in the message group of its metric', async () => {
  const client = new SQSClient(access);
  const QueueUrl = `${gateway.endpoint}/000000000000/inbox.fifo`;
  const received: Message[] = [];
  const until = Date.now() + 10_000;
  while (received.length < EVENTS.length && Date.now() < until) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 1,
        MessageSystemAttributeNames: ['MessageGroupId'],
      }),
    );
    received.push(...Messages);
    // The next of a group comes when the one before it is done.
    for (const { ReceiptHandle } of Messages) await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  }
  expect(received.map(({ Body = '' }) => keyOf(Body)).sort()).toEqual(WANTED);
  for (const { Body = '', Attributes } of received) expect(Attributes?.MessageGroupId).toBe(keyOf(Body).split(':')[0]);
  client.destroy();
});
