/** Failures of the source that no further attempt can mend, told apart from those that pass. */

/** The replication stops and says why; an operator has to act. */
export class UnrecoverableError extends Error {}

/** Changes are lost for this replication; a load of everything is the way on. */
export class PurgedBinlogError extends UnrecoverableError {}

export const otherServer = (): UnrecoverableError =>
  new UnrecoverableError(
    'Change capture cannot go on: the source is another server than the one of the checkpoint, and its positions mean something else. Start with a new data directory; the full load brings every row',
  );

/** ER_MASTER_FATAL_ERROR_READING_BINLOG: the file is gone, or the coordinate is none of its events. */
const FATAL_READING_BINLOG = 1236;

/** The error to report when the server no longer has the binlog at the checkpoint; undefined for any other error. */
export function purgedBinlog(error: unknown): PurgedBinlogError | undefined {
  if (!(error instanceof Error) || !('errno' in error) || error.errno !== FATAL_READING_BINLOG) return undefined;
  return new PurgedBinlogError(
    `Change capture cannot go on: the server no longer has the binlog at the checkpoint (${error.message}). Load everything again: relay reload --all, which starts the replication with reload-target`,
  );
}
