/**
 * L5 while a world lives: every visible change of a metric is the next revision of that metric, in whatever item it is written, and an event id
 * never stands for two contents.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { Violation } from './violation.ts';

type Item = Readonly<Record<string, AttributeValue>>;

interface Detail {
  readonly metadata: { readonly eventId: string };
  readonly data: { readonly metricId: string; readonly revision: number };
}

export class RevisionLaws {
  /** Highest revision that was written, by metric. */
  readonly written = new Map<string, number>();
  readonly #contents = new Map<string, string>();

  /** Every write to an item "0" of the Metrics table. */
  noteItem(after: Item | undefined): void {
    const metricId = after?.metricId?.N;
    if (metricId === undefined || after?.revision?.N === undefined) return;
    const revision = Number(after.revision.N);
    const last = this.written.get(metricId) ?? 0;
    if (revision === last) {
      const known = this.#contents.get(`item ${metricId}:${revision}`);
      if (known !== JSON.stringify(after))
        throw new Violation(
          'L5',
          `revision ${revision} of metric ${metricId} was written twice with two contents: ${known} and ${JSON.stringify(after)}`,
        );
      return;
    }
    if (revision !== last + 1)
      throw new Violation(
        'L5',
        `metric ${metricId} went from revision ${last} to ${revision}: ${JSON.stringify(after)}`,
      );
    this.written.set(metricId, revision);
    this.#contents.set(`item ${metricId}:${revision}`, JSON.stringify(after));
  }

  /** Every event that the bus accepted, duplicates included. */
  noteEvent(detail: string): void {
    const { metadata, data } = JSON.parse(detail) as Detail;
    if (metadata.eventId !== `${data.metricId}:${data.revision}`)
      throw new Violation('L5', `event ${metadata.eventId} is of revision ${data.revision} of metric ${data.metricId}`);
    const known = this.#contents.get(metadata.eventId);
    if (known !== undefined && known !== detail)
      throw new Violation('L5', `event ${metadata.eventId} came with two contents: ${known} and ${detail}`);
    this.#contents.set(metadata.eventId, detail);
    if (data.revision > (this.written.get(data.metricId) ?? 0))
      throw new Violation('L5', `event ${metadata.eventId} is of a revision that was never written`);
  }

  /** At rest: every revision that was written has its event. */
  checkEveryRevisionTold(): void {
    for (const [metricId, last] of this.written) {
      for (let revision = 1; revision <= last; revision++) {
        if (!this.#contents.has(`${metricId}:${revision}`))
          throw new Violation('L5', `revision ${revision} of metric ${metricId} has no event`);
      }
    }
  }
}
