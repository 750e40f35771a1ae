/**
 * Counts what went through the gateway, per principal and operation: requests, how they ended, bytes, DynamoDB request units
 * and Kinesis records. It reads bodies only where a figure needs them, because it runs on every request.
 */
import { capacityOf, type Outcome, READS } from './dynamodb-capacity.ts';

/** One line of `Gateway.counts()`. */
export interface OperationCount {
  readonly principal: string;
  readonly service: string;
  readonly operation: string;
  requests: number;
  /** Answers with a status of 400 or more, the failed conditions and throttles among them. */
  errors: number;
  failedConditions: number;
  requestBytes: number;
  responseBytes: number;
  /** DynamoDB: WRU and RRU by AWS's rules; `lowerBoundRequests` counts the requests that may have cost more. */
  writeRequestUnits: number;
  readRequestUnits: number;
  lowerBoundRequests: number;
  /** Kinesis PutRecord and PutRecords: records, and bytes of data and partition keys. */
  putRecords: number;
  putBytes: number;
}

/** What accounting needs to know of one exchange. */
export interface Exchange {
  readonly principal: string;
  readonly service: string;
  readonly operation: string;
  readonly input: unknown;
  readonly requestBytes: number;
  readonly status: number;
  readonly answer: Buffer;
}

export interface Ledger {
  record(exchange: Exchange): void;
  counts(): readonly OperationCount[];
}

export function ledger(): Ledger {
  const lines = new Map<string, OperationCount>();
  return {
    record(exchange) {
      const { principal, service, operation } = exchange;
      const key = `${principal}\n${service}\n${operation}`;
      const line = lines.get(key) ?? newLine(principal, service, operation);
      lines.set(key, line);
      line.requests++;
      line.requestBytes += exchange.requestBytes;
      line.responseBytes += exchange.answer.length;
      if (exchange.status >= 400) line.errors++;
      if (service === 'dynamodb') recordDynamoDb(line, exchange);
      else if (service === 'kinesis' && exchange.status < 400) recordKinesis(line, exchange);
    },
    counts: () => [...lines.values()].map((line) => ({ ...line })),
  };
}

function recordDynamoDb(line: OperationCount, exchange: Exchange): void {
  const outcome = outcomeOf(exchange);
  if (outcome === 'failed') line.failedConditions++;
  const answer = outcome === 'done' && READS.has(exchange.operation) ? parsed(exchange.answer) : undefined;
  const capacity = capacityOf(exchange.operation, exchange.input, answer, outcome);
  line.writeRequestUnits += capacity.writeUnits;
  line.readRequestUnits += capacity.readUnits;
  if (capacity.lowerBound) line.lowerBoundRequests++;
}

function outcomeOf(exchange: Exchange): Outcome {
  if (exchange.status < 400) return 'done';
  const start = exchange.answer.toString('utf8');
  return /"__type"\s*:\s*"[^"]*(ConditionalCheckFailedException|TransactionCanceledException)"/.test(start)
    ? 'failed'
    : 'refused';
}

function recordKinesis(line: OperationCount, exchange: Exchange): void {
  if (exchange.operation !== 'PutRecord' && exchange.operation !== 'PutRecords') return;
  const input = exchange.input as { Records?: readonly PutRecord[] } & PutRecord;
  for (const record of input.Records ?? [input]) {
    line.putRecords++;
    line.putBytes += Buffer.byteLength(record.Data ?? '', 'base64') + Buffer.byteLength(record.PartitionKey ?? '');
  }
}

interface PutRecord {
  readonly Data?: string;
  readonly PartitionKey?: string;
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function newLine(principal: string, service: string, operation: string): OperationCount {
  return {
    principal,
    service,
    operation,
    requests: 0,
    errors: 0,
    failedConditions: 0,
    requestBytes: 0,
    responseBytes: 0,
    writeRequestUnits: 0,
    readRequestUnits: 0,
    lowerBoundRequests: 0,
    putRecords: 0,
    putBytes: 0,
  };
}
