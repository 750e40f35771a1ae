/**
 * How long a shard is left alone between two reads. AWS polls Kinesis once a second and DynamoDB streams four times a second; here
 * reads follow each other quickly while records come and slow down while none do, so that a change on one machine arrives in tens
 * of milliseconds and an idle pipeline stays cool. Pure.
 */

const SHORTEST_MS = 20;
const LONGEST_MS = 200;
/** No slower than AWS, however slow the emulator has become. */
const LONGEST_WHEN_SLOW_MS = 1_000;
/** An emulator's reads cost more as its stream grows; an idle shard may keep it busy for a tenth of the time. */
const IDLE_SHARE = 10;

export interface ReadMade {
  readonly records: number;
  readonly tookMs: number;
  /** As many records as were asked for: there are probably more. */
  readonly full: boolean;
}

/** `previousMs` is the pause before this read. */
export function pauseAfterRead(read: ReadMade, previousMs: number): number {
  if (read.full) return 0;
  if (read.records > 0) return SHORTEST_MS;
  const growing = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, previousMs) * 2);
  return Math.min(LONGEST_WHEN_SLOW_MS, Math.max(growing, read.tookMs * (IDLE_SHARE - 1)));
}
