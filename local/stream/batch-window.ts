/**
 * Decides when buffered records become a batch: at the batch size, at the payload limit, or when the batching window of the
 * oldest record has passed. Pure.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching
 */
import type { SourceRecord } from './stream-source.ts';

/** Size limit of a synchronous invocation; base64 and record metadata count. */
export const PAYLOAD_BYTES_MAX = 6 * 1024 * 1024;

const ENVELOPE_BYTES = Buffer.byteLength('{"Records":[]}');

export interface BatchLimits {
  readonly batchSize: number;
  readonly windowMs: number;
  readonly payloadBytesMax: number;
}

export interface Buffered<R extends SourceRecord> {
  readonly record: R;
  readonly bytes: number;
  readonly bufferedAtMs: number;
}

export type WindowDecision =
  /** Take this many records from the front now. */
  | { readonly kind: 'take'; readonly count: number }
  /** The first record alone is larger than a payload may be: it can never be delivered. */
  | { readonly kind: 'oversized' }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'empty' };

export function decideWindow(
  buffer: readonly Buffered<SourceRecord>[],
  limits: BatchLimits,
  nowMs: number,
  /** Nothing more will come (the shard is closed), so waiting for a window is pointless. */
  inputEnded: boolean,
): WindowDecision {
  const first = buffer[0];
  if (first === undefined) return { kind: 'empty' };
  let bytes = ENVELOPE_BYTES;
  let count = 0;
  for (const { bytes: recordBytes } of buffer) {
    const separator = count === 0 ? 0 : 1;
    if (bytes + separator + recordBytes > limits.payloadBytesMax) {
      return count === 0 ? { kind: 'oversized' } : { kind: 'take', count };
    }
    bytes += separator + recordBytes;
    count += 1;
    if (count === limits.batchSize) return { kind: 'take', count };
  }
  const waitedMs = nowMs - first.bufferedAtMs;
  if (inputEnded || waitedMs >= limits.windowMs) return { kind: 'take', count };
  return { kind: 'wait', ms: limits.windowMs - waitedMs };
}

/** The payload of an invocation, `{"Records":[…]}`. */
export function recordsPayload(records: readonly SourceRecord[]): string {
  return `{"Records":[${records.map((record) => record.json).join(',')}]}`;
}
