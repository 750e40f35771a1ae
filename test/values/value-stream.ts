/** Starts a replication of the declared tables, lets the source be written to, and gives back every record of both phases. */
import { tableMappings } from '#infra/dms/table-mappings.ts';
import { readCheckpoint } from '#local/dms/replication-checkpoint.ts';
import { binlogEnd } from '#local/dms/snapshot.ts';
import { LINEAGE_COLUMN, SOURCE_SCHEMA } from '#schemas/source/lph.ts';
import type { SourceTable } from '#schemas/source/source-table.ts';
import { type DmsWorld, eventually, type Replication, type ReplicationTemplate } from '../integration/dms-world.ts';

/** @param write is called when the full load is over; what it commits becomes change records. */
export async function replicated(
  world: DmsWorld,
  tables: readonly SourceTable[],
  write: () => Promise<void>,
  settings: Partial<ReplicationTemplate> = {},
): Promise<readonly string[]> {
  const mapping = { schema: SOURCE_SCHEMA, tables, lineageColumn: LINEAGE_COLUMN, lineage: 'values-1' };
  const rules: ReplicationTemplate['rules'] = JSON.parse(JSON.stringify(tableMappings(mapping).rules));
  const stream = await world.createStream(1);
  const replication = await world.startReplication(stream, { rules, ...settings });
  try {
    await eventually(replication.status, ({ state }) => state === 'replicating');
    await write();
    await accepted(world, replication);
    const records = await world.recordsOn(stream);
    return records.map(({ text }) => text);
  } finally {
    await replication.resource.stop?.();
  }
}

/** Until the replication's checkpoint, which follows what Kinesis has accepted, stands at the end of the binlog. */
async function accepted(world: DmsWorld, replication: Replication): Promise<void> {
  const end = await binlogEnd(world.connection);
  const reached = (value: unknown): boolean => {
    const at = readCheckpoint(value);
    return at?.phase === 'cdc' && at.at.file === end.file && at.at.offset >= end.offset;
  };
  await eventually(
    () => [...replication.checkpoints.values()],
    (checkpoints) => checkpoints.some(reached),
  );
}

/** The newest record of each row of a table, by the value of its key column. */
export function lastRecords(records: readonly string[], table: string, key: string): ReadonlyMap<string, string> {
  const last = new Map<string, string>();
  for (const text of records) {
    const { metadata, data } = JSON.parse(text) as {
      metadata: Record<string, unknown>;
      data?: Record<string, unknown>;
    };
    if (metadata['record-type'] === 'data' && metadata['table-name'] === table) last.set(String(data?.[key]), text);
  }
  return last;
}
