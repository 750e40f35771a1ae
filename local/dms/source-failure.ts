/** Failures of the source that no further attempt can mend, told apart from those that pass. */

/** The replication stops and says why; an operator has to act. */
export class UnrecoverableError extends Error {}

export function needsReload(reason: string): UnrecoverableError {
  return new UnrecoverableError(
    `Change capture cannot go on: ${reason}. A reload is needed: stop the pipeline, remove its data directory and start it again; the full load brings every row anew`,
  );
}

/** ER_MASTER_FATAL_ERROR_READING_BINLOG: the file is gone, or the coordinate is none of its events. */
const FATAL_READING_BINLOG = 1236;

/** The error to report when the server no longer has the binlog at the checkpoint; undefined for any other error. */
export function purgedBinlog(error: unknown): UnrecoverableError | undefined {
  if (!(error instanceof Error) || !('errno' in error) || error.errno !== FATAL_READING_BINLOG) return undefined;
  return needsReload(
    `the server no longer has the binlog at the checkpoint, it was purged or belongs to another server (${error.message})`,
  );
}
