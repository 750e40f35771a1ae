/** How the records of the world's streams and queue reach the handlers: the targets of the mapping, of the queue and of the pipe. */
import type { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { pipeTarget } from '#local/pipes/pipe-target.ts';
import { readBatchResponse } from '#local/stream/batch-response.ts';
import type { BatchTarget } from '#local/stream/batch-target.ts';
import { recordsPayload } from '#local/stream/batch-window.ts';
import type { SimulatedBus } from '../aws/bus.ts';
import type { Handler } from './functions.ts';
import type { SimulatedLambda } from './lambda.ts';

/** Time-outs of the template, milliseconds. */
export const REPLICATOR_TIMEOUT_MS = 120_000;
export const PROJECTOR_TIMEOUT_MS = 60_000;
const ENRICHMENT_TIMEOUT_MS = 60_000;

export function batchTarget(lambda: SimulatedLambda, name: string, handler: Handler, timeoutMs: number): BatchTarget {
  return {
    async deliver(records) {
      const outcome = await lambda.invoke(name, handler, JSON.parse(recordsPayload(records)), timeoutMs);
      if ('functionError' in outcome)
        return { kind: 'failed', message: outcome.message, functionError: outcome.functionError };
      return readBatchResponse(JSON.stringify(outcome.answer), records);
    },
  };
}

export function publishTarget(lambda: SimulatedLambda, handler: Handler, bus: SimulatedBus): BatchTarget {
  return pipeTarget({
    async enrich(payload) {
      const outcome = await lambda.invoke('enrichment', handler, JSON.parse(payload), ENRICHMENT_TIMEOUT_MS);
      if ('functionError' in outcome) return { kind: 'function-failed', payload: outcome.message };
      return { kind: 'answered', payload: JSON.stringify(outcome.answer) };
    },
    events: {
      send: (command: PutEventsCommand) => bus.putEvents(command.input.Entries ?? []),
    } as unknown as Pick<EventBridgeClient, 'send'>,
    busArn: 'arn:aws:events:us-east-1:000000000000:event-bus/relay',
    source: 'metric-relay',
    detailType: 'MetricChanged',
    resources: [],
  });
}
