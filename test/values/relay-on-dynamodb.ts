/** The real core on AWS's DynamoDB Local: records in, registers and items out; what is set aside and what waits in the queue can be seen. */
import { DynamoDbItemStore } from '#core/platform/dynamodb-item-store.ts';
import type { ItemStore } from '#core/platform/item-store.ts';
import { Quarantine } from '#core/quarantine/quarantine.ts';
import type { ChangeRecord } from '#core/replication/change-record.ts';
import { type BatchResult, replicateBatch } from '#core/replication/replicate-batch.ts';
import { runProjection } from '#core/replication/run-projection.ts';
import type { SourceTable } from '#schemas/source/source-table.ts';
import { MemoryItemStore, MemoryTables } from '../support/memory-item-store.ts';
import { type RealDynamoDb, startRealDynamoDb } from '../support/real-dynamodb.ts';
import { changeRecord, testContext } from '../support/test-context.ts';

export interface SetAside {
  readonly text: string;
  readonly code: string;
  readonly reason: string;
}

export interface RelayOnDynamoDb {
  readonly store: ItemStore;
  readonly setAside: readonly SetAside[];
  /** Errors other than those of a record; a test that is not about them expects none. */
  readonly failures: readonly unknown[];
  /** Applies the records in batches, then does what the projection queue holds. */
  apply(texts: readonly string[]): Promise<readonly BatchResult[]>;
  stop(): Promise<void>;
}

const BATCH = 500;

export async function startRelayOnDynamoDb(tables: readonly SourceTable[]): Promise<RelayOnDynamoDb> {
  const dynamoDb: RealDynamoDb = await startRealDynamoDb();
  const store = new DynamoDbItemStore(dynamoDb.client, async () => {});
  const setAside: SetAside[] = [];
  const failures: unknown[] = [];
  const queue: string[] = [];
  // The quarantine's table is not among those of the emulator; what it would hold is seen through the log.
  const memory = new MemoryItemStore(new MemoryTables({ Quarantine: ['pk', 'sk'] }));
  const failed = (error: unknown): void => void failures.push(error);
  const context = testContext(
    { store, nowMs: Date.now, send: async (message) => void queue.push(JSON.stringify(message)), failed },
    {
      tablesDeclared: tables,
      quarantine: new Quarantine(memory, 'Quarantine', async () => {}, Date.now),
      log: {
        quarantined: ({ bytes }, { code, message }) =>
          void setAside.push({ text: Buffer.from(bytes).toString('utf8'), code, reason: message }),
        control: () => {},
        failed: (_, error) => failed(error),
      },
    },
  );
  let sequence = 0;
  const record = (text: string): ChangeRecord => changeRecord(text, ++sequence, Date.now());
  return {
    store,
    setAside,
    failures,
    async apply(texts) {
      const results: BatchResult[] = [];
      for (let from = 0; from < texts.length; from += BATCH) {
        results.push(await replicateBatch(context, texts.slice(from, from + BATCH).map(record)));
      }
      for (let body = queue.shift(); body !== undefined; body = queue.shift()) await runProjection(context, body);
      return results;
    },
    stop: () => dynamoDb.stop(),
  };
}
