/**
 * Which records of a window are applied: all of them, or those of some tables, or those whose row lies in the partition of some metrics. Leaving
 * records out is safe: rows are registers, so a later replay of the rest changes only what this one left out.
 */
import type { SourceTable } from '#schemas/source/source-table.ts';
import { decodeDmsRecord } from '../change/decode-dms-record.ts';
import { entityPartition, rowMirrorKey } from '../mirror/mirror-key.ts';
import type { ChangeRecord } from '../replication/change-record.ts';

export interface RecordFilter {
  /** Names of source tables; empty for all. */
  readonly tables: readonly string[];
  /** Ids of metrics: their own row, their versions, and what they consume. Empty for all. */
  readonly metricIds: readonly string[];
}

export const EVERYTHING: RecordFilter = { tables: [], metricIds: [] };

/** A record that cannot be decoded belongs to no table: only a replay of everything meets it, and sets it aside again. */
export function isSelected(filter: RecordFilter, record: ChangeRecord, declared: readonly SourceTable[]): boolean {
  if (filter.tables.length === 0 && filter.metricIds.length === 0) return true;
  const partitions = new Set(filter.metricIds.map((id) => entityPartition('metric', id)));
  try {
    const decoded = decodeDmsRecord(record.bytes, declared);
    if (decoded.kind === 'control') return false;
    return decoded.changes.some(
      ({ table, key }) =>
        (filter.tables.length === 0 || filter.tables.includes(table.name)) &&
        (partitions.size === 0 || partitions.has(rowMirrorKey(table, key).pk)),
    );
  } catch {
    return false;
  }
}

/** `tables metrics, metric_versions; metric id 42`, or undefined when nothing is left out. */
export function describeFilter({ tables, metricIds }: RecordFilter): string | undefined {
  const parts = [
    ...(tables.length > 0 ? [`${tables.length === 1 ? 'table' : 'tables'} ${tables.join(', ')}`] : []),
    ...(metricIds.length > 0 ? [`metric ${metricIds.length === 1 ? 'id' : 'ids'} ${metricIds.join(', ')}`] : []),
  ];
  return parts.length > 0 ? parts.join('; ') : undefined;
}
