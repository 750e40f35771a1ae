/**
 * Collects the answers of a window reader into batches. A large batch is cheap to apply, because rows and metrics that occur in it several times are
 * read once; a large answer is not cheap for the live consumer: Kinesis lets nobody read the shard until an answer of 10 MB has been paid for at
 * 2 MB a second. So answers are small and batches are large.
 */
import type { ChangeRecord } from '../replication/change-record.ts';
import type { WindowRead, WindowReader } from './read-window.ts';

/** Records and their decoded rows are held in memory twice over: the batch that is applied, and the one that is read meanwhile. */
const BATCH_BYTES_MAX = 8 * 1024 * 1024;

/** A batch takes so long to read at most, so that checkpoints and progress are never much older than that. */
const BATCH_MS_MAX = 5_000;

/** Answers until the batch is full, until its time is over, nothing more is there for now, or the window ends. `recordsMax` may be passed by the rest of one answer. */
export async function readBatch(
  reader: Pick<WindowReader, 'next' | 'atTip'>,
  recordsMax: number,
  nowMs: () => number,
): Promise<WindowRead> {
  const records: ChangeRecord[] = [];
  let last: ChangeRecord | undefined;
  let looked = 0;
  let bytes = 0;
  const endMs = nowMs() + BATCH_MS_MAX;
  for (;;) {
    const read = await reader.next(recordsMax - looked);
    records.push(...read.records);
    last = read.last ?? last;
    looked += read.looked;
    bytes += read.bytes;
    if (read.end || reader.atTip || looked >= recordsMax || bytes >= BATCH_BYTES_MAX || nowMs() >= endMs)
      return { records, last, looked, bytes, end: read.end };
  }
}
