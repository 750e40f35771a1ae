/** A load of tables with its progress in the status: what it has read, when each table began and ended, and whether it had been loaded before. */
import type { Log } from '../local-aws.ts';
import type { BinlogCoordinate } from './binlog-coordinate.ts';
import { type FullLoadOptions, runFullLoad } from './full-load.ts';
import { clockMs } from './microsecond-clock.ts';
import type { ReplicationStatus, TableProgress } from './replication-status.ts';
import type { TableShape } from './source-catalog.ts';

type LoadOptions = Omit<FullLoadOptions, 'onSnapshot' | 'onTotal' | 'onRow' | 'onTableDone'>;

/** `onSnapshot` is waited for before the first record is sent. */
export async function loadTables(
  options: LoadOptions,
  status: ReplicationStatus,
  log: Log,
  onSnapshot: (coordinate: BinlogCoordinate) => Promise<void>,
): Promise<void> {
  const progress = ({ schema, table }: TableShape): TableProgress => status.table(schema, table);
  status.state = 'loading';
  await runFullLoad({
    ...options,
    onSnapshot: async (coordinate, shapes) => {
      await onSnapshot(coordinate);
      status.state = 'loading';
      for (const shape of shapes) {
        const known = progress(shape);
        const reloaded = known.loaded || known.reloaded;
        Object.assign(known, { rowsLoaded: 0, rowsTotal: undefined, loaded: false, reloaded });
      }
      log('dms', 'load begins', { tables: shapes.length, file: coordinate.file, offset: coordinate.offset });
    },
    onTotal: (shape, rows) => {
      Object.assign(progress(shape), { rowsTotal: rows, loadStartedAtMs: clockMs(), loadEndedAtMs: undefined });
    },
    onRow: (shape) => {
      progress(shape).rowsLoaded += 1;
    },
    onTableDone: (shape) => {
      Object.assign(progress(shape), { loaded: true, loadEndedAtMs: clockMs() });
      log('dms', 'table loaded', { table: `${shape.schema}.${shape.table}`, rows: progress(shape).rowsLoaded });
    },
  });
}
