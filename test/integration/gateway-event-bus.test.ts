import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Gateway, startGateway } from '#local/gateway/gateway.ts';
import type { Credentials, LocalAws } from '#local/local-aws.ts';
import { type EventArchive, eventArchiveProvider } from '#local/resources/event-archive.ts';
import { type EventBus, eventBusProvider } from '#local/resources/event-bus.ts';
import { eventRuleProvider } from '#local/resources/event-rule.ts';
import type { CreatedResource, Json, ResourceProvider } from '#local/resources/resource-provider.ts';
import { type Emulators, place, startEmulators } from './gateway-emulators.ts';

const busArn = 'arn:aws:events:us-east-1:000000000000:event-bus/metric-events';
const queueArn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const entry = { EventBusName: 'metric-events', Source: 'metric-relay', DetailType: 'MetricChanged' };

let emulators: Emulators;
let pipeline: Pipeline;
let dataDirectory: string;

beforeAll(async () => {
  emulators = await startEmulators();
});
afterAll(async () => emulators?.stop());
beforeEach(async () => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'event-bus-'));
  pipeline = await start();
});
afterEach(async () => {
  await pipeline.stop();
  rmSync(dataDirectory, { recursive: true });
});

/** A gateway with the bus of the template behind it; `start` a second time on the same directory is a restart. */
async function start(resources: readonly [ResourceProvider, string, Record<string, Json>][] = []) {
  const gateway: Gateway = await startGateway({ ...place, backends: emulators.backends, log: () => {} });
  const said: string[] = [];
  const aws: LocalAws = {
    ...place,
    endpoint: gateway.endpoint,
    dataDirectory,
    assemblyDirectory: dataDirectory,
    log: (_source, message, fields) => said.push(`${message} ${JSON.stringify(fields)}`),
    checkpoints: { get: () => undefined, set: async () => {} },
    credentialsOf: () => gateway.operatorCredentials,
    registerFrontEnd: gateway.registerFrontEnd,
    created: new Map(),
  };
  const made: CreatedResource[] = [];
  const create = async (provider: ResourceProvider, logicalId: string, properties: Record<string, Json>) => {
    const resource = await provider.create({ stackName: 'Test', logicalId, type: provider.type, properties }, aws);
    made.push(resource);
    return resource;
  };
  await create(eventBusProvider, 'Bus', { Name: 'metric-events' });
  for (const [provider, logicalId, properties] of resources) await create(provider, logicalId, properties);
  for (const resource of made) await resource.start?.();
  const config = (credentials: Credentials) => ({
    endpoint: gateway.endpoint,
    region: place.region,
    credentials,
    maxAttempts: 1,
  });
  const events = new EventBridgeClient(config(gateway.operatorCredentials));
  const sqs = new SQSClient(config(gateway.operatorCredentials));
  return {
    gateway,
    aws,
    events,
    sqs,
    said,
    config,
    create,
    status: () => made[0]?.status?.(),
    async stop() {
      events.destroy();
      sqs.destroy();
      for (const resource of made.reverse()) await resource.stop?.();
      await gateway.stop();
    },
  };
}
type Pipeline = Awaited<ReturnType<typeof start>>;

async function queue(name: string) {
  await pipeline.sqs.send(new CreateQueueCommand({ QueueName: name }));
  return queueArn(name);
}

async function messages(name: string, count: number, waitSeconds = 5): Promise<Message[]> {
  const QueueUrl = `${pipeline.gateway.endpoint}/000000000000/${name}`;
  const received: Message[] = [];
  const until = Date.now() + waitSeconds * 1000;
  while (received.length < count && Date.now() < until) {
    const { Messages = [] } = await pipeline.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        WaitTimeSeconds: 1,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ['All'],
      }),
    );
    received.push(...Messages);
  }
  return received;
}

async function subscribe(name: string, pattern: object, target: object = {}) {
  const Arn = await queue(name);
  await pipeline.events.send(
    new PutRuleCommand({ Name: name, EventBusName: 'metric-events', EventPattern: JSON.stringify(pattern) }),
  );
  await pipeline.events.send(
    new PutTargetsCommand({ Rule: name, EventBusName: 'metric-events', Targets: [{ Id: 'queue', Arn, ...target }] }),
  );
}

const put = (detail: string, more: object = {}) =>
  pipeline.events.send(new PutEventsCommand({ Entries: [{ ...entry, Detail: detail, ...more }] }));

