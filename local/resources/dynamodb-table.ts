/**
 * Tables in DynamoDB Local. A table that exists already keeps its items and its stream; only a different key is refused, because no
 * table can change its key. Recovery, encryption and capacity settings are accepted without effect.
 */
import {
  type AttributeDefinition,
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  type GlobalSecondaryIndex,
  type KeySchemaElement,
  type LocalSecondaryIndex,
  ResourceNotFoundException,
  type StreamSpecification,
  type TableDescription,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { operatorClient } from './operator-client.ts';
import { physicalName } from './physical-name.ts';
import { readBoolean, readList, readObject, readText } from './property-reader.ts';
import type { CreatedResource, ResolvedResource, ResourceProvider } from './resource-provider.ts';

const HONOURED = [
  'TableName',
  'AttributeDefinitions',
  'KeySchema',
  'StreamSpecification',
  'TimeToLiveSpecification',
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
];
const WITHOUT_EFFECT = ['BillingMode', 'SSESpecification', 'WarmThroughput', 'Tags'];

export const dynamodbGlobalTableProvider: ResourceProvider = {
  type: 'AWS::DynamoDB::GlobalTable',
  properties: [
    ...HONOURED,
    ...WITHOUT_EFFECT,
    'Replicas',
    'WriteProvisionedThroughputSettings',
    'WriteOnDemandThroughputSettings',
  ],
  create: async (resource, aws) => {
    const replicas = readList(resource.properties.Replicas, 'Replicas').map((replica) =>
      readObject(replica, 'Replicas'),
    );
    const elsewhere = replicas.map(({ Region }) => Region).filter((region) => region !== aws.region);
    if (elsewhere.length > 0) {
      throw new Error(`Replicas are in ${elsewhere.join(', ')}; this machine stands for ${aws.region} only`);
    }
    return ensureTable(resource, new DynamoDBClient(operatorClient(aws)), aws);
  },
};

export const dynamodbTableProvider: ResourceProvider = {
  type: 'AWS::DynamoDB::Table',
  properties: [
    ...HONOURED,
    ...WITHOUT_EFFECT,
    'ProvisionedThroughput',
    'OnDemandThroughput',
    'PointInTimeRecoverySpecification',
    'DeletionProtectionEnabled',
    'ContributorInsightsSpecification',
    'TableClass',
  ],
  create: (resource, aws) => ensureTable(resource, new DynamoDBClient(operatorClient(aws)), aws),
};

async function ensureTable(
  resource: ResolvedResource,
  client: DynamoDBClient,
  aws: { readonly region: string; readonly accountId: string },
): Promise<CreatedResource> {
  try {
    const wanted = tableInput(resource);
    const name = wanted.TableName;
    const existing = await describe(client, name);
    if (existing === undefined) await client.send(new CreateTableCommand(wanted));
    else await adapt(client, existing, wanted);
    await ensureTimeToLive(client, name, resource);
    const table = await describe(client, name);
    return {
      ref: name,
      attributes: {
        Arn: `arn:aws:dynamodb:${aws.region}:${aws.accountId}:table/${name}`,
        TableId: table?.TableId ?? name,
        // DynamoDB Local finds a stream only by the ARN that it made itself, with `ddblocal` as the region.
        ...(table?.LatestStreamArn === undefined ? {} : { StreamArn: table.LatestStreamArn }),
      },
      status: () => ({ table: name }),
    };
  } finally {
    client.destroy();
  }
}

function tableInput({ properties, ...resource }: ResolvedResource): CreateTableCommandInput & { TableName: string } {
  // The template's shapes are the API's shapes: both are generated from one model, and DynamoDB Local checks them.
  const list = <Element>(property: string): Element[] =>
    readList(properties[property], property).map((element) => element as unknown as Element);
  const globalIndexes = list<GlobalSecondaryIndex>('GlobalSecondaryIndexes');
  const localIndexes = list<LocalSecondaryIndex>('LocalSecondaryIndexes');
  const stream = streamSpecification(properties.StreamSpecification);
  return {
    TableName: physicalName({ ...resource, properties }, { property: 'TableName', longest: 255 }),
    AttributeDefinitions: list<AttributeDefinition>('AttributeDefinitions'),
    KeySchema: list<KeySchemaElement>('KeySchema'),
    BillingMode: 'PAY_PER_REQUEST',
    ...(globalIndexes.length === 0 ? {} : { GlobalSecondaryIndexes: globalIndexes.map(indexInput) }),
    ...(localIndexes.length === 0 ? {} : { LocalSecondaryIndexes: localIndexes.map(indexInput) }),
    ...(stream === undefined ? {} : { StreamSpecification: stream }),
  };
}

function indexInput<Index extends GlobalSecondaryIndex | LocalSecondaryIndex>(index: Index) {
  return { IndexName: index.IndexName, KeySchema: index.KeySchema, Projection: index.Projection };
}

function streamSpecification(
  value: ResolvedResource['properties'][string] | undefined,
): StreamSpecification | undefined {
  if (value === undefined) return undefined;
  const view = readText(readObject(value, 'StreamSpecification').StreamViewType, 'StreamSpecification.StreamViewType');
  return { StreamEnabled: true, StreamViewType: view as NonNullable<StreamSpecification['StreamViewType']> };
}

async function adapt(
  client: DynamoDBClient,
  existing: TableDescription,
  wanted: CreateTableCommandInput & { TableName: string },
): Promise<void> {
  const key = (schema: readonly KeySchemaElement[] | undefined): string =>
    (schema ?? []).map(({ AttributeName, KeyType }) => `${KeyType} ${AttributeName}`).join(', ');
  if (key(existing.KeySchema) !== key(wanted.KeySchema)) {
    throw new Error(
      `the table ${wanted.TableName} exists with the key ${key(existing.KeySchema)}, but the template wants ${key(wanted.KeySchema)}. ` +
        'A table cannot change its key: use another data directory, or remove this one',
    );
  }
  const view = wanted.StreamSpecification?.StreamViewType;
  if (view === undefined || existing.StreamSpecification?.StreamViewType === view) return;
  if (existing.StreamSpecification?.StreamEnabled === true) {
    throw new Error(
      `the stream of table ${wanted.TableName} has the view ${existing.StreamSpecification.StreamViewType}, but the template wants ${view}. ` +
        'Use another data directory, or remove this one',
    );
  }
  await client.send(
    new UpdateTableCommand({
      TableName: wanted.TableName,
      StreamSpecification: { StreamEnabled: true, StreamViewType: view },
    }),
  );
}

async function ensureTimeToLive(client: DynamoDBClient, name: string, { properties }: ResolvedResource): Promise<void> {
  const specification = readObject(properties.TimeToLiveSpecification, 'TimeToLiveSpecification');
  if (readBoolean(specification.Enabled, 'TimeToLiveSpecification.Enabled') !== true) return;
  const attribute = readText(specification.AttributeName, 'TimeToLiveSpecification.AttributeName');
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: name }));
  if (TimeToLiveDescription?.AttributeName === attribute) return;
  await client.send(
    new UpdateTimeToLiveCommand({
      TableName: name,
      TimeToLiveSpecification: { Enabled: true, AttributeName: attribute },
    }),
  );
}

async function describe(client: DynamoDBClient, name: string): Promise<TableDescription | undefined> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName: name }))).Table;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}
