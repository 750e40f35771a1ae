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

export interface PrincipalRequests {
  readonly who: string;
  readonly request: string;
  /** For every 1,000 changes. */
  readonly requests: number;
  readonly writeRequestUnits: number;
  readonly readRequestUnits: number;
}

const PIPE = /^MetricRelay-.*MetricChangedRole/;
const ENRICHMENT = /^MetricRelay-.*Enrichment/;
const WHO = { replicator: REPLICATOR, projector: PROJECTOR, pipe: PIPE, enrichment: ENRICHMENT };
/** How often a poller asks depends on the time that passes, not on the changes. */
const POLLING = /^(GetRecords|GetShardIterator|DescribeStream|DescribeStreamSummary|ListShards|ReceiveMessage)$/;

/** What each part asked of AWS between two counts, per 1,000 changes; polling is left out. */
export function requestsPerThousand(
  before: readonly OperationCount[],
  after: readonly OperationCount[],
  changes: number,
): PrincipalRequests[] {
  const per = (value: number): number => Math.round((value * 1000) / Math.max(1, changes));
  return Object.entries(WHO).flatMap(([who, principals]) => {
    const operations = after.filter(
      ({ principal, operation }) => principals.test(principal) && !POLLING.test(operation),
    );
    return operations.flatMap((line) => {
      const earlier = before.find(
        ({ principal, service, operation }) =>
          principal === line.principal && service === line.service && operation === line.operation,
      );
      const since = (of: Figure): number => line[of] - (earlier?.[of] ?? 0);
      if (since('requests') === 0) return [];
      return {
        who,
        request: `${line.service} ${line.operation}`,
        requests: per(since('requests')),
        writeRequestUnits: per(since('writeRequestUnits')),
        readRequestUnits: per(since('readRequestUnits')),
      };
    });
  });
}
