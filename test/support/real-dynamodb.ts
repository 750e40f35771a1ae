/** AWS's DynamoDB Local for one test file, with the two tables of the protocol, on a free port and in a directory that goes with it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { startDynamoDbLocal } from '#local/emulators/dynamodb-local.ts';

export interface RealDynamoDb {
  readonly client: DynamoDBClient;
  stop(): Promise<void>;
}

export const TABLE_KEYS = { Metrics: ['name', 'version'], SourceRows: ['pk', 'sk'] } as const;

export async function startRealDynamoDb(): Promise<RealDynamoDb> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'metric-relay-item-store-'));
  const emulator = await startDynamoDbLocal({ dataDirectory });
  const client = new DynamoDBClient({
    endpoint: emulator.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  for (const [table, [partition, sort]] of Object.entries(TABLE_KEYS))
    await createTable(client, table, partition, sort);
  return {
    client,
    stop: async () => {
      client.destroy();
      await emulator.stop();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** DynamoDB Local makes a table at once, so there is nothing to wait for. */
async function createTable(client: DynamoDBClient, table: string, partition: string, sort: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [partition, sort].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: partition, KeyType: 'HASH' },
        { AttributeName: sort, KeyType: 'RANGE' },
      ],
    }),
  );
}