test('a rule made through the API is in force at once, and its queue gets the envelope with every digit', async () => {
  await subscribe('tail-a', { source: ['metric-relay'], detail: { data: { change: ['UPDATED'] } } });

  await put('{"data":{"change":"CREATED"}}');
  const { Entries } = await put('{"data":{"change":"UPDATED","transaction":18446744073709551615}}', {
    Time: new Date('2026-11-20T12:00:00Z'),
    Resources: ['arn:x'],
  });

  const [message, ...others] = await messages('tail-a', 1);
  expect(others).toEqual([]);
  expect(message?.Body).toBe(
    `{"version":"0","id":"${Entries?.[0]?.EventId}","detail-type":"MetricChanged","source":"metric-relay","account":"000000000000",` +
      '"time":"2026-11-20T12:00:00Z","region":"us-east-1","resources":["arn:x"],"detail":{"data":{"change":"UPDATED","transaction":18446744073709551615}}}',
  );
});

test('entries fail one by one, and a request that is too large fails whole', async () => {
  const result = await pipeline.events.send(
    new PutEventsCommand({
      Entries: [
        { ...entry, Detail: '{}' },
        { ...entry, Detail: 'no json' },
        { ...entry, Detail: '{}', Source: 'aws.ec2' },
        { EventBusName: 'metric-events', Detail: '{}', Source: 'x' },
        { ...entry, Detail: '{}', EventBusName: 'no-such-bus' },
      ],
    }),
  );

  expect(result.FailedEntryCount).toBe(3);
  expect(result.Entries?.map((one) => one.ErrorCode)).toEqual([
    undefined,
    'MalformedDetail',
    'NotAuthorizedForSourceException',
    'InvalidArgument',
    undefined,
  ]);
  expect(pipeline.said.join('\n')).toContain('no such bus {"bus":"no-such-bus"');
  await expect(put(JSON.stringify({ text: 'x'.repeat(1_048_576) }))).rejects.toThrow('over the limit');
  await expect(
    pipeline.events.send(new PutEventsCommand({ Entries: Array(11).fill({ ...entry, Detail: '{}' }) })),
  ).rejects.toThrow('11 entries');
});

test('an event accepted before the end of the process is delivered after the restart, to a rule that survived it', async () => {
  await subscribe('tail-later', { source: ['metric-relay'] });
  // No gateway, no queue: the delivery cannot be made in this life.
  const bus = pipeline.aws.created.get(busArn) as EventBus;
  pipeline.gateway.setFaults({
    seed: 1,
    rules: [{ service: 'sqs', operation: 'SendMessage', fault: 'throttle', rate: 1 }],
  });
  await bus.putEvents([{ Source: 'metric-relay', DetailType: 'MetricChanged', Detail: '{"n":1}' }]);
  await pipeline.stop();

  pipeline = await start();

  const [message] = await messages('tail-later', 1);
  expect(JSON.parse(message?.Body ?? '{}').detail).toEqual({ n: 1 });
  const { Rules } = await pipeline.events.send(
    new ListRulesCommand({ EventBusName: 'metric-events', NamePrefix: 'tail-l' }),
  );
  expect(Rules?.map((rule) => rule.Name)).toEqual(['tail-later']);
  await expect.poll(() => pipeline.status()).toMatchObject({ pending: 0, delivered: 1 });
});

test('an event whose target does not exist goes to the dead-letter queue with the reason', async () => {
  const Arn = await queue('dead');
  await subscribe('tail-dead', { source: ['metric-relay'] }, { Arn: queueArn('nowhere'), DeadLetterConfig: { Arn } });

  await put('{"n":2}');

  const [message] = await messages('dead', 1);
  expect(JSON.parse(message?.Body ?? '{}').detail).toEqual({ n: 2 });
  expect(message?.MessageAttributes).toMatchObject({
    RULE_ARN: { StringValue: 'arn:aws:events:us-east-1:000000000000:rule/metric-events/tail-dead' },
    TARGET_ARN: { StringValue: queueArn('nowhere') },
    ERROR_CODE: { StringValue: 'NO_RESOURCE' },
    RETRY_ATTEMPTS: { StringValue: '0' },
  });
});

test('a throttled target gets the event later', async () => {
  await subscribe('tail-retry', { source: ['metric-relay'] });
  pipeline.gateway.setFaults({
    seed: 1,
    rules: [{ service: 'sqs', operation: 'SendMessage', fault: 'throttle', rate: 1 }],
  });
  await put('{"n":3}');
  await expect.poll(() => pipeline.status()?.lastError).toContain('injected fault');
  pipeline.gateway.setFaults();

  expect(await messages('tail-retry', 1)).toHaveLength(1);
});

