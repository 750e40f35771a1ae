/**
 * Events as entries of PutEvents, and what PutEvents takes at once, by AWS's rules. Pure.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
 */
import { EVENT_DETAIL_TYPE, EVENT_SOURCE, type MetricChanged } from '#schemas/metric-changed.ts';

const REQUEST_ENTRIES_MAX = 10;
/** Below the 1 MiB of one request. */
const REQUEST_BYTES_MAX = 1_000_000;
/** Custom events are billed by chunks of this size. https://aws.amazon.com/eventbridge/pricing/ */
const BILLED_CHUNK_BYTES = 64 * 1024;
/** US dollars, us-east-1. */
const DOLLARS_PER_MILLION_CHUNKS = 1;

export interface OutgoingEvent {
  /** Name of the metric, by which a run is taken up again. */
  readonly name: string;
  readonly eventId: string;
  readonly detail: string;
  readonly bytes: number;
}

export function outgoingEvent(name: string, event: MetricChanged): OutgoingEvent {
  const detail = JSON.stringify(event);
  const bytes = Buffer.byteLength(detail) + EVENT_SOURCE.length + EVENT_DETAIL_TYPE.length;
  return { name, eventId: event.metadata.eventId, detail, bytes };
}

/** Splits events into requests, in order, each within the limits and `atMost` events. */
export function requestsOf(events: readonly OutgoingEvent[], atMost: number): readonly (readonly OutgoingEvent[])[] {
  const limit = Math.max(1, Math.min(REQUEST_ENTRIES_MAX, Math.floor(atMost)));
  const requests: OutgoingEvent[][] = [];
  let bytes = 0;
  for (const event of events) {
    const request = requests.at(-1);
    if (request && request.length < limit && bytes + event.bytes <= REQUEST_BYTES_MAX) {
      request.push(event);
      bytes += event.bytes;
    } else {
      requests.push([event]);
      bytes = event.bytes;
    }
  }
  return requests;
}

export const billedChunks = ({ bytes }: OutgoingEvent): number => Math.max(1, Math.ceil(bytes / BILLED_CHUNK_BYTES));

export const eventsListPriceDollars = (chunks: number): number => (chunks * DOLLARS_PER_MILLION_CHUNKS) / 1_000_000;
