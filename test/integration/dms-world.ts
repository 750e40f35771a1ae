/** A private database, the Kinesis emulator and DMS replications made from template properties, as the runtime makes them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateStreamCommand, DescribeStreamSummaryCommand, KinesisClient } from '@aws-sdk/client-kinesis';
import { type Connection, createConnection } from 'mysql2/promise';
import { type PrivateDatabase, startPrivateDatabase } from '#local/database/private-database.ts';
import { startGateway } from '#local/gateway/gateway.ts';
import type { FrontEnd, LocalAws } from '#local/local-aws.ts';
import { dmsEndpointProvider } from '#local/resources/dms-endpoint.ts';
import { type DmsLocalSettings, dmsReplicationConfigProvider } from '#local/resources/dms-replication-config.ts';
import type { CreatedResource, Json } from '#local/resources/resource-provider.ts';
import { streamRecords } from '../support/stream-records.ts';
import { place, startEmulators } from './gateway-emulators.ts';

/** The endpoint settings that the template uses. */
export const TEMPLATE_SETTINGS = {
  MessageFormat: 'json-unformatted',
  IncludeTransactionDetails: true,
  IncludePartitionValue: true,
  PartitionIncludeSchemaTable: true,
  IncludeNullAndEmpty: true,
  IncludeControlDetails: true,
  IncludeTableAlterOperations: true,
};

export interface ReplicationTemplate {
  readonly kinesisSettings?: Readonly<Record<string, Json>>;
  readonly rules: readonly Json[];
  readonly replicationSettings?: Json;
  readonly local?: DmsLocalSettings;
  /** Kept by the test to start the same replication again. */
  readonly checkpoints?: Map<string, unknown>;
}

export interface Replication {
  readonly resource: CreatedResource;
  readonly logged: string[];
  readonly checkpoints: Map<string, unknown>;
  call(action: string, input: object): Promise<unknown>;
  status(): Record<string, unknown>;
}

