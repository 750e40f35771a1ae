/**
 * What a deployed pipeline says about itself, in the form of the local one, from the APIs of the services it is made of. How far a hop is
 * behind stands in none of them, only in CloudWatch, so it is left out here and shown as unknown; the alarms of the template watch it.
 */
import {
  DatabaseMigrationService,
  paginateDescribeReplicationTableStatistics,
} from '@aws-sdk/client-database-migration-service';
import { EventBridge } from '@aws-sdk/client-eventbridge';
import { Lambda } from '@aws-sdk/client-lambda';
import { Pipes } from '@aws-sdk/client-pipes';
import type { Connection } from '../connection/connection.ts';
import type { BusReport, PipelineReport, ReaderReport, ReplicationReport } from '../pipeline/resource-status.ts';

type Look = <T>(look: () => Promise<T | undefined>) => Promise<T | undefined>;

export async function deployedReport({ clientConfig, outputs }: Connection, seen: Look): Promise<PipelineReport> {
  const [replication, replicator, projector, pipe, bus] = await Promise.all([
    seen(() => replicationOf(new DatabaseMigrationService(clientConfig), outputs.get('ReplicationConfigArn'))),
    seen(() => mappingOf(new Lambda(clientConfig), 'replicator', outputs.get('ReplicatorFunction'))),
    seen(() => mappingOf(new Lambda(clientConfig), 'projector', outputs.get('ProjectorFunction'))),
    seen(() => pipeOf(new Pipes(clientConfig), outputs.get('PipeName'))),
    seen(() => busOf(new EventBridge(clientConfig), outputs.get('EventBus'))),
  ]);
  const mappings = [replicator, projector].filter((mapping) => mapping !== undefined);
  return { replication, mappings, pipe, bus, stateMachines: [] };
}

async function replicationOf(
  dms: DatabaseMigrationService,
  arn: string | undefined,
): Promise<ReplicationReport | undefined> {
  if (arn === undefined) return undefined;
  const { Replications = [] } = await dms.describeReplications({
    Filters: [{ Name: 'replication-config-arn', Values: [arn] }],
  });
  const replication = Replications.find(({ ReplicationConfigArn }) => ReplicationConfigArn === arn);
  if (replication === undefined) return undefined;
  const tables: ReplicationReport['tables'] = [];
  for await (const page of paginateDescribeReplicationTableStatistics({ client: dms }, { ReplicationConfigArn: arn })) {
    for (const table of page.ReplicationTableStatistics ?? []) {
      tables.push({
        schema: table.SchemaName ?? '',
        table: table.TableName ?? '',
        rowsLoaded: table.FullLoadRows ?? 0,
        loaded: table.TableState === 'Table completed',
        inserts: table.Inserts ?? 0,
        updates: table.Updates ?? 0,
        deletes: table.Deletes ?? 0,
      });
    }
  }
  const failure = replication.FailureMessages?.[0];
  return {
    // While it runs and every table is loaded, DMS replicates; the same word as on one machine.
    state:
      replication.Status === 'running' && tables.every(({ loaded }) => loaded)
        ? 'replicating'
        : (replication.Status ?? 'unknown'),
    ...(failure !== undefined && { lastError: failure }),
    setAside: 0,
    tables,
  };
}

async function mappingOf(
  lambda: Lambda,
  logicalId: string,
  functionName: string | undefined,
): Promise<(ReaderReport & { logicalId: string }) | undefined> {
  if (functionName === undefined) return undefined;
  const { EventSourceMappings = [] } = await lambda.listEventSourceMappings({ FunctionName: functionName });
  const mapping = EventSourceMappings[0];
  if (mapping === undefined) return undefined;
  const { State = 'unknown', LastProcessingResult } = mapping;
  return {
    logicalId,
    state: State === 'Enabled' ? 'running' : State,
    records: 0,
    ...(LastProcessingResult && { lastError: LastProcessingResult }),
  };
}

async function pipeOf(pipes: Pipes, name: string | undefined): Promise<ReaderReport | undefined> {
  if (name === undefined) return undefined;
  const { CurrentState = 'unknown', StateReason } = await pipes.describePipe({ Name: name });
  return { state: CurrentState.toLowerCase(), records: 0, ...(StateReason && { lastError: StateReason }) };
}

async function busOf(events: EventBridge, name: string | undefined): Promise<BusReport | undefined> {
  if (name === undefined) return undefined;
  await events.describeEventBus({ Name: name });
  return { state: 'ACTIVE' };
}
