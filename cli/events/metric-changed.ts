/**
 * What the CLI reads out of an EventBridge envelope to show or to count it. The envelope itself is passed on to `--json` readers as it
 * came, digit by digit; this view is never written anywhere.
 */
import * as z from 'zod';
import { parseExactJson } from '#core/change/exact-json.ts';

const view = z.object({
  'detail-type': z.string(),
  source: z.string(),
  detail: z.object({
    metadata: z.object({
      eventId: z.string(),
      occurredAt: z.string(),
      correlationId: z.string().optional(),
      replay: z.unknown().optional(),
    }),
    data: z.object({
      metricId: z.string(),
      name: z.string(),
      change: z.string(),
      /** Exact decimal text. */
      revision: z.string().regex(/^\d+$/),
      previousName: z.string().optional(),
      changedAttributes: z.array(z.string()).optional(),
    }),
  }),
});

export interface MetricChangedView {
  readonly eventId: string;
  /** Commit time, whole seconds on most servers. */
  readonly occurredAt: string;
  /** Source transaction: `(binlog file number << 32) | offset`, as decimal text. */
  readonly correlationId: string | undefined;
  readonly metricId: string;
  readonly name: string;
  readonly change: string;
  readonly revision: bigint;
  readonly previousName: string | undefined;
  readonly changedAttributes: readonly string[];
  /** Sent again: by a republish or a rebuild. */
  readonly replay: boolean;
}

/** The view, or undefined when the envelope is no MetricChanged (another team's event on the same bus). */
export function viewMetricChanged(envelope: string): MetricChangedView | undefined {
  let parsed: unknown;
  try {
    parsed = parseExactJson(envelope);
  } catch {
    return undefined;
  }
  const result = view.safeParse(parsed);
  if (!result.success || result.data['detail-type'] !== 'MetricChanged') return undefined;
  const { metadata, data } = result.data.detail;
  return {
    eventId: metadata.eventId,
    occurredAt: metadata.occurredAt,
    correlationId: metadata.correlationId,
    metricId: data.metricId,
    name: data.name,
    change: data.change,
    revision: BigInt(data.revision),
    previousName: data.previousName,
    changedAttributes: data.changedAttributes ?? [],
    replay: metadata.replay === true,
  };
}

/** The envelope on one line; line breaks can only be white space between JSON tokens. */
export const oneLine = (envelope: string): string => envelope.replace(/\r?\n\s*/g, '');