export interface DmsWorld {
  readonly database: PrivateDatabase;
  readonly connection: Connection;
  /** A fresh stream; old records do not get in the way of a test. */
  createStream(shards?: number): Promise<string>;
  startReplication(streamArn: string, template: ReplicationTemplate): Promise<Replication>;
  /** Every record text on the stream, shard by shard, in the order of each shard. */
  recordsOn(streamArn: string): Promise<{ partitionKey: string; text: string }[]>;
  /** Stops the database, waits for `meanwhile`, starts it again on the same port. */
  restartDatabase(meanwhile: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** Rules for one schema with everything selected, keyed by primary key. */
export function rulesFor(schema: string, ...more: Json[]): Json[] {
  const locator = { 'schema-name': schema, 'table-name': '%' };
  return [
    {
      'rule-type': 'selection',
      'rule-id': '1',
      'rule-name': 'select',
      'object-locator': locator,
      'rule-action': 'include',
    },
    {
      'rule-type': 'object-mapping',
      'rule-id': '2',
      'rule-name': 'key',
      'rule-action': 'map-record-to-record',
      'object-locator': locator,
      'mapping-parameters': { 'partition-key-type': 'primary-key' },
    },
    ...more,
  ];
}

export async function startDmsWorld(): Promise<DmsWorld> {
  const directory = await mkdtemp(join(tmpdir(), 'dms-world-'));
  let database = await startPrivateDatabase({ dataDirectory: directory, log: () => {} });
  const emulators = await startEmulators({ kinesis: true });
  const gateway = await startGateway({ ...place, backends: emulators.backends, log: () => {} });
  const client = new KinesisClient({
    endpoint: gateway.endpoint,
    region: place.region,
    credentials: gateway.operatorCredentials,
  });
  const connect = () =>
    createConnection({
      uri: database.url,
      dateStrings: true,
      supportBigNumbers: true,
      bigNumberStrings: true,
      charset: 'utf8mb4',
    });
  let connection = await connect();
  let streams = 0;

  const startReplication = async (streamArn: string, template: ReplicationTemplate): Promise<Replication> => {
    const logged: string[] = [];
    const checkpoints = template.checkpoints ?? new Map<string, unknown>();
    const frontEnds = new Map<string, FrontEnd>();
    const created = new Map<string, unknown>([
      ['source-url', database.replicationUrl],
      ['dms-settings', { checkpointLagMs: 0, ...template.local }],
    ]);
    const aws: LocalAws = {
      endpoint: gateway.endpoint,
      region: place.region,
      accountId: place.accountId,
      dataDirectory: directory,
      assemblyDirectory: '',
      log: (_source, message) => logged.push(message),
      checkpoints: {
        get: (key) => checkpoints.get(key),
        set: async (key, value) => {
          checkpoints.set(key, value);
        },
      },
      credentialsOf: () => gateway.operatorCredentials,
      registerFrontEnd: (name, frontEnd) => frontEnds.set(name, frontEnd),
      created,
    };
    const make = (type: string, logicalId: string, properties: Record<string, Json>) => ({
      stackName: 'S',
      logicalId,
      type,
      properties,
    });
    const source = await dmsEndpointProvider.create(
      make('AWS::DMS::Endpoint', 'Source', { EndpointType: 'source', EngineName: 'mysql' }),
      aws,
    );
    const kinesis = {
      StreamArn: streamArn,
      ServiceAccessRoleArn: 'arn:aws:iam::000000000000:role/dms',
      ...(template.kinesisSettings ?? TEMPLATE_SETTINGS),
    };
    const target = await dmsEndpointProvider.create(
      make('AWS::DMS::Endpoint', 'Target', { EndpointType: 'target', EngineName: 'kinesis', KinesisSettings: kinesis }),
      aws,
    );
    const resource = await dmsReplicationConfigProvider.create(
      make('AWS::DMS::ReplicationConfig', 'Replication', {
        ReplicationType: 'full-load-and-cdc',
        SourceEndpointArn: source.ref,
        TargetEndpointArn: target.ref,
        TableMappings: { rules: template.rules },
        ReplicationSettings: template.replicationSettings ?? {
          BeforeImageSettings: { EnableBeforeImage: true, FieldName: 'before-image', ColumnFilter: 'pk-only' },
          FullLoadSettings: { TargetTablePrepMode: 'DO_NOTHING' },
        },
      }),
      aws,
    );
    await resource.start?.();
    return {
      resource,
      logged,
      checkpoints,
      status: () => resource.status?.() ?? {},
      async call(action, input) {
        const frontEnd = frontEnds.get('dms');
        if (frontEnd === undefined) throw new Error('no front end was registered for dms');
        const body = Buffer.from(JSON.stringify(input));
        const answer = await frontEnd({
          method: 'POST',
          path: '/',
          query: new URLSearchParams(),
          action,
          headers: {},
          body,
        });
        return JSON.parse(answer.body.toString());
      },
    };
  };

  return {
    get database() {
      return database;
    },
    get connection() {
      return connection;
    },
    startReplication,
    async restartDatabase(meanwhile) {
      connection.destroy();
      await database.stop();
      await meanwhile();
      database = await startPrivateDatabase({ dataDirectory: directory, log: () => {} });
      connection = await connect();
    },
    async createStream(shards = 2) {
      streams += 1;
      const name = `changes-${streams}`;
      await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }));
      for (;;) {
        const { StreamDescriptionSummary: summary } = await client.send(
          new DescribeStreamSummaryCommand({ StreamName: name }),
        );
        if (summary?.StreamStatus === 'ACTIVE') return summary.StreamARN ?? '';
      }
    },
    async recordsOn(streamArn) {
      const records = await streamRecords(client, { StreamARN: streamArn });
      return records.map(({ record, text }) => ({ partitionKey: record.PartitionKey ?? '', text }));
    },
    async stop() {
      await connection.end().catch(() => {});
      await database.stop();
      client.destroy();
      await gateway.stop();
      await emulators.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Waits for something that real parts will bring about; fails after half a minute with what was there last. */
export async function eventually<T>(probe: () => Promise<T> | T, done: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const value = await probe();
    if (done(value)) return value;
    if (Date.now() > deadline) throw new Error(`Waited in vain; last seen: ${JSON.stringify(value)?.slice(0, 2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
