/**
 * The simulator's DynamoDB agrees with AWS's DynamoDB Local on random requests of every kind that core/ makes, good and bad: answers, errors
 * with their reasons, and the stream. Where the two differ on purpose the difference has a name below and its reason in
 * docs/simulator-models.md.
 */

import { isDeepStrictEqual } from 'node:util';
import * as sdk from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDynamoDbStreamSource } from '#local/stream/dynamodb-stream-source.ts';
import type { StreamSource } from '#local/stream/stream-source.ts';
import { SimulatedDynamoDb } from '#simulator/aws/dynamodb.ts';
import { NO_FAULTS } from '#simulator/engine/faults.ts';
import { seededRandom } from '#simulator/engine/random.ts';
import { VirtualTime } from '#simulator/engine/virtual-time.ts';
import { type RealDynamoDb, startRealDynamoDb } from '../support/real-dynamodb.ts';
import { lived } from '../unit/simulator-aws/lived.ts';
import { keyTextOf, type NamedRequest, randomRequest, TABLE } from './simulator-agreement-requests.ts';

const SEED = process.env.SEED ?? '1';
const REQUESTS = Number(process.env.REQUESTS ?? 3_000);

let real: RealDynamoDb;
let streamArn: string;
beforeAll(async () => {
  real = await startRealDynamoDb();
  const created = await real.client.send(
    new sdk.CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  );
  streamArn = created.TableDescription?.LatestStreamArn ?? '';
});
afterAll(() => real?.stop());

const COMMANDS = {
  GetItem: sdk.GetItemCommand,
  BatchGetItem: sdk.BatchGetItemCommand,
  Query: sdk.QueryCommand,
  PutItem: sdk.PutItemCommand,
  DeleteItem: sdk.DeleteItemCommand,
  BatchWriteItem: sdk.BatchWriteItemCommand,
  TransactWriteItems: sdk.TransactWriteItemsCommand,
} as const satisfies Record<NamedRequest['command'], unknown>;

function commandOf({ command, input }: NamedRequest): sdk.GetItemCommand {
  const Command = COMMANDS[command] as unknown as typeof sdk.GetItemCommand;
  return new Command(input as unknown as sdk.GetItemCommandInput);
}

type Outcome = { readonly answer: unknown } | { readonly error: unknown };

/** Differences that are meant, under their names in docs/simulator-models.md. */
const KNOWN_DIFFERENCES: Readonly<Record<string, (request: NamedRequest, there: Outcome, here: Outcome) => boolean>> = {
  'two-actions-on-one-item': ({ command, input }, there, here) => {
    const keys = (input.TransactItems as object[] | undefined)?.map(keyTextOf) ?? [];
    const isRefusedHere = 'error' in here && kindOf(here.error) === 'ValidationException';
    const isCancelledThere = 'error' in there && kindOf(there.error) === 'TransactionCanceledException';
    return command === 'TransactWriteItems' && new Set(keys).size < keys.length && isRefusedHere && isCancelledThere;
  },
  'which-of-several-faults': (_, there, here) =>
    'error' in there && 'error' in here && isRefusal(there.error) && isRefusal(here.error),
};

test(`the simulated DynamoDB answers as DynamoDB Local does, ${REQUESTS} requests from seed ${SEED}`, async () => {
  const random = seededRandom(`agreement ${SEED}`);
  const time = new VirtualTime();
  const simulated = new SimulatedDynamoDb(
    time,
    random.fork('dynamodb'),
    { faults: NO_FAULTS },
    { [TABLE]: { partitionKey: 'pk', sortKey: 'sk', stream: true } },
  );
  const met = new Map<string, number>();
  let differing = 0;
  for (let number = 0; number < REQUESTS; number++) {
    const request = randomRequest(random);
    const there = await outcomeOf(real.client.send(commandOf(request)));
    const here = await outcomeOf(lived(time, simulated.request(request.command, request.input)));
    const kind = `${request.command} ${'error' in there ? kindOf(there.error) : 'answered'}`;
    met.set(kind, (met.get(kind) ?? 0) + 1);
    if (isDeepStrictEqual(here, there)) continue;
    const known = Object.entries(KNOWN_DIFFERENCES).find(([, isMeant]) => isMeant(request, there, here));
    if (known !== undefined) differing += 1;
    else expect(here, `seed ${SEED}, request ${number}: ${JSON.stringify(request).slice(0, 2_000)}`).toEqual(there);
  }
  expect([...met.keys()], 'every kind of outcome that matters must have been met').toEqual(
    expect.arrayContaining(MUST_BE_MET),
  );
  expect(differing, 'known differences must stay the exception').toBeLessThan(REQUESTS / 100);
  const recorded = await recordsOf(await streamOf(real, streamArn), (promise) => promise);
  const simulatedRecords = await recordsOf(simulated.stream(TABLE).source(), (promise) => lived(time, promise));
  expect(simulatedRecords.size).toBeGreaterThan(5);
  for (const [item, records] of recorded) {
    const simulatedOfItem = simulatedRecords.get(item) ?? [];
    for (const [place, record] of records.entries())
      expect(emptyContainers(simulatedOfItem[place]), `record ${place} of ${item}`).toEqual(emptyContainers(record));
  }
  expect([...simulatedRecords.keys()].sort()).toEqual([...recorded.keys()].sort());
});

