/**
 * How a full load stands to the changes beside it. The pipeline compares a loaded row with the deletion of what it refers to by the time their
 * messages were built (docs/adr/0002), so what may be promised about loaded rows depends on this, and each style says what it gives.
 */
export interface FullLoadStyle {
  /** Rows of all tables as of one moment, or of each table as of the moment its turn comes. */
  readonly select: 'at-once' | 'table-by-table';
  /** Changes count from the beginning of the whole load, or for each table from the beginning of its own. */
  readonly captureFrom: 'start' | 'each-table';
  /** Changes are sent when every table is loaded, or those of a table as soon as it is loaded, while others still load. */
  readonly changes: 'after-all' | 'after-each';
}

/** A load of one snapshot, then the changes since: what the local twin does, and `mysqldump --single-transaction` with a binlog coordinate. */
export const SNAPSHOT_LOAD: FullLoadStyle = { select: 'at-once', captureFrom: 'start', changes: 'after-all' };

/**
 * A full load, then a replication that begins with changes from a coordinate noted before the load: each table has a moment of its own, nothing
 * is missed, and every change is built after every loaded row. This is the weakest style of which convergence can be asked.
 */
export const LOAD_THEN_CHANGES: FullLoadStyle = {
  select: 'table-by-table',
  captureFrom: 'start',
  changes: 'after-all',
};

/**
 * What the DMS user guide says of one task that does both: "the point when change capture starts is different for each individual table", and
 * the cached changes of a table are applied when it is loaded, while others still load. Then a row whose parent dies and is born again meanwhile can be
 * lost or kept wrongly, and no consumer can know; a comparison with the source finds it. Two ways:
 * `captureFrom`: a link is read, its dimension is deleted and made again before capture of dimensions begins: no record ever says so.
 * `changes`: a link is read, its dimension is deleted and made again, the deletion's message is built, then the link's, which now looks younger.
 */
export const DOCUMENTED_LOAD: FullLoadStyle = {
  select: 'table-by-table',
  captureFrom: 'each-table',
  changes: 'after-each',
};
