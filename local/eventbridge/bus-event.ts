/**
 * One event on a bus: checks an entry of PutEvents as AWS does and builds the EventBridge envelope around it. The text of the
 * detail goes into the envelope as it came, digit for digit, because subscribers read 64-bit numbers from it. Pure.
 */
import * as z from 'zod';

/** An entry as the API carries it (EventBridge API reference, PutEventsRequestEntry). Time is in epoch seconds. */
export const putEventsEntry = z.object({
  Time: z.number().optional(),
  Source: z.string().optional(),
  Resources: z.array(z.string()).optional(),
  DetailType: z.string().optional(),
  Detail: z.string().optional(),
  EventBusName: z.string().optional(),
});
export type PutEventsEntry = z.infer<typeof putEventsEntry>;

export interface BusEvent {
  readonly id: string;
  readonly timeMs: number;
  /** The envelope as JSON text; what targets get. */
  readonly text: string;
  /** The envelope parsed, for patterns. Its numbers may have lost digits; never send it on. */
  readonly value: unknown;
}

export interface EntryError {
  readonly ErrorCode: string;
  readonly ErrorMessage: string;
}

export interface EnvelopeContext {
  readonly id: string;
  readonly nowMs: number;
  readonly region: string;
  readonly accountId: string;
}

/** Entries of one request (EventBridge user guide, "PutEvents"). */
export const MOST_ENTRIES = 10;
/** Bytes of all entries of one request together, by `entrySize`. */
export const MOST_BYTES = 1_048_576;
const TIME_BYTES = 14;

/** AWS's formula: 14 bytes for a Time, and the UTF-8 bytes of Source, DetailType, Detail and each resource. */
export function entrySize(entry: PutEventsEntry): number {
  const texts = [entry.Source, entry.DetailType, entry.Detail, ...(entry.Resources ?? [])];
  return texts.reduce((size, text) => size + Buffer.byteLength(text ?? ''), entry.Time === undefined ? 0 : TIME_BYTES);
}

/** The event, or the error that AWS answers for this entry while it takes the others. */
export function eventOf(entry: PutEventsEntry, context: EnvelopeContext): BusEvent | EntryError {
  const { Source: source, DetailType: detailType, Detail: detail } = entry;
  if (!source) return missing('Source');
  if (!detailType) return missing('DetailType');
  if (!detail) return missing('Detail');
  if (source.startsWith('aws.'))
    return {
      ErrorCode: 'NotAuthorizedForSourceException',
      ErrorMessage: `Not authorized for the source: ${source}. Names that begin with aws. are kept for AWS.`,
    };
  if (detailType.length > 128)
    return invalid('DetailType', `it has ${detailType.length} characters; at most 128 are allowed`);
  const parsed = objectFrom(detail);
  if (parsed === undefined)
    return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed: it must be the text of a JSON object.' };
  const timeMs = entry.Time === undefined ? context.nowMs : Math.round(entry.Time * 1000);
  const head = {
    version: '0',
    id: context.id,
    'detail-type': detailType,
    source,
    account: context.accountId,
    time: new Date(timeMs).toISOString().replace(/\.\d{3}Z$/, 'Z'),
    region: context.region,
    resources: entry.Resources ?? [],
  };
  return {
    id: context.id,
    timeMs,
    text: `${JSON.stringify(head).slice(0, -1)},"detail":${detail.trim()}}`,
    value: { ...head, detail: parsed },
  };
}

/** An event that is already in its envelope: from an archive, the outbox, or another bus. */
export function eventFromText(text: string): BusEvent {
  const value = JSON.parse(text) as { id: string; time: string };
  return { id: value.id, timeMs: Date.parse(value.time), text, value };
}

function objectFrom(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function missing(parameter: string): EntryError {
  return invalid(parameter, `${parameter} is a required argument`);
}

function invalid(parameter: string, reason: string): EntryError {
  return { ErrorCode: 'InvalidArgument', ErrorMessage: `Parameter ${parameter} is not valid. Reason: ${reason}.` };
}
