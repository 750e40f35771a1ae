/**
 * Which states of rows a head is known to cover: a recompute read the head, then them, then moved the fence, and nothing was left to do after
 * it. Whoever read the head before that has lost its fence, and whoever reads it later reads these rows or newer ones; so a record that
 * finds its row in a covered state needs no recompute. It is the proof that a duplicate is no retry after a crash. Pure.
 * docs/adr/0018-what-a-head-covers.md
 */
import { FINGERPRINT_LENGTH } from '../mirror/register-fingerprint.ts';
import type { MetricHead } from './metric-head.ts';

/** A metric with more rows is recomputed for every duplicate: its head would cost more to write than that costs to read. */
const ROWS_MAX = 100;

/** Whether a head can ever cover so many rows. */
export const isCoverable = (fingerprints: readonly string[]): boolean => fingerprints.length <= ROWS_MAX;

/** What a head says of the rows that its recompute read: their fingerprints in order, one behind the other; empty when it covers none. */
export function coverageOf(fingerprints: readonly string[]): string {
  return isCoverable(fingerprints) ? [...new Set(fingerprints)].sort().join('') : '';
}

export function coversAll({ covers }: Pick<MetricHead, 'covers'>, fingerprints: readonly string[]): boolean {
  const covered = new Set<string>();
  for (let at = 0; at < covers.length; at += FINGERPRINT_LENGTH) covered.add(covers.slice(at, at + FINGERPRINT_LENGTH));
  return fingerprints.every((fingerprint) => covered.has(fingerprint));
}

/** Nothing of the head is still to be done: no name to be woken for, to be claimed or to be cleaned, nothing to wait for. */
export function isSettled(head: MetricHead): boolean {
  const { vacated, claimedName, waiting, unfinished, displaced, deleting } = head;
  return vacated.length === 0 && claimedName === null && !waiting && !unfinished && !displaced && !deleting;
}