const MUST_BE_MET = [
  'GetItem answered',
  'BatchGetItem answered',
  'Query answered',
  'PutItem answered',
  'PutItem ConditionalCheckFailedException',
  'PutItem ValidationException',
  'DeleteItem answered',
  'DeleteItem ConditionalCheckFailedException',
  'BatchWriteItem answered',
  'TransactWriteItems answered',
  'TransactWriteItems TransactionCanceledException',
  'TransactWriteItems ValidationException',
  'TransactWriteItems IdempotentParameterMismatchException',
];

async function outcomeOf(promise: Promise<unknown>): Promise<Outcome> {
  try {
    return { answer: comparable(await promise) };
  } catch (error) {
    if (!(error instanceof sdk.DynamoDBServiceException)) throw error;
    const { name } = error;
    if (error instanceof sdk.TransactionCanceledException) {
      const reasons = error.CancellationReasons?.map((reason) => ({ ...reason, Message: whatMatters(reason.Message) }));
      return { error: comparable({ name, reasons }) };
    }
    if (error instanceof sdk.ConditionalCheckFailedException) return { error: comparable({ name, found: error.Item }) };
    return { error: { name, text: whatMatters(error.message) } };
  }
}

const isRefusal = (error: unknown): boolean =>
  ['ValidationException', 'ResourceNotFoundException', 'IdempotentParameterMismatchException'].includes(kindOf(error));

/** `texts`: they differ, and nobody reads them but to tell an item that is too large. */
const whatMatters = (text: string | undefined): string =>
  /item size|maximum allowed size/i.test(text ?? '') ? 'about the size of an item' : 'any';

const kindOf = (error: unknown): string => (error as { name: string }).name;

/** `set-order`, `consumed-capacity`: sets, and the items of a batch, have no order; the capacity is given unasked. */
function comparable(answer: unknown): unknown {
  const { $metadata: _, ConsumedCapacity: __, ...members } = answer as Record<string, unknown>;
  const responses = members.Responses as Record<string, { pk: { S: string }; sk: { S: string } }[]> | undefined;
  for (const items of Object.values(responses ?? {}))
    items.sort((a, b) => (`${a.pk.S}/${a.sk.S}` < `${b.pk.S}/${b.sk.S}` ? -1 : 1));
  return JSON.parse(JSON.stringify(members, setsInOrder)) as unknown;
}

function setsInOrder(name: string, value: unknown): unknown {
  return (name === 'SS' || name === 'NS') && Array.isArray(value) ? [...value].sort() : value;
}

/** `empty-containers-in-streams`: an empty list or map has no type in a record of DynamoDB Local. */
function emptyContainers(record: unknown): unknown {
  return JSON.parse(JSON.stringify(record)?.replaceAll('{"M":{}}', '{}').replaceAll('{"L":[]}', '{}') ?? 'null');
}

async function streamOf({ client }: RealDynamoDb, arn: string): Promise<StreamSource> {
  const at = await client.config.endpoint?.();
  return openDynamoDbStreamSource({
    streamArn: arn,
    endpoint: `${at?.protocol}//${at?.hostname}:${at?.port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
}

/** Records of a whole stream by item, without what can never be equal: numbers, times and names given by the service. */
async function recordsOf(
  source: StreamSource,
  wait: <T>(promise: Promise<T>) => Promise<T>,
): Promise<ReadonlyMap<string, readonly unknown[]>> {
  const byItem = new Map<string, unknown[]>();
  for (const { shardId } of await wait(source.listShards())) {
    const cursor = await wait(source.open(shardId, { kind: 'trim-horizon' }));
    for (let empty = 0; empty < 2; ) {
      const { records } = await wait(cursor.read(100));
      empty = records.length === 0 ? empty + 1 : 0;
      for (const record of records) {
        const { eventID, eventSourceARN, dynamodb, ...event } = JSON.parse(record.json, setsInOrder);
        const { SequenceNumber, ApproximateCreationDateTime, ...change } = dynamodb;
        expect(
          [eventID, eventSourceARN, SequenceNumber, ApproximateCreationDateTime].map((value) => typeof value),
        ).toEqual(['string', 'string', 'string', 'number']);
        const item = `${change.Keys.pk.S}/${change.Keys.sk.S}`;
        byItem.set(item, [...(byItem.get(item) ?? []), { ...event, dynamodb: change }]);
      }
    }
  }
  source.close();
  return byItem;
}