test('publishing needs the permission for the bus', async () => {
  const credentials = pipeline.gateway.newCredentials('pipe-role');
  const publisher = new EventBridgeClient(pipeline.config(credentials));
  const roleArn = 'arn:aws:iam::000000000000:role/pipe-role';
  const allow = (Resource: string) =>
    pipeline.gateway.setPrincipal(credentials.accessKeyId, {
      roleArn,
      name: 'pipe-role',
      statements: [{ Effect: 'Allow', Action: 'events:PutEvents', Resource }],
    });
  const publish = () => publisher.send(new PutEventsCommand({ Entries: [{ ...entry, Detail: '{}' }] }));

  allow('arn:aws:events:us-east-1:000000000000:event-bus/other');
  await expect(publish()).rejects.toThrow(`events:PutEvents on resource: ${busArn}`);
  allow(busArn);
  expect((await publish()).FailedEntryCount).toBe(0);
});

test('rules and archives of the template work as those of the API', async () => {
  const Arn = await queue('from-template');
  await pipeline.create(eventRuleProvider, 'Rule', {
    EventBusName: 'metric-events',
    EventPattern: { detail: { n: [{ numeric: ['>', 10] }] } },
    Targets: [
      {
        Id: 't',
        Arn,
        InputTransformer: {
          InputPathsMap: { n: '$.detail.n', big: '$.detail.big' },
          InputTemplate: '{"n": <n>, "text": "n=<n>", "big": <big>}',
        },
      },
    ],
  });
  const archive = await pipeline.create(eventArchiveProvider, 'Archive', {
    ArchiveName: 'all',
    SourceArn: busArn,
    RetentionDays: 30,
    EventPattern: { source: ['metric-relay'] },
  });

  await put('{"n":1}');
  await put('{"n":11,"big":18446744073709551615}');

  expect((await messages('from-template', 1)).map((one) => one.Body)).toEqual([
    '{"n": 11, "text": "n=11", "big": 18446744073709551615}',
  ]);
  const kept = pipeline.aws.created.get(archive.attributes.Arn ?? '') as EventArchive;
  expect([...kept.events(0, Date.now() + 1000)].map((text) => JSON.parse(text).detail.n)).toEqual([1, 11]);
});

test('a rule is removed as on AWS: its targets first', async () => {
  await subscribe('tail-gone', { source: ['metric-relay'] });
  const about = { EventBusName: 'metric-events' };

  await expect(pipeline.events.send(new DeleteRuleCommand({ Name: 'tail-gone', ...about }))).rejects.toThrow(
    'since it has targets',
  );
  const { Targets } = await pipeline.events.send(new ListTargetsByRuleCommand({ Rule: 'tail-gone', ...about }));
  await pipeline.events.send(new RemoveTargetsCommand({ Rule: 'tail-gone', Ids: ['queue'], ...about }));
  await pipeline.events.send(new DeleteRuleCommand({ Name: 'tail-gone', ...about }));

  expect(Targets).toEqual([{ Id: 'queue', Arn: queueArn('tail-gone') }]);
  await expect(pipeline.events.send(new ListTargetsByRuleCommand({ Rule: 'tail-gone', ...about }))).rejects.toThrow(
    'Rule tail-gone does not exist',
  );
});

test('what is not supported is refused by name', async () => {
  await queue('plain');
  await pipeline.events.send(
    new PutRuleCommand({ Name: 'odd', EventBusName: 'metric-events', EventPattern: '{"source":["x"]}' }),
  );
  const target = (more: object) =>
    pipeline.events.send(
      new PutTargetsCommand({
        Rule: 'odd',
        EventBusName: 'metric-events',
        Targets: [{ Id: 'a', Arn: queueArn('plain'), ...more }],
      }),
    );

  await expect(target({ Arn: 'arn:aws:firehose:us-east-1:000000000000:deliverystream/x' })).rejects.toThrow(
    'not supported here; supported are SQS queues',
  );
  await expect(target({ EcsParameters: { TaskDefinitionArn: 'arn:x' } })).rejects.toThrow('EcsParameters');
  await expect(
    pipeline.events.send(new PutRuleCommand({ Name: 'odd', ScheduleExpression: 'rate(1 minute)' })),
  ).rejects.toThrow('ScheduleExpression');
  await expect(
    pipeline.events.send(new PutRuleCommand({ Name: 'odd', EventPattern: '{"source":"x"}' })),
  ).rejects.toMatchObject({ name: 'InvalidEventPatternException' });
  const tested = await pipeline.events.send(
    new TestEventPatternCommand({ EventPattern: '{"source":["x"]}', Event: '{"source":"x"}' }),
  );
  expect(tested.Result).toBe(true);
});
