/** The row mirror and the Metrics table as a reload needs them: gone through whole, and looked at row by row. */
import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { keyItem, rowMirrorKey } from '#core/mirror/mirror-key.ts';
import { storedRegister } from '#core/mirror/register-item.ts';
import { DynamoDbItemStore } from '#core/platform/dynamodb-item-store.ts';
import { jitteredPause } from '#core/platform/pause.ts';
import type { AbsentRow } from '#core/reload/absent-record.ts';
import { ReloadTally } from '#core/reload/reload-tally.ts';
import { releaseHeads, seedHeads } from '#core/reload/seed-heads.ts';
import { SOURCE_TABLES } from '#schemas/source/lph.ts';

/** A load of every table takes minutes; by then the command has released what is held, or somebody asks why not. */
const HELD_HOURS = 6;

export interface RelayTables {
  readonly metrics: string;
  readonly sourceRows: string;
}

export class MirrorOfReload {
  readonly #client: DynamoDBClient;
  readonly #tables: RelayTables;
  readonly #store: DynamoDbItemStore;

  constructor(client: DynamoDBClient, tables: RelayTables) {
    this.#client = client;
    this.#tables = tables;
    this.#store = new DynamoDbItemStore(client, jitteredPause(Math.random));
  }

  /** What the mirror says of the reloads that began at these times, by table. */
  async tally(began: ReadonlyMap<string, string>): Promise<ReloadTally> {
    const tally = new ReloadTally(SOURCE_TABLES, began);
    const pages = paginateScan({ client: this.#client }, { TableName: this.#tables.sourceRows });
    for await (const { Items = [] } of pages) for (const item of Items) tally.take(item);
    return tally;
  }

  /** Writes the heads that are missing for what is published. Answers how many. */
  async seedHeads(): Promise<number> {
    const pages = paginateScan(
      { client: this.#client },
      {
        TableName: this.#tables.metrics,
        ConsistentRead: true,
        FilterExpression: '#version = :latest AND attribute_not_exists(renamedTo)',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':latest': { S: '0' } },
      },
    );
    const latest = [];
    for await (const { Items = [] } of pages) latest.push(...Items);
    return seedHeads({ store: this.#store, tables: this.#tables }, latest, Date.now() + HELD_HOURS * 3_600_000);
  }

  /** Ends the hold of these metrics; they have to be recomputed then. */
  async release(metricIds: readonly string[]): Promise<void> {
    await releaseHeads({ store: this.#store, tables: this.#tables }, metricIds);
  }

  /** How many of the rows are noted as absent, or have been written since. */
  async settled(rows: readonly AbsentRow[], began: ReadonlyMap<string, string>): Promise<number> {
    const keys = rows.map(({ table, key }) => keyItem(rowMirrorKey(table, key)));
    const found = await this.#store.getMany(this.#tables.sourceRows, keys);
    return found.filter((item) => {
      const { register } = storedRegister(item);
      return !register.row || register.moment.builtAt >= (began.get(item.table?.S ?? '') ?? '');
    }).length;
  }
}
