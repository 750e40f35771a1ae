/** The loads of the replication, through the API of DMS Serverless: when each table was loaded last, and loading it again. */
import {
  type DatabaseMigrationService,
  paginateDescribeReplicationTableStatistics,
} from '@aws-sdk/client-database-migration-service';
import { SOURCE_SCHEMA } from '#schemas/source/lph.ts';
import { messageOf, preconditionMissing } from '../command-failure.ts';

export interface TableLoad {
  readonly table: string;
  readonly rows: number;
  readonly completed: boolean;
  /** By the clock of DMS, which also stamps the records. Absent before the first load. */
  readonly beganAt: Date | undefined;
}

export interface ReplicationState {
  /** As DMS says it: running, failed, stopped… */
  readonly status: string;
  readonly failure: string | undefined;
}

export class DmsLoads {
  readonly #dms: DatabaseMigrationService;
  readonly #arn: string;

  constructor(dms: DatabaseMigrationService, replicationConfigArn: string) {
    this.#dms = dms;
    this.#arn = replicationConfigArn;
  }

  async state(): Promise<ReplicationState> {
    const Filters = [{ Name: 'replication-config-arn', Values: [this.#arn] }];
    const { Replications = [] } = await this.#asked(() => this.#dms.describeReplications({ Filters }));
    const found = Replications.find(({ ReplicationConfigArn }) => ReplicationConfigArn === this.#arn);
    return { status: found?.Status ?? 'created', failure: found?.FailureMessages?.[0] };
  }

  /** By table name. */
  async tables(): Promise<ReadonlyMap<string, TableLoad>> {
    const loads = new Map<string, TableLoad>();
    const input = { ReplicationConfigArn: this.#arn };
    await this.#asked(async () => {
      for await (const page of paginateDescribeReplicationTableStatistics({ client: this.#dms }, input)) {
        for (const found of page.ReplicationTableStatistics ?? []) {
          if (found.SchemaName !== SOURCE_SCHEMA || found.TableName === undefined) continue;
          loads.set(found.TableName, {
            table: found.TableName,
            rows: found.FullLoadRows ?? 0,
            completed: found.TableState === 'Table completed' && found.FullLoadEndTime !== undefined,
            beganAt: found.FullLoadStartTime,
          });
        }
      }
    });
    return loads;
  }

  /** Loads the tables again while changes go on being captured. */
  async reload(tables: readonly string[]): Promise<void> {
    const TablesToReload = tables.map((TableName) => ({ SchemaName: SOURCE_SCHEMA, TableName }));
    await this.#asked(() =>
      this.#dms.reloadReplicationTables({
        ReplicationConfigArn: this.#arn,
        TablesToReload,
        ReloadOption: 'data-reload',
      }),
    );
  }

  /** Starts a replication that has failed or was stopped with a load of everything. */
  async startOver(): Promise<void> {
    await this.#asked(() =>
      this.#dms.startReplication({ ReplicationConfigArn: this.#arn, StartReplicationType: 'reload-target' }),
    );
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw preconditionMissing(
        `DMS did not do what the reload needs: ${messageOf(error)}`,
        'Nothing was marked. The caller needs dms:DescribeReplications, DescribeReplicationTableStatistics, ReloadReplicationTables and StartReplication.',
        error,
      );
    }
  }
}

/** `2026-11-21T07:00:00.000000Z`: as records are stamped, rounded down to the second, as an answer of DMS may be. */
export function recordTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}.000000Z`;
}
