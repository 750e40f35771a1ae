/**
 * A consumer that does what the contract asks: it applies an event only if its revision is greater than the last one it applied. Its state
 * at rest must be the table's, whatever order and duplicates the bus delivered.
 */
interface Detail {
  readonly data: {
    readonly metricId: string;
    readonly revision: number;
    readonly change: string;
    readonly metric?: Readonly<Record<string, unknown>>;
  };
}

export class Consumer {
  readonly #lastRevision = new Map<string, number>();
  /** Live metrics by id, as the last event told them. */
  readonly metrics = new Map<string, Readonly<Record<string, unknown>>>();

  deliver(detail: string): void {
    const { data } = JSON.parse(detail) as Detail;
    if (data.revision <= (this.#lastRevision.get(data.metricId) ?? 0)) return;
    this.#lastRevision.set(data.metricId, data.revision);
    if (data.change === 'DELETED') this.metrics.delete(data.metricId);
    else this.metrics.set(data.metricId, data.metric ?? {});
  }
}
