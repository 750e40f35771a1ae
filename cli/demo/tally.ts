/**
 * Counts what arrived against what must arrive: every revision of every metric between the start and the end of the run needs one event
 * with its id. Pure; it holds what was seen and decides nothing about when to stop waiting.
 */

/** Revision of each metric by metric id. */
export type Revisions = ReadonlyMap<string, bigint>;

export interface SeenEvent {
  readonly eventId: string;
  readonly metricId: string;
  readonly revision: bigint;
}

export interface Tally {
  /** Different events of this run. */
  readonly events: number;
  /** Revisions for which no event has arrived. */
  readonly lost: number;
  /** Event ids that were delivered more than once. */
  readonly duplicated: number;
  /** The first few lost ones, for the message. */
  readonly lostIds: readonly string[];
}

export function tally(start: Revisions, end: Revisions, seen: readonly SeenEvent[]): Tally {
  const deliveries = new Map<string, number>();
  for (const event of seen) {
    // What was published before the run may still be on its way when the run begins.
    if (event.revision <= (start.get(event.metricId) ?? 0n)) continue;
    deliveries.set(event.eventId, (deliveries.get(event.eventId) ?? 0) + 1);
  }
  const lostIds: string[] = [];
  for (const [metricId, last] of end) {
    for (let revision = (start.get(metricId) ?? 0n) + 1n; revision <= last; revision++) {
      const eventId = `${metricId}:${revision}`;
      if (!deliveries.has(eventId)) lostIds.push(eventId);
    }
  }
  return {
    events: deliveries.size,
    lost: lostIds.length,
    duplicated: [...deliveries.values()].filter((count) => count > 1).length,
    lostIds: lostIds.slice(0, 10),
  };
}
