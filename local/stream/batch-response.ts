/**
 * Reads what a function answered to a batch under `ReportBatchItemFailures`. Pure. An answer that cannot be understood is a
 * failure of the whole batch, never a success: that would lose records.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 */
import type { Delivery } from './batch-target.ts';
import type { SourceRecord } from './stream-source.ts';

/** `response` is the function's answer as JSON text. Success: empty or null answer, or an empty or null list. */
export function readBatchResponse(response: string, records: readonly SourceRecord[]): Delivery {
  if (response.trim() === '') return { kind: 'delivered' };
  let answer: unknown;
  try {
    answer = JSON.parse(response);
  } catch {
    return bad('the answer is not JSON');
  }
  if (answer === null || typeof answer !== 'object' || !('batchItemFailures' in answer)) return { kind: 'delivered' };
  const failures: unknown = answer.batchItemFailures;
  if (failures === null) return { kind: 'delivered' };
  if (!Array.isArray(failures)) return bad('batchItemFailures is not a list');
  const known = new Set(records.map((record) => record.identifier));
  const identifiers: string[] = [];
  for (const failure of failures) {
    const identifier: unknown =
      failure !== null && typeof failure === 'object' && 'itemIdentifier' in failure
        ? failure.itemIdentifier
        : undefined;
    if (typeof identifier !== 'string' || identifier === '') {
      return bad(`an itemIdentifier is ${JSON.stringify(identifier) ?? 'missing'}`);
    }
    if (!known.has(identifier)) return bad(`itemIdentifier ${identifier} is not in the batch`);
    identifiers.push(identifier);
  }
  if (identifiers.length === 0) return { kind: 'delivered' };
  return {
    kind: 'items-failed',
    identifiers,
    message: `the function reported ${identifiers.length} of ${records.length} records as failed`,
  };
}

function bad(reason: string): Delivery {
  return {
    kind: 'failed',
    message: `the batch response cannot be used, so the whole batch counts as failed: ${reason}`,
  };
}
