/**
 * Where a change stands in the order of the source. Two changes of one row compare by binlog coordinate when both have one of the
 * same lineage, else by the time DMS built the message. Never by Kinesis sequence number (a producer retry gives a new one), never by
 * commit time (seconds, ties), never as text.
 */

/** A binlog coordinate. 64-bit values, therefore bigint. */
export interface SourcePosition {
  /** Name of the binlog lineage: a new cluster numbers its files from one again. */
  readonly lineage: string;
  /** `(binlog file number << 32) | offset` of the transaction. */
  readonly transactionId: bigint;
  /** Place within the transaction, from 1. */
  readonly recordId: bigint;
}

/** When a change happened, as far as its record tells. `position` is absent for full-load records. */
export interface Moment {
  readonly position?: SourcePosition;
  /** UTC, always with 6 digits of fraction, so that text order is time order. */
  readonly builtAt: string;
}

/** Order of two positions of one lineage: negative, zero or positive. */
export function comparePositions(a: SourcePosition, b: SourcePosition): number {
  if (a.transactionId !== b.transactionId) return a.transactionId < b.transactionId ? -1 : 1;
  if (a.recordId !== b.recordId) return a.recordId < b.recordId ? -1 : 1;
  return 0;
}

/** Both positions when they can be compared, else undefined. */
export function comparable(a: Moment, b: Moment): readonly [SourcePosition, SourcePosition] | undefined {
  return a.position && b.position && a.position.lineage === b.position.lineage ? [a.position, b.position] : undefined;
}

/** Order of two moments: by position where that is possible, else by the time the message was built. */
export function compareMoments(a: Moment, b: Moment): number {
  const positions = comparable(a, b);
  if (positions) return comparePositions(...positions);
  return a.builtAt < b.builtAt ? -1 : a.builtAt > b.builtAt ? 1 : 0;
}

/** A DMS timestamp with exactly 6 digits of fraction. */
export function normaliseTimestamp(timestamp: string): string {
  const [seconds = '', fraction = ''] = timestamp.slice(0, -1).split('.');
  return `${seconds}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
}
