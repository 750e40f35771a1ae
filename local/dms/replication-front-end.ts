/**
 * The part of the DMS API that answers for local replications (JSON 1.1, `X-Amz-Target: AmazonDMSv20160101.*`): their status, their table
 * statistics, and loads that are asked for. Everything else is refused by name.
 */
import type { FrontEnd, FrontEndResponse } from '../local-aws.ts';
import type { DmsTwin } from './dms-twin.ts';
import type { ReplicationState, TableProgress } from './replication-status.ts';

export interface LocalReplication {
  readonly arn: string;
  readonly identifier: string;
  readonly twin: DmsTwin;
}

const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.1' };
const STATUS: Readonly<Record<ReplicationState, string>> = {
  starting: 'initializing',
  loading: 'running',
  replicating: 'running',
  failed: 'failed',
  stopped: 'stopped',
};

function answer(status: number, body: unknown): FrontEndResponse {
  return { status, headers: JSON_TYPE, body: JSON.stringify(body) };
}

type Ask = (replication: LocalReplication, input: Input) => FrontEndResponse | Promise<FrontEndResponse>;

const OF_ONE = new Map<string, Ask>([
  ['DescribeReplicationTableStatistics', describeTables],
  ['ReloadReplicationTables', reloadTables],
  ['StartReplication', startReplication],
]);

/** @param replications by ARN. */
export function replicationFrontEnd(replications: ReadonlyMap<string, LocalReplication>): FrontEnd {
  return async ({ action = '', body }) => {
    if (action === 'DescribeReplications')
      return answer(200, { Replications: Array.from(replications.values(), describe) });
    const ask = OF_ONE.get(action);
    if (ask === undefined)
      return refused(
        'InvalidParameterValueException',
        `DMS action ${action || '(none)'} is not implemented on this machine; implemented: DescribeReplications, ${[...OF_ONE.keys()].join(', ')}`,
      );
    const input = JSON.parse(body.toString('utf8') || '{}') as Input;
    const arn = input.ReplicationConfigArn ?? '(no ReplicationConfigArn)';
    const replication = replications.get(arn);
    return replication === undefined
      ? refused('ResourceNotFoundFault', `No replication ${arn}`)
      : ask(replication, input);
  };
}

interface Input {
  readonly ReplicationConfigArn?: string;
  readonly TablesToReload?: readonly { readonly SchemaName?: string; readonly TableName?: string }[];
  readonly ReloadOption?: string;
  readonly StartReplicationType?: string;
}

const refused = (type: string, message: string): FrontEndResponse => answer(400, { __type: type, message });

function describeTables({ arn, twin: { status } }: LocalReplication): FrontEndResponse {
  const statistics = status.tables.map((table) => tableStatistics(table, status.state));
  return answer(200, { ReplicationConfigArn: arn, ReplicationTableStatistics: statistics });
}

/** https://docs.aws.amazon.com/dms/latest/APIReference/API_ReloadReplicationTables.html */
async function reloadTables({ arn, twin }: LocalReplication, input: Input): Promise<FrontEndResponse> {
  if (twin.status.state !== 'replicating')
    return refused(
      'InvalidResourceStateFault',
      `The replication is ${STATUS[twin.status.state]}; tables can be reloaded while it captures changes`,
    );
  if (input.ReloadOption !== undefined && input.ReloadOption !== 'data-reload')
    return refused(
      'InvalidParameterValueException',
      `ReloadOption ${input.ReloadOption}: only data-reload is implemented`,
    );
  const asked = (input.TablesToReload ?? []).map(({ SchemaName = '', TableName = '' }) => ({
    schema: SchemaName,
    table: TableName,
  }));
  const known = twin.status.tables;
  const unknown = asked.filter(
    ({ schema, table }) => !known.some((one) => one.schema === schema && one.table === table),
  );
  if (asked.length === 0 || unknown.length > 0)
    return refused(
      'InvalidParameterValueException',
      `TablesToReload ${JSON.stringify(input.TablesToReload ?? [])}: each must be one of ${known.map(({ schema, table }) => `${schema}.${table}`).join(', ')}`,
    );
  await twin.reload(asked);
  return answer(200, { ReplicationConfigArn: arn });
}

/** https://docs.aws.amazon.com/dms/latest/APIReference/API_StartReplication.html; only the start that begins with a load. */
async function startReplication(replication: LocalReplication, input: Input): Promise<FrontEndResponse> {
  if (input.StartReplicationType !== 'reload-target')
    return refused(
      'InvalidParameterValueException',
      `StartReplicationType ${input.StartReplicationType ?? '(none)'}: only reload-target is implemented; a replication that can go on does so by itself`,
    );
  if (!replication.twin.status.final)
    return refused(
      'InvalidResourceStateFault',
      `The replication is ${STATUS[replication.twin.status.state]}; it can be started when it has failed for good`,
    );
  await replication.twin.reload('everything');
  return answer(200, { Replication: describe(replication) });
}

function describe({ arn, identifier, twin: { status } }: LocalReplication): Record<string, unknown> {
  const { tables } = status;
  const done = tables.reduce((sum, { rowsLoaded }) => sum + rowsLoaded, 0);
  const total = tables.reduce((sum, { rowsTotal }) => sum + (rowsTotal ?? 0), 0);
  return {
    ReplicationConfigArn: arn,
    ReplicationConfigIdentifier: identifier,
    ReplicationType: 'full-load-and-cdc',
    Status: STATUS[status.state],
    FailureMessages: status.state === 'failed' && status.lastError !== undefined ? [status.lastError] : [],
    ReplicationStats: {
      FullLoadProgressPercent:
        status.state === 'replicating' ? 100 : total === 0 ? 0 : Math.floor((100 * done) / total),
      TablesLoaded: tables.filter(({ loaded }) => loaded).length,
      TablesLoading: tables.filter(({ loaded, rowsTotal }) => !loaded && rowsTotal !== undefined).length,
      TablesQueued: tables.filter(({ loaded, rowsTotal }) => !loaded && rowsTotal === undefined).length,
      TablesErrored: 0,
    },
    ...(status.position === undefined
      ? {}
      : { RecoveryCheckpoint: `${status.position.file}:${status.position.offset}` }),
  };
}

function tableStatistics(table: TableProgress, state: ReplicationState): Record<string, unknown> {
  return {
    SchemaName: table.schema,
    TableName: table.table,
    FullLoadRows: table.rowsLoaded,
    Inserts: table.inserts,
    Updates: table.updates,
    Deletes: table.deletes,
    Ddls: 0,
    FullLoadErrorRows: 0,
    FullLoadReloaded: table.reloaded,
    // Seconds with a fraction, as this protocol writes times.
    ...(table.loadStartedAtMs !== undefined && { FullLoadStartTime: table.loadStartedAtMs / 1000 }),
    ...(table.loadEndedAtMs !== undefined && { FullLoadEndTime: table.loadEndedAtMs / 1000 }),
    TableState:
      state === 'failed'
        ? 'Table error'
        : table.loaded
          ? 'Table completed'
          : table.rowsTotal === undefined
            ? 'Before load'
            : table.reloaded
              ? 'Table is being reloaded'
              : 'Full load',
  };
}
