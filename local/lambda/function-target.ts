/** Delivers the batches of an event source mapping to its function and says what became of them. It decides no retry. */
import { readBatchResponse } from '../stream/batch-response.ts';
import type { BatchTarget, Delivery } from '../stream/batch-target.ts';
import { recordsPayload } from '../stream/batch-window.ts';
import type { SourceRecord } from '../stream/stream-source.ts';
import { describeFunctionError, type FunctionHost } from './function-host.ts';

/** `reportsItemFailures`: the mapping has the function response type ReportBatchItemFailures; otherwise the answer is ignored. */
export function functionTarget(host: FunctionHost, reportsItemFailures: boolean): BatchTarget {
  return {
    async deliver(records: readonly SourceRecord[]): Promise<Delivery> {
      const outcome = await host.invoke(recordsPayload(records));
      if (outcome.functionError !== undefined) {
        const message = describeFunctionError(outcome.payload);
        return { kind: 'failed', message, functionError: outcome.functionError };
      }
      return reportsItemFailures ? readBatchResponse(outcome.payload, records) : { kind: 'delivered' };
    },
  };
}
