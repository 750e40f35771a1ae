/** Captures the binlog from a checkpoint on with its progress in the status: until it fails or is stopped, or as far as to a given place. It keeps no checkpoint itself. */
import type { Log } from '../local-aws.ts';
import { type BinlogCoordinate, coordinateNumber } from './binlog-coordinate.ts';
import { BinlogReader } from './binlog-reader.ts';
import { ChangeCapture, type ChangeCaptureOptions } from './change-capture.ts';
import type { CharacterTables } from './character-tables.ts';
import type { ReplicationCheckpoint } from './replication-checkpoint.ts';
import type { ReplicationStatus } from './replication-status.ts';

export interface CaptureOptions extends Omit<ChangeCaptureOptions, 'onBoundary' | 'onChange' | 'onNotCaptured'> {
  readonly sourceUrl: string;
  readonly characters: CharacterTables;
  readonly signal: AbortSignal;
  /** Everything up to here has been handed to the sink; a checkpoint may stand here when it is accepted. */
  readonly onBoundary: (boundary: ReplicationCheckpoint) => void;
}

/** @returns the first boundary at `until` or behind it. */
export async function captureBinlog(
  options: CaptureOptions,
  from: ReplicationCheckpoint,
  until: BinlogCoordinate | undefined,
  status: ReplicationStatus,
  log: Log,
): Promise<ReplicationCheckpoint> {
  let reached = from;
  const isReached = (): boolean => until !== undefined && coordinateNumber(reached.at) >= coordinateNumber(until);
  const capture = new ChangeCapture(
    {
      ...options,
      onBoundary: (at, last, timeMs) => {
        status.position = at;
        status.positionTimeMs = timeMs;
        reached = { server: from.server, phase: 'cdc', at, last };
        options.onBoundary(reached);
      },
      onChange: (schema, table, operation) => {
        status.table(schema, table)[`${operation}s`] += 1;
      },
      onNotCaptured: (message) => {
        status.notCaptured += 1;
        log('dms', message);
      },
    },
    from.last,
  );
  const schemas = new Set(Array.from(options.shapes.values(), ({ schema }) => schema));
  const reader = new BinlogReader(options.sourceUrl, from.at, schemas, options.characters);
  try {
    await capture.announce();
    status.state = 'replicating';
    status.lastError = undefined;
    status.position = from.at;
    if (isReached()) return reached;
    for await (const item of reader.items(options.signal)) {
      await capture.take(item);
      if (isReached()) break;
    }
    return reached;
  } finally {
    await reader.stop();
  }
}
