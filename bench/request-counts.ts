/** What the pipeline's functions asked of DynamoDB and SQS, added up from the gateway's counts; the operator's own requests are left out. */
import type { OperationCount } from '#local/gateway/accounting.ts';

export interface RequestSums {
  readonly requests: number;
  readonly writeRequestUnits: number;
  readonly readRequestUnits: number;
  /** TransactWriteItems that were written; each is one recompute, or a chunk of a large one. */
  readonly transactions: number;
  /** Transactions and writes whose condition failed: somebody else was faster. */
  readonly failedConditions: number;
  /** Messages sent to the projection queue. */
  readonly messages: number;
}

export const REPLICATOR = /^MetricRelay-.*Replicator/;
export const PROJECTOR = /^MetricRelay-.*Projector/;
export const FUNCTIONS = /^MetricRelay-/;

/** DynamoDB requests of the principals with such a name since they were counted as `before`. */
export function requestSums(
  counts: readonly OperationCount[],
  principals: RegExp,
  before: readonly OperationCount[] = [],
): RequestSums {
  const sum = (lines: readonly OperationCount[], service: string, operation: string | undefined, of: Figure): number =>
    lines
      .filter((line) => principals.test(line.principal) && line.service === service)
      .filter((line) => operation === undefined || line.operation === operation)
      .reduce((total, line) => total + line[of], 0);
  const since = (service: string, of: Figure, operation?: string): number =>
    Math.round(sum(counts, service, operation, of) - sum(before, service, operation, of));
  return {
    requests: since('dynamodb', 'requests'),
    writeRequestUnits: since('dynamodb', 'writeRequestUnits'),
    readRequestUnits: since('dynamodb', 'readRequestUnits'),
    transactions:
      since('dynamodb', 'requests', 'TransactWriteItems') - since('dynamodb', 'errors', 'TransactWriteItems'),
    failedConditions: since('dynamodb', 'failedConditions'),
    messages: since('sqs', 'requests', 'SendMessage'),
  };
}

type Figure = 'requests' | 'errors' | 'failedConditions' | 'writeRequestUnits' | 'readRequestUnits';
