/**
 * One execution of a pipe: enrichment, then PutEvents, both through the gateway as the pipe's role. It says what became of the
 * batch; the shared poller decides on retries and checkpoints. A batch is delivered only when the bus took every event of it.
 */
import type { EventBridgeClient, PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { RemoteOutcome } from '../lambda/lambda-invocation.ts';
import type { BatchTarget, Delivery } from '../stream/batch-target.ts';
import type { SourceRecord } from '../stream/stream-source.ts';
import { jsonArrayElements } from './json-elements.ts';

/** PutEvents takes at most this many entries, so a bus target takes no larger batch. */
export const BUS_BATCH_MAX = 10;

export interface PipeTargetSettings {
  /** Absent: records go to the bus as they are. */
  readonly enrich?: (payload: string) => Promise<RemoteOutcome>;
  readonly events: Pick<EventBridgeClient, 'send'>;
  readonly busArn: string;
  readonly source: string;
  readonly detailType: string;
  readonly resources: readonly string[];
}

export function pipeTarget(settings: PipeTargetSettings): BatchTarget {
  return {
    async deliver(records) {
      const enriched = await enrich(records, settings);
      if (!Array.isArray(enriched)) return enriched as Delivery;
      return enriched.length === 0 ? { kind: 'delivered' } : publish(enriched as readonly string[], records, settings);
    },
  };
}

/** The details of the events to publish, as JSON texts, or what became of the batch if it got no further. */
async function enrich(
  records: readonly SourceRecord[],
  settings: PipeTargetSettings,
): Promise<readonly string[] | Delivery> {
  if (settings.enrich === undefined) return records.map((record) => record.json);
  const outcome = await settings.enrich(`[${records.map((record) => record.json).join(',')}]`);
  if (outcome.kind === 'throttled') return { kind: 'throttled', message: `enrichment: ${outcome.message}` };
  if (outcome.kind === 'refused') return { kind: 'failed', message: `enrichment: ${outcome.message}` };
  if (outcome.kind === 'function-failed') {
    return { kind: 'failed', message: `enrichment failed: ${outcome.payload}`, functionError: 'Unhandled' };
  }
  return readEnrichment(outcome.payload);
}

/**
 * What an enrichment answered. `""`, `{}` and `[]` mean that the target is not invoked; a value that is no array is one event.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/pipes-enrichment.html
 */
export function readEnrichment(payload: string): readonly string[] | Delivery {
  const text = payload.trim();
  let elements: readonly string[] | undefined;
  try {
    if (text === '' || isNothing(JSON.parse(text))) return [];
    elements = jsonArrayElements(text) ?? [text];
  } catch (error) {
    return { kind: 'failed', message: `the enrichment's answer is not JSON: ${String(error)}` };
  }
  if (elements.length > BUS_BATCH_MAX) {
    const message = `the enrichment answered ${elements.length} elements; the target takes at most ${BUS_BATCH_MAX}, so it is not invoked`;
    return { kind: 'failed', message };
  }
  return elements;
}

/** `null` is what a function answers that returns nothing. */
function isNothing(value: unknown): boolean {
  return (
    value === '' ||
    value === null ||
    (typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0)
  );
}

async function publish(
  details: readonly string[],
  records: readonly SourceRecord[],
  settings: PipeTargetSettings,
): Promise<Delivery> {
  const entries: PutEventsRequestEntry[] = details.map((detail) => ({
    EventBusName: settings.busArn,
    Source: settings.source,
    DetailType: settings.detailType,
    Detail: detail,
    Resources: [...settings.resources],
  }));
  let failures: { readonly index: number; readonly code: string; readonly message: string }[];
  try {
    const answer = await settings.events.send(new PutEventsCommand({ Entries: entries }));
    failures = entries.flatMap((_, index) => {
      const entry = answer.Entries?.[index];
      if (entry?.EventId !== undefined) return [];
      return [{ index, code: entry?.ErrorCode ?? 'NoAnswer', message: entry?.ErrorMessage ?? '' }];
    });
  } catch (error) {
    return afterError(error);
  }
  const first = failures[0];
  if (first === undefined) return { kind: 'delivered' };
  const message = `the bus refused ${failures.length} of ${entries.length} events: ${first.code} ${first.message}`;
  // Only an enrichment that answers one element per record tells which records the refused events belong to.
  if (details.length !== records.length || failures.length === records.length) return { kind: 'failed', message };
  const identifiers = failures.map((failure) => records[failure.index]?.identifier ?? '');
  return { kind: 'items-failed', identifiers, message };
}

/** A service that is busy or away has not run the batch; a refusal is a failure, which counts as an attempt. */
function afterError(error: unknown): Delivery {
  const message = `PutEvents: ${error instanceof Error ? `${error.name} ${error.message}` : String(error)}`;
  const metadata =
    error instanceof Error && '$metadata' in error ? (error.$metadata as { httpStatusCode?: number }) : undefined;
  const status = metadata?.httpStatusCode;
  const throttled =
    status === undefined || status >= 500 || (error instanceof Error && error.name === 'ThrottlingException');
  return throttled ? { kind: 'throttled', message } : { kind: 'failed', message };
}
