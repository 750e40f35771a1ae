/**
 * The part of the DMS API that answers for local replications (JSON 1.1, `X-Amz-Target: AmazonDMSv20160101.*`): their status and
 * their table statistics. Everything else is refused by name.
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

/** @param replications by ARN. */
export function replicationFrontEnd(replications: ReadonlyMap<string, LocalReplication>): FrontEnd {
  return async (request) => {
    const input = JSON.parse(request.body.toString('utf8') || '{}') as { ReplicationConfigArn?: string };
    switch (request.action) {
      case 'DescribeReplications':
        return answer(200, { Replications: Array.from(replications.values(), describe) });
      case 'DescribeReplicationTableStatistics': {
        const replication = replications.get(input.ReplicationConfigArn ?? '');
        if (replication === undefined) {
          return answer(400, {
            __type: 'ResourceNotFoundFault',
            message: `No replication ${input.ReplicationConfigArn ?? '(no ReplicationConfigArn)'}`,
          });
        }
        const statistics = replication.twin.status.tables.map((table) =>
          tableStatistics(table, replication.twin.status.state),
        );
        return answer(200, { ReplicationConfigArn: replication.arn, ReplicationTableStatistics: statistics });
      }
      default:
        return answer(400, {
          __type: 'InvalidParameterValueException',
          message: `DMS action ${request.action ?? '(none)'} is not implemented on this machine; implemented: DescribeReplications, DescribeReplicationTableStatistics`,
        });
    }
  };
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
    TableState:
      state === 'failed'
        ? 'Table error'
        : table.loaded
          ? 'Table completed'
          : table.rowsTotal === undefined
            ? 'Before load'
            : 'Full load',
  };
}
