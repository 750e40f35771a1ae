/**
 * The port between a poller and what it delivers to: a function, or a pipe's enrichment and target. The target says what became
 * of the batch; the poller alone decides what is retried, set aside or done.
 */
import type { SourceRecord } from './stream-source.ts';

export type Delivery =
  | { readonly kind: 'delivered' }
  /** Part of the batch failed; every identifier names a record of the batch. */
  | { readonly kind: 'items-failed'; readonly identifiers: readonly string[]; readonly message: string }
  | {
      readonly kind: 'failed';
      readonly message: string;
      /** `Unhandled` when the function itself failed; absent for a bad batch response. */
      readonly functionError?: string;
    }
  /** Not tried for want of concurrency or because the service did not answer: does not count as an attempt. */
  | { readonly kind: 'throttled'; readonly message: string };

export interface BatchTarget {
  /** Must answer, not throw, for every expected failure. A throw is taken as `throttled`: nothing is known to have run. */
  deliver(records: readonly SourceRecord[]): Promise<Delivery>;
}
